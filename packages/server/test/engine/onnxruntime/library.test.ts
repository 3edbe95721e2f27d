import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { FloeError } from '@floe/graph';
import { expect, it } from 'vitest';
import { libraryFile } from '../../../src/engine/onnxruntime/library.ts';

const packageFolder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));

it.each([
  ['linux', 'x64'],
  ['linux', 'arm64'],
  ['darwin', 'arm64'],
])('knows a file of the package for %s %s', (platform, arch) => {
  expect(existsSync(join(packageFolder, libraryFile(platform, arch)))).toBe(true);
});

it.each([
  ['win32', 'x64'],
  ['darwin', 'x64'],
  ['linux', 'riscv64'],
])('says for %s %s what is supported instead', (platform, arch) => {
  const find = (): string => libraryFile(platform, arch);
  expect(find).toThrow(FloeError);
  expect(find).toThrow(/does not run on .*; supported are Linux x64 and arm64 with glibc, macOS arm64/);
});
