import { defineConfig } from 'vitest/config';
import common from '../../vitest.config.ts';

export default defineConfig({
  ...common,
  test: {
    ...common.test,
    include: ['conformance/training/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
