import { expect, test } from 'vitest';
import type { Network, PeerIdentity } from '../../server/host.ts';
import type { Message } from '../../server/raft/message.ts';
import { createRandomStream } from '../run/random.ts';
import { Life } from './life.ts';
import { LinkRules } from './link-rules.ts';
import { SimulatedNetwork } from './network.ts';
import { ownServerCode } from './server-code.ts';
import { Trace } from './trace.ts';
import { VirtualTime } from './virtual-time.ts';

const latency = { fromUs: 100, toUs: 2000, slowProbability: 0.1, slowUs: 50_000 };

function voteRequest(term: number): Message {
  return {
    type: 'requestVote',
    term,
    candidateId: 'n1',
    lastLogIndex: 3,
    lastLogTerm: 2,
    preVote: false,
    transfer: false,
  };
}

function identityOf(nodeId: string): PeerIdentity {
  return { clusterId: 'c', nodeId, directoryId: `directory of ${nodeId}` };
}

type Admit = (peer: PeerIdentity, answer: (refusal: string | null) => void) => void;

const everybody: Admit = (_peer, answer) => answer(null);

function others(own: string): ReadonlyMap<string, string> {
  const nodes = ['n1', 'n2', 'n3'].filter((node) => node !== own);
  return new Map(nodes.map((node) => [node, '']));
}

class Rig {
  readonly time = new VirtualTime();
  readonly network: SimulatedNetwork;
  readonly lives = new Map<string, Life>();
  readonly received: { at: string; from: string; message: Message }[] = [];

  constructor(seed: number, losses: { drop?: number; duplicate?: number; replay?: number } = {}) {
    const { time } = this;
    const randomStream = (name: string) => createRandomStream(seed, name);
    this.network = new SimulatedNetwork({
      codec: ownServerCode,
      time,
      trace: new Trace(),
      randomStream,
      rules: new LinkRules({ time, randomStream }),
      latency,
      dropProbability: losses.drop ?? 0,
      duplicateProbability: losses.duplicate ?? 0,
      replayProbability: losses.replay ?? 0,
    });
  }

  join(node: string, admit: Admit = everybody): Network {
    const network = this.attach(node);
    network.join({ own: identityOf(node), admit });
    network.setPeers(others(node));
    return network;
  }

  attach(node: string): Network {
    const number = (this.lives.get(node)?.number ?? 0) + 1;
    const life = new Life({ node, number }, this.time, (error) => {
      throw error;
    });
    this.lives.set(node, life);
    const network = this.network.attach(life);
    network.onMessage((from, message) => this.received.push({ at: node, from, message }));
    return network;
  }

  settle(): void {
    while (this.time.runNext());
  }

  terms(): number[] {
    return this.received.map(({ message }) => message.term);
  }
}

test('a message arrives later, equal to what was sent and sharing nothing with it', () => {
  const rig = new Rig(1);
  const network = rig.join('n1');
  rig.join('n2');
  const data = new Uint8Array([1, 2, 3]);
  const message: Message = {
    type: 'appendEntries',
    term: 4,
    leaderId: 'n1',
    prevLogIndex: 1,
    prevLogTerm: 1,
    entries: [{ term: 4, index: 2, kind: 'command', data }],
    leaderCommit: 1,
    readRound: 7,
    replicationId: 3,
    transferEpoch: 1,
  };
  network.send('n2', message);
  data.fill(0);
  expect(rig.received).toEqual([]);
  rig.settle();
  const arrived = rig.received[0]?.message;
  if (arrived?.type !== 'appendEntries') throw new Error('no appendEntries arrived');
  expect({ ...arrived, entries: [] }).toEqual({ ...message, entries: [] });
  const [entry] = arrived.entries;
  expect(entry).toMatchObject({ term: 4, index: 2, kind: 'command' });
  expect([...(entry?.data ?? [])]).toEqual([1, 2, 3]);
});

