/**
 * The conformance suite of clients: what the client of a system must do, for each object and
 * operation that the system says it offers (conformance-stories.ts).
 *
 * One story after another on a key of its own, told by two clients in turn, so that each sees what
 * the other did; many clients at once; then what a client must say when its node is silent or gone.
 */
import { describe, expect, test } from 'vitest';
import type { Client, Completion } from '../client.ts';
import type { Cluster } from '../cluster.ts';
import type { HarnessTimers } from '../run/timers.ts';
import type { System } from '../systems/system.ts';
import {
  type Crowd,
  crowds,
  type Expected,
  probes,
  type Story,
  stories,
} from './conformance-stories.ts';

export interface ConformanceBed {
  readonly cluster: Cluster;
  readonly timers: HarnessTimers;
}

export interface ClientConformance {
  readonly system: System;
  /** When a story begins all nodes run, and each can carry out or hand on what it is asked. */
  run(story: (bed: ConformanceBed) => Promise<void>): Promise<void>;
}

const deadlineMs = 3000;
/** When a node is to be found silent: short, for tests on real time. */
const shortDeadlineMs = 200;

/** Registers the suite. */
export function describeClientConformance(name: string, conformance: ClientConformance): void {
  describe(`the clients of ${name}`, { timeout: 60_000 }, () => {
    const { objects } = conformance.system;
    for (const [object, fs] of Object.entries(objects)) {
      describe(object, () => {
        test('has stories that ask for every operation that is offered', () => {
          const asked = new Set([
            ...ofObject(stories, object).flatMap(({ steps }) => steps.map(([f]) => f)),
            ...ofObject(crowds, object).map(({ f }) => f),
          ]);
          expect([...fs].filter((f) => !asked.has(f))).toEqual([]);
        });
        for (const story of ofObject(stories, object)) testStory(conformance, story, fs);
        for (const crowd of ofObject(crowds, object)) testCrowd(conformance, crowd, fs);
        testSilence(conformance, object);
      });
    }
  });
}

function ofObject<Entry extends { readonly object: string }>(
  entries: readonly Entry[],
  object: string,
): readonly Entry[] {
  return entries.filter((entry) => entry.object === object);
}

let keyCount = 0;

/** The same on every run, and no other test of the same process has it. */
function freshKey(): string {
  return `conformance-${++keyCount}`;
}

async function openClient(
  { system }: ClientConformance,
  { cluster, timers }: ConformanceBed,
  where: { readonly object: string; readonly node: string; readonly followRedirects?: boolean },
): Promise<Client> {
  const { object, node, followRedirects = true } = where;
  const client = system.createClient({ cluster, timers, object, followRedirects });
  await client.open(node);
  return client;
}

function testStory(conformance: ClientConformance, story: Story, fs: readonly string[]): void {
  const { object, about, steps } = story;
  const isOffered = steps.every(([f]) => fs.includes(f));
  test.runIf(isOffered)(about, () =>
    conformance.run(async (bed) => {
      const key = freshKey();
      const nodes = bed.cluster.nodes.slice(0, 2);
      const clients = await Promise.all(
        nodes.map((node) => openClient(conformance, bed, { object, node })),
      );
      for (const [at, [f, value, expected]] of steps.entries()) {
        const process = at % clients.length;
        const completion = await clients[process]?.invoke({ process, f, key, value }, deadlineMs);
        checkCompletion(completion, expected, { value, what: `step ${at + 1}, ${f}` });
      }
      for (const client of clients) client.close();
    }),
  );
}

function checkCompletion(
  completion: Completion | undefined,
  expected: Expected,
  { value, what }: { readonly value: unknown; readonly what: string },
): void {
  if (expected.type === 'fails') {
    expect(completion, what).toMatchObject({ type: 'fail', error: { code: expected.code } });
    return;
  }
  expect(completion, what).toMatchObject({ type: 'ok' });
  const { result, ...told } = completion ?? { value: undefined };
  // A change gives back its argument as the value: what it answered is the result.
  if (result !== undefined || expected.type === 'done') expect(told.value, what).toEqual(value);
  const output = result === undefined ? told.value : result;
  if (expected.type === 'gives') expect(output, what).toEqual(expected.output);
  if (expected.type === 'swaps') {
    expect(output, what).toMatchObject({ swapped: expected.swapped });
  }
  if (expected.type === 'gives-all') {
    expect(sorted(output), what).toEqual(sorted(expected.elements));
  }
}

