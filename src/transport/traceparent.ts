/** The trace context of a request (W3C Trace Context, version 00), under the same name in both transports. */

/** The header, or metadata. */
export const TRACEPARENT = 'traceparent';

const form = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The traceparent as it was sent; undefined where it is not valid, as the standard has it. */
export function validTraceparent(sent: string | undefined): string | undefined {
  return sent !== undefined && form.test(sent) ? sent : undefined;
}
