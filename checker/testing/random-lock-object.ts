/**
 * Small objects that really run, for random histories: what their clients ask, what they answer,
 * and how such an answer can be spoiled.
 */
import type { RandomSource } from './random-history.ts';
import type { LockDraft, LockShape } from './random-lock-history.ts';

export interface LockObject {
  invoke(process: number): LockDraft;
  /** Takes effect and answers; false when it has to wait. */
  apply(draft: LockDraft): boolean;
  spoil(draft: LockDraft, drafts: readonly LockDraft[]): void;
}

type Ask = { readonly f: string; readonly value: unknown };

export function createLockObject(
  model: string,
  shape: LockShape,
  random: RandomSource,
): LockObject {
  switch (model) {
    case 'fifo-queue':
      return createQueue(shape, random);
    case 'mutex':
      return createLock(shape, random);
    case 'fenced-lock':
      return createFence(shape, random);
    case 'lock':
      return createTokenLock(shape, random);
    case 'kv':
      return createKey(shape, random);
    default:
      throw new Error(`no random history for the model ${model}`);
  }
}

function draftOf(process: number, ask: Ask): LockDraft {
  return { ...ask, process, call: 0, return: null, output: undefined, isDone: false };
}

function done(draft: LockDraft, output: unknown): boolean {
  draft.isDone = true;
  draft.output = output;
  return true;
}

function pick<T>(from: readonly T[], random: RandomSource): T | undefined {
  return from[Math.floor(random() * from.length)];
}

function createQueue(shape: LockShape, random: RandomSource): LockObject {
  const queue: unknown[] = [];
  const isPair = random() < 0.1;
  let count = 0;
  return {
    invoke(process) {
      if (random() < shape.lookShare) return draftOf(process, { f: 'dequeue', value: null });
      if (random() >= shape.repeatShare) count += 1;
      const number = Math.max(1, count);
      return draftOf(process, { f: 'enqueue', value: isPair ? [number, number] : number });
    },
    apply(draft) {
      if (draft.f === 'enqueue') {
        queue.push(draft.value);
        return done(draft, draft.value);
      }
      return done(draft, queue.shift() ?? null);
    },
    spoil(draft, drafts) {
      if (draft.f !== 'dequeue') return;
      const other = pick(drafts, random);
      if (other?.f === 'dequeue' && other.return !== null) {
        // Two answers change places: elements come out in another order.
        [draft.output, other.output] = [other.output, draft.output];
        return;
      }
      const enqueued = drafts.filter(({ f }) => f === 'enqueue').map(({ value }) => value);
      const stranger = random() < 0.1 ? [99] : [];
      draft.output = random() < 0.25 ? null : (pick([...enqueued, ...stranger], random) ?? null);
    },
  };
}

function createLock(shape: LockShape, random: RandomSource): LockObject {
  let isHeld = false;
  const holders = new Set<number>();
  const isTrying = random() < 0.6;
  return {
    invoke(process) {
      const isWild = random() < shape.wildShare;
      const isRelease = isWild ? random() < 0.5 : holders.has(process);
      return draftOf(process, { f: isRelease ? 'release' : 'acquire', value: null });
    },
    apply(draft) {
      const isRelease = draft.f === 'release';
      if (isRelease !== isHeld) {
        if (!isRelease && !isTrying) return false;
        if (isRelease) holders.delete(draft.process);
        return done(draft, false);
      }
      isHeld = !isRelease;
      if (isHeld) holders.add(draft.process);
      else holders.delete(draft.process);
      return done(draft, null);
    },
    spoil(draft) {
      draft.output = draft.output === false ? null : false;
    },
  };
}

function createFence(shape: LockShape, random: RandomSource): LockObject {
  let granted = Math.floor(random() * 3) - 1;
  let accepted = Number.NEGATIVE_INFINITY;
  const tokens = new Map<number, number>();
  return {
    invoke(process) {
      const token = tokens.get(process) ?? granted;
      const isOld = random() < shape.wildShare;
      const used = isOld ? token - Math.floor(random() * 3) + 1 : token;
      if (random() < shape.lookShare) {
        return draftOf(process, { f: 'write', value: [used, `by ${process}`] });
      }
      const isRelease = tokens.has(process) && random() < 0.3;
      if (isRelease) return draftOf(process, { f: 'release', value: token });
      return draftOf(process, { f: 'acquire', value: null });
    },
    apply(draft) {
      if (draft.f === 'release') return done(draft, null);
      if (draft.f === 'acquire') {
        granted += 1 + Math.floor(random() * 2);
        tokens.set(draft.process, granted);
        return done(draft, granted);
      }
      const token = Array.isArray(draft.value) ? Number(draft.value[0]) : 0;
      if (token < accepted) return done(draft, false);
      accepted = token;
      return done(draft, true);
    },
    spoil(draft) {
      if (draft.f === 'acquire') draft.output = Number(draft.output) + Math.floor(random() * 5) - 2;
      if (draft.f === 'write') draft.output = random() < 0.5 ? draft.output === false : true;
    },
  };
}

