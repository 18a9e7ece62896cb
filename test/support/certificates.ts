/** Certificates for tests: an authority, and what it signs. No program needs to be installed. */
import forge from 'node-forge';

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** The authority's own certificate, for its users to trust. */
  readonly cert: string;
  /** Signs a new certificate for a name, of a server or a client. It is valid for 127.0.0.1 too. */
  sign(name: string): Pair;
}

const DAY_MS = 24 * 60 * 60_000;
let serialNumber = 1;

/** Creates an authority. */
export function createAuthority(name: string): Authority {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const subject = [{ name: 'commonName', value: name }];
  const own = certificate(keys.publicKey, subject, subject);
  own.setExtensions([{ name: 'basicConstraints', cA: true, critical: true }]);
  own.sign(keys.privateKey, forge.md.sha256.create());
  return {
    cert: forge.pki.certificateToPem(own),
    sign(of) {
      const { publicKey, privateKey } = forge.pki.rsa.generateKeyPair(2048);
      const signed = certificate(publicKey, [{ name: 'commonName', value: of }], subject);
      const altNames = [
        { type: 2, value: 'localhost' },
        { type: 7, ip: '127.0.0.1' },
      ];
      signed.setExtensions([{ name: 'subjectAltName', altNames }]);
      signed.sign(keys.privateKey, forge.md.sha256.create());
      return { cert: forge.pki.certificateToPem(signed), key: forge.pki.privateKeyToPem(privateKey) };
    },
  };
}

type Name = { name: string; value: string }[];

function certificate(publicKey: forge.pki.PublicKey, subject: Name, issuer: Name): forge.pki.Certificate {
  const made = forge.pki.createCertificate();
  made.publicKey = publicKey;
  made.serialNumber = (serialNumber++).toString(16).padStart(2, '0');
  made.validity.notBefore = new Date(Date.now() - DAY_MS);
  made.validity.notAfter = new Date(Date.now() + DAY_MS);
  made.setSubject(subject);
  made.setIssuer(issuer);
  return made;
}
