/**
 * The errors that a client can get: one table that says what each means, and whether the command
 * definitely did not happen.
 *
 * Nobody matches on the text behind the code. A lost connection is not in the table: whoever loses
 * one after sending a command can not know whether it happened.
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
