import { describe } from 'vitest';
import { scratchEmbedded } from '../sql/scratch.ts';
import { feedbackContract } from './contract.ts';

describe('feedback on the embedded database', () => feedbackContract(scratchEmbedded));
