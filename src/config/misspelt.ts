/**
 * Finds variables whose name is nearly one of ours: a misspelt name would silently leave a default in force.
 */

/** Up to this many characters may be wrong, missing or too many; two that are swapped count as two. */
const EDITS_MAX = 2;

/** In shorter names two edits make another word: PATH is not AUTH. */
const LENGTH_MIN = 7;

/**
 * A line for each variable that is set under a name that is not ours, but close to one of ours that is not
 * set.
 *
 * @param set the names of the variables in the environment.
 * @param known the names of our variables.
 */
export function misspeltVariables(set: readonly string[], known: readonly string[]): string[] {
  const missing = known.filter((name) => !set.includes(name));
  return set
    .filter((name) => !known.includes(name))
    .flatMap((name) => {
      const meant = missing.find((each) => isNearly(name.toUpperCase(), each));
      return meant === undefined ? [] : [`${name} is not a variable of loms: is ${meant} meant?`];
    });
}

/** Whether a name is one of ours with few edits, or without its last word, which often is a unit. */
function isNearly(name: string, known: string): boolean {
  if (name.length < LENGTH_MIN) return false;
  return name === known.replace(/_[A-Z]+$/, '') || edits(name, known) <= EDITS_MAX;
}

/** The number of characters to insert, remove or replace that make one text of the other (Levenshtein). */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
