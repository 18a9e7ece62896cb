import { join } from 'node:path';
import { defineConfig } from 'vite';

/** Builds the console into static files, which the service serves from `build/console`. */
export default defineConfig({
  root: import.meta.dirname,
  // Addresses are relative, so that the page works behind a path prefix.
  base: './',
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: join(import.meta.dirname, '../build/console'),
    emptyOutDir: true,
    // The policy of the page allows no script and no style inside of it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
