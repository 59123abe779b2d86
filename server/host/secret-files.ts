/**
 * The files that flags name for TLS and for the password: read once at the start, and checked, so
 * that a wrong one is told of then and not at the first connection.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { NodeId } from '../raft/entry.ts';
import { FlagError } from './flag-error.ts';
import { nameFault, type PeerTls } from './peer-tls.ts';

/** PEM. */
export interface ClientTls {
  readonly cert: Buffer;
  readonly key: Buffer;
  /** Clients must show a certificate of this authority; null: anybody may connect. */
  readonly ca: Buffer | null;
}

/** As given on the command line. */
export interface TlsFiles {
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly ca: string | undefined;
}

/** Null when none was given. Throws FlagError. */
export function readPeerTls(files: TlsFiles, id: NodeId): PeerTls | null {
  const { cert, key, ca } = files;
  if (cert === undefined && key === undefined && ca === undefined) return null;
  if (cert === undefined || key === undefined || ca === undefined) {
    throw new FlagError('--tls-peer-cert, --tls-peer-key and --tls-peer-ca belong together');
  }
  const tls = {
    cert: read('tls-peer-cert', cert),
    key: read('tls-peer-key', key),
    ca: read('tls-peer-ca', ca),
  };
  checkPair('tls-peer', tls);
  const authorities = certificatesOf('tls-peer-ca', ca, tls.ca);
  const [own, ...chain] = certificatesOf('tls-peer-cert', cert, tls.cert);
  if (own !== undefined && ![...authorities, ...chain].some((issuer) => own.checkIssued(issuer))) {
    throw new FlagError(`--tls-peer-cert ${cert}: its authority is not in --tls-peer-ca ${ca}`);
  }
  const fault = nameFault(new X509Certificate(tls.cert).toLegacyObject(), id);
  if (fault !== null) throw new FlagError(`--tls-peer-cert ${cert}: ${fault}`);
  return tls;
}

/** Null when none was given. Throws FlagError. */
export function readClientTls(files: TlsFiles): ClientTls | null {
  const { cert, key, ca } = files;
  if (cert === undefined && key === undefined && ca === undefined) return null;
  if (cert === undefined && key === undefined) {
    throw new FlagError('--tls-client-ca needs --tls-client-cert and --tls-client-key, too');
  }
  if (cert === undefined || key === undefined) {
    throw new FlagError('--tls-client-cert and --tls-client-key belong together');
  }
  const pair = { cert: read('tls-client-cert', cert), key: read('tls-client-key', key) };
  if (ca === undefined) {
    checkPair('tls-client', pair);
    return { ...pair, ca: null };
  }
  const tls = { ...pair, ca: read('tls-client-ca', ca) };
  certificatesOf('tls-client-ca', ca, tls.ca);
  checkPair('tls-client', tls);
  return tls;
}

/** The first line of the file; null when none was given. Throws FlagError. */
export function readPassword(file: string | undefined): string | null {
  if (file === undefined) return null;
  const [line = ''] = read('password-file', file).toString('utf8').split(/\r?\n/);
  if (line === '') throw new FlagError(`--password-file ${file}: its first line is empty`);
  return line;
}

function read(flag: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new FlagError(`--${flag}: ${messageOf(error)}`);
  }
}

function checkPair(flags: string, options: SecureContextOptions): void {
  try {
    createSecureContext(options);
  } catch (error) {
    throw new FlagError(`the files of --${flags}-* cannot be used: ${messageOf(error)}`);
  }
}

/** At least one: with none, everybody would be refused without a word. */
function certificatesOf(flag: string, file: string, pem: Buffer): readonly X509Certificate[] {
  const texts = pem.toString('latin1').match(certificatePattern) ?? [];
  if (texts.length === 0) throw new FlagError(`--${flag} ${file}: there is no certificate in it`);
  try {
    return texts.map((text) => new X509Certificate(text));
  } catch (error) {
    throw new FlagError(`--${flag} ${file}: ${messageOf(error)}`);
  }
}

const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
