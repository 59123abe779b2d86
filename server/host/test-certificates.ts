/**
 * Certificates for tests: an authority, and what it signs. Nothing but tests may use it.
 */
import { generate } from 'selfsigned';

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  readonly ca: string;
  sign(name: string): Promise<Certificate>;
}

const fast = { keyType: 'ec', algorithm: 'sha256' } as const;

export async function createAuthority(name: string): Promise<Authority> {
  const own = await generate([{ name: 'commonName', value: name }], {
    ...fast,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  return {
    ca: own.cert,
    sign: async (subject) => {
      const signed = await generate([{ name: 'commonName', value: subject }], {
        ...fast,
        ca: { key: own.private, cert: own.cert },
        extensions: [
          { name: 'basicConstraints', cA: false },
          { name: 'keyUsage', digitalSignature: true },
          { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
          {
            name: 'subjectAltName',
            altNames: [
              { type: 2, value: subject },
              { type: 7, ip: '127.0.0.1' },
            ],
          },
        ],
      });
      return { cert: signed.cert, key: signed.private };
    },
  };
}
