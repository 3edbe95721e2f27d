import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: {
      '@floe/graph/base': source('./packages/graph/src/base.ts'),
      '@floe/graph/proto': source('./packages/graph/src/proto/index.ts'),
      '@floe/graph/host': source('./packages/graph/src/host.ts'),
      '@floe/graph': source('./packages/graph/src/index.ts'),
    },
  },
  test: {
    include: ['packages/*/test/**/*.test.ts'],
    setupFiles: ['./vitest.setup.ts'],
    pool: 'forks',
    // Tests that call ONNX Runtime's own binding must not make it report to its makers either.
    env: { ORT_DISABLE_TELEMETRY: '1' },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
