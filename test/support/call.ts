/** The call of a test that does not care who calls: without a deadline, credentials or a key. */
import { ANONYMOUS, type Call } from '../../src/domain/call.ts';

export const anyCall: Call = {
  deadlineMs: Number.POSITIVE_INFINITY,
  credentialsEndMs: Number.POSITIVE_INFINITY,
  caller: ANONYMOUS,
  client: '127.0.0.1',
};
