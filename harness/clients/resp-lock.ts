/**
 * The lock recipe over RESP: its gets and compare-and-sets as commands.
 */
import type { Invocation } from '../client.ts';
import { type LockRecipe, lockRecipes, type StoreAnswer, type StoreStep } from './lock-recipe.ts';
import type { RespReply } from './resp-connection.ts';
import { type RespOperations, type RespScript, type RespStep, unexpected } from './resp-script.ts';
import { encodeCompareAndSet } from './resp-values.ts';

export const lockOperations: RespOperations = Object.fromEntries(
  Object.entries(lockRecipes).map(([f, recipe]) => [f, (invocation) => run(invocation, recipe)]),
);

function* run(invocation: Invocation, recipe: (invocation: Invocation) => LockRecipe): RespScript {
  const steps = recipe(invocation);
  let turn = steps.next();
  while (turn.done !== true) {
    const reply = yield encodeStep(turn.value);
    const answer = parseAnswer(turn.value, reply);
    if (answer === null) return unexpected(invocation.f, reply);
    turn = steps.next(answer);
  }
  return turn.value;
}

function encodeStep(step: StoreStep): RespStep {
  return step.type === 'get'
    ? { kind: 'look', command: ['GET', step.key] }
    : { kind: 'change', command: encodeCompareAndSet(step) };
}

function parseAnswer(step: StoreStep, reply: RespReply): StoreAnswer | null {
  if (reply.type !== 'bulk') return null;
  if (step.type === 'get') return { type: 'got', value: reply.value };
  return { type: 'tried', swapped: reply.value === step.expected };
}
