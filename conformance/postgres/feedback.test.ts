import { describe } from 'vitest';
import { feedbackContract } from '../../packages/server/test/feedback/contract.ts';
import { server } from './server.ts';

const { scratch } = server();

describe('feedback on PostgreSQL', () => feedbackContract(scratch));