/** Clients work with the tokens that they got, or with any that is about. */
function createTokenLock(shape: LockShape, random: RandomSource): LockObject {
  let last = Math.floor(random() * 3) - 1;
  let accepted = Number.NEGATIVE_INFINITY;
  let isHeld = false;
  const tokens = new Map<number, number>();
  const around = (token: number): number => token + Math.floor(random() * 4) - 1;
  return {
    invoke(process) {
      const own = tokens.get(process) ?? last;
      const token = random() < shape.wildShare ? around(own) : own;
      if (random() < shape.lookShare * 0.7) {
        return draftOf(process, { f: 'write', value: [token, `by ${process}`] });
      }
      const isHolder = isHeld && tokens.get(process) === last;
      const drawn = random();
      if (isHolder ? drawn < 0.6 : drawn < 0.1)
        return draftOf(process, { f: 'release', value: token });
      const from = isHeld ? (random() < shape.wildShare ? around(last) : last) : null;
      return draftOf(process, { f: 'acquire', value: random() < 0.2 ? null : from });
    },
    apply(draft) {
      if (draft.f === 'write') {
        const token = Array.isArray(draft.value) ? Number(draft.value[0]) : 0;
        if (token < accepted) return done(draft, false);
        accepted = token;
        return done(draft, true);
      }
      if (draft.value === null ? isHeld : !isHeld || draft.value !== last) {
        // What it would be told by a lock that does not wait.
        draft.output = draft.f === 'acquire' ? last + 1 : null;
        return false;
      }
      isHeld = draft.f === 'acquire';
      if (!isHeld) return done(draft, null);
      last += 1 + Math.floor(random() * 2);
      tokens.set(draft.process, last);
      return done(draft, last);
    },
    spoil(draft) {
      if (draft.f === 'acquire') draft.output = around(Number(draft.output));
      if (draft.f === 'write') draft.output = random() < 0.5 ? draft.output === false : true;
    },
  };
}

function createKey(shape: LockShape, random: RandomSource): LockObject {
  let state: unknown = null;
  let count = 0;
  const deleteShare = random() < 0.7 ? 0 : 0.15;
  const putShare = random() * 0.6;
  const otherShare = random() < 0.9 ? 0 : 0.3;
  const next = (): string => {
    if (random() >= shape.repeatShare) count += 1;
    // Without the stop some pieces are ends of others.
    return random() < shape.repeatShare ? `${count % 3}` : `${count}.`;
  };
  const append = (draft: LockDraft): void => {
    const isText = state === null || typeof state === 'string';
    if (isText) state = `${state ?? ''}${String(draft.value)}`;
  };
  return {
    invoke(process) {
      if (random() < shape.lookShare) return draftOf(process, { f: 'get', value: null });
      if (random() < deleteShare) return draftOf(process, { f: 'delete', value: null });
      if (random() >= putShare) return draftOf(process, { f: 'append', value: next() });
      const value = random() < otherShare ? (pick([7, null, '', [1, 2]], random) ?? null) : next();
      return draftOf(process, { f: 'put', value });
    },
    apply(draft) {
      if (draft.f === 'append' && typeof state !== 'string' && state !== null) return false;
      if (draft.f === 'put') state = draft.value;
      if (draft.f === 'delete') state = null;
      if (draft.f === 'append') append(draft);
      return done(draft, draft.f === 'get' ? state : null);
    },
    spoil(draft, drafts) {
      if (draft.f !== 'get') return;
      const seen = drafts.filter(({ f }) => f === 'get').map(({ output }) => output ?? null);
      const put = drafts.filter(({ f }) => f === 'put').map(({ value }) => value);
      const base = pick([...seen, ...put, null, 'other'], random) ?? null;
      const piece = pick(drafts, random);
      const isLonger = piece?.f === 'append' && (base === null || typeof base === 'string');
      draft.output = isLonger && random() < 0.6 ? `${base ?? ''}${String(piece.value)}` : base;
    },
  };
}
