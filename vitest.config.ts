import { defineConfig } from 'vitest/config';

/** Every test runs against real PostgreSQL: one cluster for the run, a database of its own for each file. */
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'scripts/**/*.test.ts'],
    exclude: ['test/browser/**'],
    globalSetup: 'test/support/cluster.ts',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters: ['default', ['json', { outputFile: 'build/test-results.json' }]],
  },
});
