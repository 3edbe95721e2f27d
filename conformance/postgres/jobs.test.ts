import { describe } from 'vitest';
import { jobContract } from '../../packages/server/test/jobs/contract.ts';
import { server } from './server.ts';

const { scratch } = server();

describe('jobs on PostgreSQL', () => jobContract(scratch));
