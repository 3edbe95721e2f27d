import { afterAll, beforeAll, describe } from 'vitest';
import { openObjectStore } from '../../packages/server/src/store/objects/open.ts';
import { trainingContract } from '../../packages/server/test/train/contract.ts';
import { server } from '../postgres/server.ts';
import { CREDENTIALS, S3Process } from '../s3/s3-process.ts';

const postgres = server();
let s3: S3Process;
beforeAll(async () => {
  Object.assign(process.env, CREDENTIALS);
  s3 = await S3Process.start();
});
afterAll(() => s3.remove());

describe('trainings on PostgreSQL and S3', () => {
  trainingContract(
    () => postgres.scratch(),
    () => openObjectStore(s3.bucket('training')),
  );
});
