/** Loaded into a service under the fuzz run: asked by a signal, it collects its garbage and tells what it still holds. */
process.on('SIGUSR2', () => {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  process.stdout.write(`${JSON.stringify({ heldBytes: heapUsed + external })}\n`);
});
