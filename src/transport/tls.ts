/**
 * The certificate of both servers, and the authority that their clients' certificates must come from. The
 * files are read again at an interval, so that a renewed certificate is used without a restart.
 */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import tls from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { wallClockMs } from '../timing/clock.ts';

/** A client that does not finish its handshake in this time is disconnected. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * Forward secrecy only: a key that leaks later opens no recorded connection. TLS 1.3 has nothing else; of TLS
 * 1.2 only key agreement by ECDHE with authenticated encryption, as HTTP/2 demands.
 */
const CIPHERS = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ...['ECDHE-ECDSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-CHACHA20-POLY1305', 'ECDHE-RSA-CHACHA20-POLY1305'],
  ...['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES128-GCM-SHA256'],
].join(':');

const DAY_MS = 24 * 60 * 60_000;

/** A warning is logged when a certificate has this long to live, and when it has ended. */
const CERTIFICATE_WARNINGS_MS = [30 * DAY_MS, 7 * DAY_MS, 0];

/** The paths of the files, all PEM. With `clientCa`, clients need a certificate that it has signed. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  readonly clientCa?: string | undefined;
}

/** The contents of the files, in the form that Node.js takes. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca?: Buffer;
  /** The earliest end of the certificates in `cert`, in milliseconds since the epoch. */
  readonly endMs: number;
}

export interface CertificateOptions {
  readonly handshakeMs?: number;
  /** The clock of the certificates' ends, in milliseconds since the epoch. */
  readonly wallClock?: () => number;
}

type Listener = (renewed: Certificate) => void;

export class Certificates {
  readonly #files: TlsFiles;
  readonly #log: Logger;
  readonly #listeners: Listener[] = [];
  readonly #wallClock: () => number;
  /** How many of the warnings were logged for the current certificate. */
  #warnings = 0;
  /** How long the handshake of a connection may take, in milliseconds. */
  readonly handshakeMs: number;
  #current: Certificate;

  private constructor(files: TlsFiles, current: Certificate, log: Logger, options: CertificateOptions) {
    this.handshakeMs = options.handshakeMs ?? HANDSHAKE_TIMEOUT_MS;
    this.#files = files;
    this.#current = current;
    this.#log = log;
    this.#wallClock = options.wallClock ?? wallClockMs;
    this.#checkEnd();
  }

  /** Reads the files. Throws when one cannot be read or they do not belong together, saying which. */
  static async open(files: TlsFiles, log: Logger, options: CertificateOptions = {}): Promise<Certificates> {
    // For every connection of this process, so that no option from the environment lowers them.
    tls.DEFAULT_MIN_VERSION = 'TLSv1.2';
    tls.DEFAULT_CIPHERS = CIPHERS;
    return new Certificates(files, await read(files), log, options);
  }

  get current(): Certificate {
    return this.#current;
  }

  /** When the certificate in use ends, in milliseconds since the epoch. */
  get endMs(): number {
    return this.#current.endMs;
  }

  /** The listener is called with every renewed certificate. */
  onRenewal(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /**
   * Reads the files again. Files that are incomplete, as while they are being replaced, change nothing. Then
   * warns if the certificate in use ends soon.
   */
  async renew(): Promise<undefined> {
    try {
      const found = await read(this.#files);
      if (!isDeepStrictEqual(found, this.#current)) this.#use(found);
    } catch (error) {
      this.#log.warn({ err: error }, 'the TLS files are not usable: the previous certificate stays');
    }
    this.#checkEnd();
  }

  #use(renewed: Certificate): void {
    this.#current = renewed;
    this.#warnings = 0;
    for (const listener of this.#listeners) listener(renewed);
    this.#log.info('the TLS certificate was renewed');
  }

  /** Logs each warning once. */
  #checkEnd(): void {
    const { endMs } = this.#current;
    const leftMs = endMs - this.#wallClock();
    const due = CERTIFICATE_WARNINGS_MS.filter((warningMs) => leftMs <= warningMs).length;
    if (due <= this.#warnings) return;
    this.#warnings = due;
    const end = { end: new Date(endMs).toISOString() };
    if (leftMs <= 0) this.#log.error(end, 'the TLS certificate has ended: clients reject it');
    else this.#log.warn({ ...end, days: Math.floor(leftMs / DAY_MS) }, 'the TLS certificate ends soon');
  }
}

/** The certificates of a file; OpenSSL knows them by three names. It may hold a key and parameters too. */
const certificate = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]*-----END \1-----/g;

/** The earliest end of a chain's certificates, in milliseconds since the epoch. */
function endOf(chain: Buffer): number {
  const certificates = chain.toString('latin1').match(certificate) ?? [];
  return Math.min(...certificates.map((pem) => Date.parse(new X509Certificate(pem).validTo)));
}

async function read({ cert, key, clientCa }: TlsFiles): Promise<Certificate> {
  const found = {
    cert: await readOne('TLS_CERT_FILE', cert),
    key: await readOne('TLS_KEY_FILE', key),
    ...(clientCa === undefined ? {} : { ca: await readOne('TLS_CLIENT_CA_FILE', clientCa) }),
  };
  if (found.ca !== undefined) checkAuthorities(found.ca.toString('latin1'));
  try {
    tls.createSecureContext(found);
    return { ...found, endMs: endOf(found.cert) };
  } catch (error) {
    const why = (error as Error).message;
    throw new Error(`TLS_CERT_FILE and TLS_KEY_FILE are not a certificate and its key: ${why}`);
  }
}

const block = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g;

/** Checks the authorities: Node.js skips bytes that are no certificate, and then accepts no client. */
function checkAuthorities(pem: string): void {
  const whole = pem.match(block) ?? [];
  const edges = pem.match(/-----(BEGIN|END) /g) ?? [];
  try {
    for (const authority of whole) new X509Certificate(authority);
  } catch (error) {
    throw new Error(`TLS_CLIENT_CA_FILE holds what is no certificate: ${(error as Error).message}`);
  }
  if (whole.length === 0 || edges.length !== 2 * whole.length) {
    throw new Error('TLS_CLIENT_CA_FILE holds no certificate, or one that is cut off');
  }
}

async function readOne(variable: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new Error(`${variable} cannot be read: ${(error as Error).message}`);
  }
}