test('messages overtake each other', () => {
  const rig = new Rig(2);
  const network = rig.join('n1');
  rig.join('n2');
  const terms = Array.from({ length: 50 }, (_, position) => position + 1);
  for (const term of terms) network.send('n2', voteRequest(term));
  rig.settle();
  expect(rig.terms()).not.toEqual(terms);
  expect(rig.terms().sort((a, b) => a - b)).toEqual(terms);
});

test('messages are lost and doubled about as often as was asked', () => {
  const rig = new Rig(3, { drop: 0.2, duplicate: 0.1 });
  const network = rig.join('n1');
  rig.join('n2');
  for (let term = 1; term <= 2000; term++) network.send('n2', voteRequest(term));
  rig.settle();
  const { sent, lost, delivered } = rig.network.counts;
  expect(sent).toBe(2000);
  expect(lost).toBeGreaterThan(320);
  expect(lost).toBeLessThan(480);
  expect(delivered - (sent - lost)).toBeGreaterThan(100);
  expect(delivered - (sent - lost)).toBeLessThan(220);
});

test('a cut is one-way, takes what is under way with it, and heals', () => {
  const rig = new Rig(4);
  const [n1, n2] = [rig.join('n1'), rig.join('n2')];
  n1.send('n2', voteRequest(1));
  rig.network.setRules([{ from: 'n1', to: 'n2', mode: { type: 'drop' } }]);
  n1.send('n2', voteRequest(2));
  n2.send('n1', voteRequest(3));
  rig.settle();
  expect(rig.terms()).toEqual([3]);
  expect(rig.network.counts.cut).toBe(2);
  rig.network.setRules([]);
  n1.send('n2', voteRequest(4));
  rig.settle();
  expect(rig.terms()).toEqual([3, 4]);
});

