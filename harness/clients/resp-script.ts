/**
 * An operation as a script: which commands it sends, one after the other, and what their answers
 * make of it.
 *
 * A script knows no connection, no deadline and no error: the transport that runs it
 * (resp-client.ts, session-client.ts) has them all in one place, and goes by the kinds of steps.
 */
import type { Completion, Invocation } from '../client.ts';
import type { RespReply } from './resp-connection.ts';

/**
 * What follows when a step is not answered:
 * - `look`: a read on the way to a change that has not happened yet. The operation did not happen.
 * - `read`: the read that the operation is. Nobody knows what it would have answered.
 * - `change`: it may have happened. Nobody knows.
 */
export type StepKind = 'look' | 'read' | 'change';

export interface RespStep {
  readonly kind: StepKind;
  readonly command: readonly string[];
}

/**
 * Is given the answer to each step, never an error. At most one of its steps may take effect, and
 * nothing comes behind that one: a refusal on the way means that the operation did not happen.
 */
export type RespScript = Generator<RespStep, Completion, RespReply>;

export type RespOperation = (invocation: Invocation) => RespScript;

/** The operations on one kind of object, by their `f`. */
export type RespOperations = Readonly<Record<string, RespOperation>>;

/** It happened, and there is no more to say than that. */
export function done(invocation: Invocation): Completion {
  return { type: 'ok', value: invocation.value };
}

/** It changed something, and this was the answer. */
export function doneWith(invocation: Invocation, result: unknown): Completion {
  return { type: 'ok', value: invocation.value, result };
}

/** It read this. */
export function hasRead(value: unknown): Completion {
  return { type: 'ok', value };
}

/** It definitely did not happen. */
export function failed(code: string, message?: string): Completion {
  return { type: 'fail', value: null, error: message === undefined ? { code } : { code, message } };
}

/** Nobody knows whether it happened. */
export function unknown(code: string, message?: string): Completion {
  return { type: 'info', value: null, error: message === undefined ? { code } : { code, message } };
}

/** An answer that is not one to what was asked: the client and the system disagree. */
export function unexpected(f: string, reply: unknown): Completion {
  return unknown('unexpected-reply', `${f} was answered by ${JSON.stringify(reply).slice(0, 200)}`);
}

/** An operation of one step; `decode` gives null for an answer of the wrong type. */
export function single(
  kind: StepKind,
  encode: (key: string, value: unknown) => readonly string[],
  decode: (reply: RespReply, invocation: Invocation) => Completion | null,
): RespOperation {
  return function* (invocation) {
    const reply = yield { kind, command: encode(invocation.key ?? '', invocation.value) };
    return decode(reply, invocation) ?? unexpected(invocation.f, reply);
  };
}
