/** The PostgreSQL that tests run on: the installed one, or that of `make test-postgres`. */
import { findPlace, type Place } from '../../src/embedded/place.ts';

/** The folder of its npm package; undefined for the installed one. */
export const packageDir = process.env.POSTGRES_PACKAGE_DIR;

/** Its major version. */
export const postgresMajor = Number(process.env.POSTGRES_MAJOR ?? 18);

/** The place of the cluster that belongs to a folder, with the programs that it runs on. */
export function placeOf(dir: string): Promise<Place> {
  return findPlace(dir, packageDir);
}
