/** The service's own modules as they were built, so that what is measured beside it runs the same code. */

/** Imports a module of `dist/` under the types of its source. */
export async function built<Module>(path: string): Promise<Module> {
  return (await import(new URL(`../../dist/${path}`, import.meta.url).href)) as Module;
}
