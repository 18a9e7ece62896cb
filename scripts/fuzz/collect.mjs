/** Loaded into the service under the fuzz run: collects its garbage when it is asked to. */
process.on('SIGUSR2', () => globalThis.gc());
