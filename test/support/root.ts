/** Where the checkout is. */
import { fileURLToPath } from 'node:url';

/** The folder of the checkout, in which all programs run. */
export const root = fileURLToPath(new URL('../..', import.meta.url));
