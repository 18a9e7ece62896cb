import { defineConfig } from 'vitest/config';

/** The browser tests. They are separate because they need Chromium and the built service. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    globalSetup: 'test/browser/service.ts',
    expect: { poll: { timeout: 15_000 } },
    // The machine may be busy with other work, and a browser with its own.
    retry: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default', ['json', { outputFile: 'build/browser/test-results.json' }]],
  },
});
