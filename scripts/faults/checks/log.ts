/**
 * What the service logged as an error, and how it ended where it should not have. A batch that failed for a reason of its own is split and run again, so
 * that its callers may be answered well: only the log tells of the bug.
 */
import type { Evidence, Violation } from './evidence.ts';

/** Errors that say that something around the service failed. */
const EXPECTED = ['DatabaseUnavailable', 'OutcomeUnknown'];
const LEVEL_ERROR = 50;
const TEXT_MAX_CHARS = 400;

export function checkLog({ log, accidents }: Evidence): Violation[] {
  const errors = log.filter((line) => {
    const { level = 0, err } = parse(line);
    return level >= LEVEL_ERROR && err !== undefined && !EXPECTED.includes(err.type);
  });
  return [...accidents, ...errors].map((line) => ({
    kind: 'internal error',
    text: line.slice(0, TEXT_MAX_CHARS),
  }));
}

/** Who is killed does not finish its last line. */
function parse(line: string): { readonly level?: number; readonly err?: { readonly type: string } } {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}
