/** What a machine can train on: its GPUs one by one, else its CPU as one. Seen with `nvidia-smi`; on a machine with GPUs this is not tested. */
import { execFile } from 'node:child_process';
import { hostname } from 'node:os';
import { promisify } from 'node:util';

export interface TrainingDevice {
  /** Differs between machines. */
  readonly id: string;
  /** What keeps a program to it. */
  readonly environment: Readonly<Record<string, string>>;
}

const LOOK_MS = 10_000;

export async function trainingDevices(): Promise<readonly TrainingDevice[]> {
  const query = ['--query-gpu=uuid', '--format=csv,noheader'];
  const found = await promisify(execFile)('nvidia-smi', query, { timeout: LOOK_MS }).catch(() => ({ stdout: '' }));
  const gpus = found.stdout.split('\n').map((line) => line.trim());
  const devices = gpus
    .filter((uuid) => uuid !== '')
    .map((uuid) => ({ id: uuid, environment: { CUDA_VISIBLE_DEVICES: uuid } }));
  return devices.length > 0 ? devices : [{ id: `${hostname()}/cpu`, environment: { CUDA_VISIBLE_DEVICES: '' } }];
}
