/** The tests against NATS. They are separate because they need its server. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/nats/**/*.test.ts'],
    globalSetup: 'test/support/cluster.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
