import { defineConfig } from 'vitest/config';
import common from '../../vitest.config.ts';

export default defineConfig({
  ...common,
  test: { ...common.test, include: ['conformance/s3/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000 },
});