function sorted(elements: unknown): readonly unknown[] {
  if (!Array.isArray(elements)) throw new TypeError(`no elements: ${JSON.stringify(elements)}`);
  return [...elements].sort((one, other) => Number(one) - Number(other));
}

const crowdClients = 6;
const crowdTurns = 5;

function testCrowd(conformance: ClientConformance, crowd: Crowd, fs: readonly string[]): void {
  const { object, f, read } = crowd;
  const isOffered = fs.includes(f) && (read === null || fs.includes(read));
  test.runIf(isOffered)(`carries out each ${f} of many clients at once`, () =>
    conformance.run(async (bed) => {
      const key = freshKey();
      const { nodes } = bed.cluster;
      const results: unknown[] = [];
      const work = async (process: number): Promise<void> => {
        const node = nodes[process % nodes.length] ?? '';
        const client = await openClient(conformance, bed, { object, node });
        for (let turn = 0; turn < crowdTurns; turn++) {
          const value = crowd.value(process * crowdTurns + turn + 1);
          const completion = await client.invoke({ process, f, key, value }, deadlineMs);
          expect(completion).toMatchObject({ type: 'ok' });
          results.push(completion.result ?? completion.value);
        }
        client.close();
      };
      await Promise.all(Array.from({ length: crowdClients }, (_, process) => work(process)));
      checkResults(results, crowd);
      if (read === null) return;
      const reader = await openClient(conformance, bed, { object, node: nodes[0] ?? '' });
      const asked = { process: 0, f: read, key, value: null };
      const { value } = await reader.invoke(asked, deadlineMs);
      reader.close();
      const count = crowdClients * crowdTurns;
      expect(Array.isArray(value) ? new Set(value).size : value).toBe(count);
    }),
  );
}

function checkResults(results: readonly unknown[], crowd: Crowd): void {
  const count = results.length;
  if (crowd.results === 'different') expect(new Set(results).size).toBe(count);
  if (crowd.results !== 'from 0' && crowd.results !== 'from 1') return;
  const first = crowd.results === 'from 0' ? 0 : 1;
  expect(sorted(results)).toEqual(Array.from({ length: count }, (_, at) => first + at));
}

function testSilence(conformance: ClientConformance, object: string): void {
  const probe = probes[object];
  if (probe === undefined) throw new RangeError(`no probe of ${object}`);
  const { change, read, movesOn } = probe;
  const atItsNode = [...(movesOn ? [] : [change]), ...(read === null ? [] : [read])];

  test('a pinned client stays at its node, and fails where that refuses', () =>
    conformance.run(async (bed) => {
      const types: string[] = [];
      for (const node of bed.cluster.nodes) {
        const client = await openClient(conformance, bed, { object, node, followRedirects: false });
        const [f, value] = change;
        const key = freshKey();
        const completion = await client.invoke({ process: 0, f, key, value }, deadlineMs);
        types.push(completion.type);
        if (!movesOn) expect(completion.node ?? node).toBe(node);
        client.close();
      }
      expect(types).toContain('ok');
      expect(types).not.toContain('info');
    }));

  test('a node that is gone is a failure, by the deadline', () =>
    conformance.run(async (bed) => {
      const { cluster } = bed;
      const node = cluster.nodes.at(-1) ?? '';
      await cluster.kill(node);
      for (const [f, value] of atItsNode) {
        const client = await openClient(conformance, bed, { object, node, followRedirects: false });
        const key = freshKey();
        const completion = await client.invoke({ process: 0, f, key, value }, deadlineMs);
        expect(completion, f).toMatchObject({ type: 'fail' });
        client.close();
      }
      await cluster.start(node);
    }));

  test('a node that is silent does not keep a client beyond the deadline', () =>
    conformance.run(async (bed) => {
      const { cluster, timers } = bed;
      const node = cluster.nodes.at(-1) ?? '';
      await cluster.pause(node);
      for (const [f, value] of atItsNode) {
        const client = await openClient(conformance, bed, { object, node, followRedirects: false });
        const key = freshKey();
        const startNs = timers.nowNs();
        const completion = await client.invoke({ process: 0, f, key, value }, shortDeadlineMs);
        expect(completion.type, f).not.toBe('ok');
        expect(completion.error?.code, f).toMatch(/timeout/);
        expect((timers.nowNs() - startNs) / 1e6).toBeLessThan(2 * shortDeadlineMs);
        client.close();
      }
      await cluster.resume(node);
    }));
}
