/**
 * The certificate of both servers, and the authority that their clients' certificates must come from. The
 * files are read again at an interval, so that a renewed certificate is used without a restart.
 */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import tls from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';

/** A client that does not finish its handshake in this time is disconnected. */
export const HANDSHAKE_TIMEOUT_MS = 10_000;

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
}

type Listener = (renewed: Certificate) => void;

export class Certificates {
  readonly #files: TlsFiles;
  readonly #log: Logger;
  readonly #listeners: Listener[] = [];
  /** How long the handshake of a connection may take, in milliseconds. */
  readonly handshakeMs: number;
  #current: Certificate;

  private constructor(files: TlsFiles, current: Certificate, log: Logger, handshakeMs: number) {
    this.handshakeMs = handshakeMs;
    this.#files = files;
    this.#current = current;
    this.#log = log;
  }

  /** Reads the files. Throws when one cannot be read or they do not belong together, saying which. */
  static async open(files: TlsFiles, log: Logger, handshakeMs = HANDSHAKE_TIMEOUT_MS): Promise<Certificates> {
    // The default of Node.js, set explicitly so that no option from the environment lowers it.
    tls.DEFAULT_MIN_VERSION = 'TLSv1.2';
    return new Certificates(files, await read(files), log, handshakeMs);
  }

  get current(): Certificate {
    return this.#current;
  }

  /** The listener is called with every renewed certificate. */
  onRenewal(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Reads the files again. Files that are incomplete, as while they are being replaced, change nothing. */
  async renew(): Promise<undefined> {
    try {
      const found = await read(this.#files);
      if (isDeepStrictEqual(found, this.#current)) return;
      this.#current = found;
      for (const listener of this.#listeners) listener(found);
      this.#log.info('the TLS certificate was renewed');
    } catch (error) {
      this.#log.warn({ err: error }, 'the TLS files are not usable: the previous certificate stays');
    }
  }
}

async function read({ cert, key, clientCa }: TlsFiles): Promise<Certificate> {
  const found: Certificate = {
    cert: await readOne('TLS_CERT_FILE', cert),
    key: await readOne('TLS_KEY_FILE', key),
    ...(clientCa === undefined ? {} : { ca: await readOne('TLS_CLIENT_CA_FILE', clientCa) }),
  };
  if (found.ca !== undefined) checkAuthorities(found.ca.toString('latin1'));
  try {
    tls.createSecureContext(found);
  } catch (error) {
    const why = (error as Error).message;
    throw new Error(`TLS_CERT_FILE and TLS_KEY_FILE are not a certificate and its key: ${why}`);
  }
  return found;
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