test('what is held comes in its order, to the life that it was sent to and to no other', () => {
  const rig = new Rig(6);
  const n1 = rig.join('n1');
  rig.join('n2');
  rig.join('n3');
  // They have let it in.
  for (const to of ['n2', 'n3']) n1.send(to, voteRequest(0));
  rig.settle();
  const held = ['n2', 'n3'].map((to) => ({ from: 'n1', to, mode: { type: 'hold' } as const }));
  rig.network.setRules(held);
  for (let term = 1; term <= 9; term += 1) {
    n1.send('n2', voteRequest(term));
    rig.settle();
  }
  n1.send('n3', voteRequest(10));
  rig.settle();
  expect(rig.terms()).toEqual([0, 0]);
  rig.network.detach('n3');
  rig.join('n3');
  rig.network.setRules([]);
  rig.settle();
  expect(rig.terms()).toEqual([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('a link that is reset loses what is sent, and its sender sees the peer go and come', () => {
  const rig = new Rig(7);
  const n1 = rig.join('n1');
  rig.join('n2');
  rig.settle();
  const seen: string[] = [];
  n1.onPeer((peer, connected) => seen.push(`${peer} ${connected}`));
  const rule = { from: 'n1', to: 'n2', mode: { type: 'reset' } } as const;
  for (const rules of [[rule], [rule], []]) {
    rig.network.setRules(rules);
    n1.send('n2', voteRequest(rules.length));
    rig.settle();
  }
  expect(seen).toEqual(['n2 false', 'n2 true']);
  expect(rig.terms()).toEqual([0]);
});

test('a frozen node hears what was sent to it once it is resumed, a dead one never', () => {
  const rig = new Rig(5);
  const network = rig.join('n1');
  rig.join('n2');
  rig.join('n3');
  rig.lives.get('n2')?.pause();
  rig.lives.get('n3')?.end();
  rig.network.detach('n3');
  for (const to of ['n2', 'n3']) network.send(to, voteRequest(1));
  rig.settle();
  expect(rig.received).toEqual([]);
  rig.lives.get('n2')?.resume();
  rig.settle();
  expect(rig.received.map(({ at }) => at)).toEqual(['n2']);
  expect(rig.network.counts.unreachable).toBe(1);
});

test('traffic on one link does not change the fate of messages on another', () => {
  const arrivals = [false, true].map((busy) => {
    const rig = new Rig(6, { drop: 0.3 });
    const network = rig.join('n1');
    rig.join('n2');
    rig.join('n3');
    for (let term = 1; term <= 100; term++) {
      if (busy) network.send('n3', voteRequest(term));
      network.send('n2', voteRequest(term));
    }
    rig.settle();
    return rig.received.filter(({ at }) => at === 'n2').map(({ message }) => message.term);
  });
  expect(arrivals[0]).toEqual(arrivals[1]);
});

test('who is not welcome is not heard, and who is asked about waits', () => {
  const rig = new Rig(7);
  const [n1, n3] = [rig.join('n1'), rig.join('n3')];
  const asked: PeerIdentity[] = [];
  rig.join('n2', (peer, answer) => {
    asked.push(peer);
    const refusal = peer.nodeId === 'n3' ? 'of another cluster' : null;
    rig.time.schedule(100_000, () => answer(refusal));
  });
  for (const term of [1, 2]) n1.send('n2', voteRequest(term));
  for (const term of [3, 4]) n3.send('n2', voteRequest(term));
  while (rig.time.nowUs < 90_000 && rig.time.runNext());
  expect(rig.terms()).toEqual([]);
  rig.settle();
  expect(rig.terms().sort()).toEqual([1, 2]);
  expect(asked.map(({ nodeId }) => nodeId).sort()).toEqual(['n1', 'n3']);
  expect(asked).toContainEqual(identityOf('n3'));
  expect(rig.network.counts).toMatchObject({ delivered: 2, refused: 2 });
});

test('each new life is asked about anew; a refused one again after a while', () => {
  const rig = new Rig(8);
  let askedCount = 0;
  rig.join('n2', (_peer, answer) => {
    askedCount++;
    answer(askedCount === 3 ? null : 'not yet');
  });
  const send = (term: number): void => {
    rig.join('n1').send('n2', voteRequest(term));
    rig.settle();
  };
  for (const term of [1, 2]) send(term);
  expect(askedCount).toBe(2);
  const network = rig.join('n1');
  network.send('n2', voteRequest(3));
  rig.settle();
  for (const term of [4, 5]) network.send('n2', voteRequest(term));
  rig.settle();
  expect(askedCount).toBe(3);
  expect(rig.terms().sort()).toEqual([3, 4, 5]);

  let refusedCount = 0;
  rig.join('n3', ({ nodeId }, answer) => {
    if (nodeId !== 'n1') return answer(null);
    refusedCount++;
    answer(refusedCount === 1 ? 'not yet' : null);
  });
  network.send('n3', voteRequest(6));
  rig.settle();
  network.send('n3', voteRequest(7));
  rig.settle();
  expect(refusedCount).toBe(1);
  rig.time.schedule(600_000, () => network.send('n3', voteRequest(8)));
  rig.settle();
  expect(refusedCount).toBe(2);
  expect(rig.received.filter(({ at }) => at === 'n3').map(({ message }) => message.term)).toEqual([
    8,
  ]);
});

test('two that are told of each other meet without a word, once nothing is between them', () => {
  const rig = new Rig(8);
  const met: string[] = [];
  const note: Admit = ({ nodeId }, answer) => answer(met.push(nodeId) > 0 ? null : nodeId);
  const metAfter = (..._changes: unknown[]): string => {
    rig.settle();
    return met.splice(0).sort().join();
  };
  rig.network.setRules([{ from: 'n2', to: 'n1', mode: { type: 'drop' } }]);
  expect(metAfter(rig.join('n1', note), rig.join('n2', note))).toBe('');
  expect(metAfter(rig.network.setRules([]))).toBe('n1,n2');
  expect(metAfter(rig.network.setRules([]))).toBe('');
  expect(metAfter(rig.join('n2', note))).toBe('n1,n2');
});

test('nobody speaks before it has joined, and only to those whom it was told of', () => {
  const rig = new Rig(9);
  const n1 = rig.join('n1');
  const n2 = rig.attach('n2');
  n2.setPeers(others('n2'));
  n1.send('n2', voteRequest(1));
  n2.send('n1', voteRequest(2));
  rig.settle();
  expect(rig.terms()).toEqual([]);
  n2.join({ own: identityOf('n2'), admit: everybody });
  n2.setPeers(new Map([['n3', '']]));
  n2.send('n1', voteRequest(3));
  n1.send('n2', voteRequest(4));
  rig.settle();
  expect(rig.terms()).toEqual([4]);
  // It knows n1 by its call alone, and only for as long as that one lives.
  n2.send('n1', voteRequest(5));
  rig.settle();
  expect(rig.terms()).toEqual([4, 5]);
  rig.join('n1');
  n2.send('n1', voteRequest(6));
  rig.settle();
  expect(rig.terms()).toEqual([4, 5]);
  expect(() => n2.join({ own: identityOf('n2'), admit: everybody })).toThrow(RangeError);
});

test('a peer that comes or goes is told to those who were told of it', () => {
  const rig = new Rig(10);
  const heard: string[] = [];
  const watch = (node: string, network: Network): void => {
    network.onPeer((peer, connected) => heard.push(`${node}: ${connected ? '+' : '-'}${peer}`));
  };
  watch('n1', rig.join('n1'));
  rig.settle();
  expect(heard).toEqual([]);
  const n2 = rig.attach('n2');
  watch('n2', n2);
  n2.join({ own: identityOf('n2'), admit: everybody });
  rig.settle();
  expect(heard.splice(0)).toEqual(['n1: +n2']);
  n2.setPeers(others('n2'));
  rig.settle();
  expect(heard.splice(0)).toEqual(['n2: +n1']);
  n2.setPeers(new Map());
  rig.settle();
  expect(heard.splice(0)).toEqual(['n2: -n1']);
  rig.lives.get('n2')?.end();
  rig.network.detach('n2');
  rig.settle();
  expect(heard).toEqual(['n1: -n2']);
});

test('what came once comes again, to a later life of the receiver, from one that is gone', () => {
  const rig = new Rig(11, { replay: 0.5 });
  const first = rig.join('n1');
  rig.join('n2');
  first.send('n2', voteRequest(1));
  rig.settle();
  expect(rig.terms()).toEqual([1]);
  for (const node of ['n1', 'n2']) {
    rig.lives.get(node)?.end();
    rig.network.detach(node);
  }
  const second = rig.join('n1');
  rig.join('n2');
  for (let term = 2; term < 40; term++) second.send('n2', voteRequest(term));
  rig.settle();
  const { replayed, delivered } = rig.network.counts;
  expect(rig.terms().filter((term) => term === 1).length).toBeGreaterThan(5);
  expect(replayed).toBe(rig.terms().length - delivered);
  expect(delivered, 'nothing of its own is lost by it').toBe(39);
});

test('what comes again is asked about under the identity that it came from', () => {
  const rig = new Rig(12, { replay: 0.5 });
  const admitted: string[] = [];
  const refuseTheOld: Admit = ({ directoryId }, answer) => {
    admitted.push(directoryId);
    answer(directoryId === 'new' ? null : 'it has another directory');
  };
  rig.join('n2');
  rig.join('n1').send('n2', voteRequest(1));
  rig.settle();
  const network = rig.attach('n1');
  network.join({ own: { ...identityOf('n1'), directoryId: 'new' }, admit: everybody });
  network.setPeers(others('n1'));
  rig.join('n2', refuseTheOld);
  for (let term = 2; term < 20; term++) network.send('n2', voteRequest(term));
  rig.settle();
  expect(new Set(admitted)).toEqual(new Set(['new', 'directory of n1']));
  expect(rig.terms().filter((term) => term === 1)).toEqual([1]);
  expect(rig.network.counts.refused).toBeGreaterThan(0);
});
