import { expect, test } from 'vitest';
import type { Network } from '../../server/host.ts';
import type { Message } from '../../server/raft/message.ts';
import { createRandomStream } from '../run/random.ts';
import { Life } from './life.ts';
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
  };
}

class Rig {
  readonly time = new VirtualTime();
  readonly network: SimulatedNetwork;
  readonly lives = new Map<string, Life>();
  readonly received: { at: string; from: string; message: Message }[] = [];

  constructor(seed: number, losses: { drop?: number; duplicate?: number } = {}) {
    this.network = new SimulatedNetwork({
      codec: ownServerCode,
      time: this.time,
      trace: new Trace(),
      randomStream: (name) => createRandomStream(seed, name),
      latency,
      dropProbability: losses.drop ?? 0,
      duplicateProbability: losses.duplicate ?? 0,
    });
  }

  join(node: string): Network {
    const life = new Life({ node, number: 1 }, this.time, (error) => {
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
  rig.network.setCut([{ from: 'n1', to: 'n2' }]);
  n1.send('n2', voteRequest(2));
  n2.send('n1', voteRequest(3));
  rig.settle();
  expect(rig.terms()).toEqual([3]);
  expect(rig.network.counts.cut).toBe(2);
  rig.network.setCut([]);
  n1.send('n2', voteRequest(4));
  rig.settle();
  expect(rig.terms()).toEqual([3, 4]);
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
