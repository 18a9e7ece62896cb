/**
 * Errors in the log, and unexpected exits. A batch that fails by a bug is split and run again, so its callers
 * may get good answers: only the log shows the bug.
 */
import type { Evidence, Violation } from './evidence.ts';

/** Errors of what the service depends on. */
const EXPECTED = ['DatabaseUnavailable', 'OutcomeUnknown'];
const LEVEL_ERROR = 50;
const TEXT_MAX_CHARS = 400;

export function checkLog({ log, unexpectedExits }: Evidence): Violation[] {
  const errors = log.filter((line) => {
    const { level = 0, err } = parse(line);
    return level >= LEVEL_ERROR && err !== undefined && !EXPECTED.includes(err.type);
  });
  return [...unexpectedExits, ...errors].map((line) => ({
    kind: 'internal error',
    text: line.slice(0, TEXT_MAX_CHARS),
  }));
}

/** The last line of a killed process may be incomplete. */
function parse(line: string): { readonly level?: number; readonly err?: { readonly type: string } } {
  try {
    return JSON.parse(line);
  } catch {
    return {};
  }
}
