import { describe } from 'vitest';
import { sqlContract } from '../../packages/server/test/sql/contract.ts';
import { server } from './server.ts';

const { scratch } = server();

describe('SQL on PostgreSQL', () => sqlContract(scratch));
