/**
 * TLS between peers: both ends show a certificate of one authority, made for their node id.
 *
 * The name is checked besides the authority, so that a certificate which was made for anybody else
 * (a client, another node) opens no door. Addresses are not checked: nodes move.
 */
import type { Socket } from 'node:net';
import { connect, type PeerCertificate, TLSSocket, type TlsOptions } from 'node:tls';
import type { NodeId } from '../raft/entry.ts';
import type { Address } from './address.ts';

/** PEM. */
export interface PeerTls {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer;
}

export function connectWithTls(tls: PeerTls, address: Address, peer: NodeId): Socket {
  const socket = connect({
    ...tls,
    ...address,
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
    checkServerIdentity: (_, certificate) => {
      const fault = nameFault(certificate, peer);
      return fault === null ? undefined : new Error(fault);
    },
  });
  socket.setNoDelay(true);
  return socket;
}

/** What a listener is made with; strangers do not get past the handshake. */
export function serverOptionsOf(tls: PeerTls): TlsOptions {
  return {
    ...tls,
    noDelay: true,
    minVersion: 'TLSv1.3',
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: 5000,
  };
}

/** Why the other end's certificate does not make it this node, or null. */
export function certificateFault(socket: Socket, nodeId: NodeId): string | null {
  if (!(socket instanceof TLSSocket)) return null;
  return nameFault(socket.getPeerCertificate(), nodeId);
}

/** As certificateFault, for a certificate at hand. */
export function nameFault(certificate: PeerCertificate, nodeId: NodeId): string | null {
  const names = [
    ...[certificate.subject?.CN ?? []].flat(),
    ...(certificate.subjectaltname ?? '')
      .split(', ')
      .filter((name) => name.startsWith('DNS:'))
      .map((name) => name.slice('DNS:'.length)),
  ];
  if (names.includes(nodeId)) return null;
  return `its certificate is for ${names.join(', ') || 'nobody'}, not for the node id ${nodeId}`;
}

/** The library's own text is full of numbers, over several lines. */
export function describeTlsFault(error: Error): string {
  const code = 'code' in error ? String(error.code) : '';
  const plain = ['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_HTTP_REQUEST'].includes(code);
  if (plain || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') return 'TLS: it does not speak TLS';
  if (code === 'ECONNRESET') return 'TLS: it hung up: does it trust the certificate of this node?';
  const reason = 'reason' in error ? String(error.reason) : error.message;
  return `TLS: ${reason}`;
}
