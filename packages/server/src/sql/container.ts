/** Whether this process runs in a container, whose file system ends with it. */
import { existsSync } from 'node:fs';
import { env } from 'node:process';

const MARKS = ['/.dockerenv', '/run/.containerenv'];

export function isInContainer(): boolean {
  return env['KUBERNETES_SERVICE_HOST'] !== undefined || MARKS.some((path) => existsSync(path));
}
