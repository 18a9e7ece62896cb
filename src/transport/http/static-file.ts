/** Files of pages for browsers, each served from memory: no path of a request leads to the file system. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Context } from 'hono';

export type FileContent = string | Uint8Array<ArrayBuffer>;

export interface FileOptions {
  readonly contentType: string;
  /** What the page may load, run and connect to. */
  readonly contentSecurityPolicy: string;
  /** Whether its name changes with its content: browsers then keep it, else they revalidate it each time. */
  readonly isImmutable?: boolean;
  /** Whether it is sent compressed to those that accept it. */
  readonly isCompressed?: boolean;
}

/** A page may load from this server, and connect to it, and nothing else. */
export function pagePolicy({ scripts = '' } = {}): string {
  return [
    "default-src 'none'",
    `script-src 'self'${scripts && ` ${scripts}`}`,
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Returns a handler that serves a file. */
export function staticFile(content: FileContent, options: FileOptions): (c: Context) => Response {
  const { contentType, contentSecurityPolicy, isImmutable, isCompressed } = options;
  const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 16)}"`;
  const headers = {
    etag,
    'cache-control': isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    ...(isCompressed && { vary: 'accept-encoding' }),
  };
  const compressed = isCompressed ? new Uint8Array(gzipSync(content, { level: 9 })) : undefined;
  const plainHeaders = { ...headers, 'content-type': contentType };
  const compressedHeaders = { ...plainHeaders, 'content-encoding': 'gzip' };
  return (c) => {
    if (c.req.header('if-none-match') === etag) return new Response(null, { status: 304, headers });
    const isGzip = compressed && /\bgzip\b/.test(c.req.header('accept-encoding') ?? '');
    if (isGzip) return new Response(compressed, { headers: compressedHeaders });
    return new Response(content, { headers: plainHeaders });
  };
}
