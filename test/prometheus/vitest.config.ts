/** The tests by Prometheus's own tool. They are separate because they need it. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/prometheus/**/*.test.ts'],
    globalSetup: 'test/support/cluster.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
