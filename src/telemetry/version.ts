/** The version of loms, from package.json alone, and whether the Node.js that runs it still gets fixes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version in package.json, in the folder of `src` and `dist` alike. */
export const version: string = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
).version;

/** The oldest line of Node.js that gets security fixes; 20 got its last in April 2026. */
const NODE_SUPPORTED_MIN = 22;

/** @param nodeVersion such as `20.19.0`. */
export function isNodeSupported(nodeVersion: string): boolean {
  return Number.parseInt(nodeVersion, 10) >= NODE_SUPPORTED_MIN;
}
