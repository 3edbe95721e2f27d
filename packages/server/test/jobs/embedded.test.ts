import { describe } from 'vitest';
import { scratchEmbedded } from '../sql/scratch.ts';
import { jobContract } from './contract.ts';

describe('jobs on the embedded database', () => jobContract(scratchEmbedded));
