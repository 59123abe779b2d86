/**
 * Every error that a client can get, and what it may conclude: `definite` decides whether an
 * operation may be tried elsewhere (and is `fail` in a history) or is of unknown outcome (`info`).
 *
 * Nobody matches on the text of an error; the code is its name on the wire.
 */

interface ErrorMeaning {
  readonly meaning: string;
  /** True: the command did not happen and never will. False: it may have, or may yet. */
  readonly definite: boolean;
}

export type ErrorCode =
  | 'MOVED'
  | 'NOLEADER'
  | 'OVERLOADED'
  | 'ERR'
  | 'WRONGTYPE'
  | 'NOPROTO'
  | 'NOAUTH'
  | 'WRONGPASS'
  | 'NOSESSION'
  | 'STALESEQ'
  | 'BUSY'
  | 'MISMATCH'
  | 'LAGGING'
  | 'UNCERTAIN';

export const errorTable: Readonly<Record<ErrorCode, ErrorMeaning>> = {
  MOVED: {
    meaning: 'another node leads; the text names the address where clients reach it',
    definite: true,
  },
  NOLEADER: {
    meaning: 'this node does not lead and knows nobody who does; try later or elsewhere',
    definite: true,
  },
  OVERLOADED: {
    meaning: 'a queue of this node is full and the command was turned away; try later',
    definite: true,
  },
  ERR: { meaning: 'the command is malformed, unknown or not supported', definite: true },
  WRONGTYPE: { meaning: 'the key holds a value of another type', definite: true },
  NOPROTO: { meaning: 'HELLO asked for a protocol that is not spoken here', definite: true },
  NOAUTH: { meaning: 'the connection has not given the password', definite: true },
  WRONGPASS: { meaning: 'the password is not the one of this node', definite: true },
  NOSESSION: {
    meaning:
      'the session is closed, expired or never was; this attempt did nothing, ' +
      'an earlier one of the same number may have',
    definite: false,
  },
  STALESEQ: {
    meaning:
      'the client had acknowledged the answer of this sequence number; this attempt did nothing, ' +
      'an earlier one may have',
    definite: false,
  },
  BUSY: {
    meaning: 'a change of members, a transfer or a snapshot is under way, or leadership is too new',
    definite: true,
  },
  MISMATCH: { meaning: 'the configuration is not the one that was expected', definite: true },
  LAGGING: { meaning: 'the learner does not have the log yet', definite: true },
  UNCERTAIN: {
    meaning: 'the command was proposed, and this node lost sight of its fate',
    definite: false,
  },
};

/** An answer that is an error. */
export interface ErrorReply {
  readonly type: 'error';
  readonly code: ErrorCode;
  readonly text: string;
}

export function createErrorReply(code: ErrorCode, text: string): ErrorReply {
  return { type: 'error', code, text };
}
