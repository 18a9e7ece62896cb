/** What the bench's own programs share: the built modules of the service, and how they report. */

/** Imports a module of `dist/`, typed as its source: programs run the same code as the service. */
export async function built<Module>(path: string): Promise<Module> {
  return (await import(new URL(`../../dist/${path}`, import.meta.url).href)) as Module;
}

/** Printed by a program when all is prepared and its load begins. Its result follows as JSON. */
export const BEGIN = 'begin\n';
