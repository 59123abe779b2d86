import { describe, expect, it } from 'vitest';
import type { Client, Completion } from '../client.ts';
import { createSimulatedCluster, type SimulatedCluster } from '../cluster/simulated.ts';
import type { ByteStream, Cluster } from '../cluster.ts';
import { findLeader, pause } from '../run/introspect.ts';
import { createRandomStream, randomInteger } from '../run/random.ts';
import { definiteErrors, reference } from '../systems/reference.ts';
import { respObjects } from './resp-objects.ts';
import { SessionClient } from './session-client.ts';
import { type Closed, type Reaction, type Script, TestNodes } from './test-nodes.ts';

const deadlineMs = 2000;

function clientOf({ cluster, timers }: Pick<TestNodes, 'cluster' | 'timers'>): Client {
  const operations = respObjects['session-list'] ?? {};
  return new SessionClient({
    ...{ cluster, timers, operations, definiteErrors, followRedirects: false },
  });
}

const append = (client: Client, value: number): Promise<Completion> =>
  client.invoke({ process: 0, f: 'append', key: 'k', value }, deadlineMs);

/** Opens sessions 100, 101, ...; answers a call as `answer` says, by how many it has had. */
function serving(answer: (call: number, command: readonly string[]) => Reaction): Script {
  let sessions = 100;
  let calls = 0;
  return (command) => (command[1] === 'OPEN' ? `:${sessions++}\r\n` : answer(calls++, command));
}

const always = (reaction: Reaction): Script => serving(() => reaction);

interface Appended {
  readonly nodes: TestNodes;
  readonly completions: readonly Completion[];
}

/** So many appends, one after the other, of one client that begins at n1. */
async function appendTo(scripts: readonly (Script | Closed)[], count: number): Promise<Appended> {
  const nodes = new TestNodes(...scripts);
  const completions = await nodes.run(async () => {
    const client = clientOf(nodes);
    await client.open('n1');
    const ends: Completion[] = [];
    for (let value = 1; value <= count; value++) ends.push(await append(client, value));
    client.close();
    return ends;
  });
  expect(nodes.openCount).toBe(0);
  expect(nodes.nowMs).toBeLessThanOrEqual(count * deadlineMs);
  return { nodes, completions };
}

/** The calls alone, as `n1 2` for sequence number 2. */
const callsOf = ({ log }: TestNodes): readonly string[] =>
  log.flatMap((line) => {
    const [, node, sequence] = /^(\S+) RAFT\.SESSION CALL \S+ (\S+) /.exec(line) ?? [];
    return node === undefined ? [] : [`${node} ${sequence}`];
  });

describe('a session', () => {
  it('is opened with the first change, once, and its numbers rise from 1', async () => {
    const { nodes, completions } = await appendTo([always(':3\r\n')], 2);
    expect(completions[1]).toEqual({ type: 'ok', value: 2, result: 3, node: 'n1' });
    expect(nodes.log).toEqual([
      'n1 RAFT.SESSION OPEN',
      ...['n1 RAFT.SESSION CALL 100 1 RPUSH k 1', 'n1 RAFT.SESSION CALL 100 1 RPUSH k 1'],
      'n1 RAFT.SESSION CALL 100 2 RPUSH k 2',
    ]);
  });

  it('is opened at whoever opens one', async () => {
    const moved: Script = () => '-MOVED 0 n1:1\r\n';
    const { nodes, completions } = await appendTo(['refuses', moved, always(':1\r\n')], 1);
    expect(completions).toMatchObject([{ type: 'ok', node: 'n3' }]);
    expect(nodes.log.slice(0, 2)).toEqual(['n2 RAFT.SESSION OPEN', 'n3 RAFT.SESSION OPEN']);
  });

  it('that nobody opens means that nothing happened', async () => {
    const silent: Script = () => 'silence';
    const noLeader: Script = () => '-NOLEADER none\r\n';
    for (const [script, code] of [
      [silent, 'timeout'],
      [noLeader, 'NOLEADER'],
      ['refuses', 'connection-refused'],
      ['never-accepts', 'connect-timeout'],
    ] as const) {
      const { nodes, completions } = await appendTo([script, script, script], 1);
      expect(completions).toMatchObject([{ type: 'fail', error: { code } }]);
      expect(callsOf(nodes)).toEqual([]);
      expect(nodes.nowMs).toBe(deadlineMs);
    }
  });

  it('is not opened by what only reads, which stays at the client’s own node', async () => {
    const nodes = new TestNodes(
      () => '*1\r\n$1\r\n7\r\n',
      () => '*0\r\n',
    );
    const read = await nodes.run(async () => {
      const client = clientOf(nodes);
      await client.open('n1');
      return client.invoke({ process: 0, f: 'read', key: 'k', value: null }, deadlineMs);
    });
    expect(read).toEqual({ type: 'ok', value: [7], node: 'n1' });
    expect(nodes.log).toEqual(['n1 LRANGE k 0 -1']);
  });

  it('begins anew, from number 1, when the client is opened again', async () => {
    const nodes = new TestNodes(always(':1\r\n'));
    await nodes.run(async () => {
      const client = clientOf(nodes);
      for (const value of [1, 2]) {
        await client.open('n1');
        await append(client, value);
      }
    });
    expect(nodes.log.filter((line) => line.endsWith('OPEN'))).toHaveLength(2);
    expect([nodes.connectCount, nodes.openCount]).toEqual([2, 1]);
    expect(nodes.log.at(-1)).toBe('n1 RAFT.SESSION CALL 101 1 RPUSH k 2');
  });

  it('has no operation that its object does not have', async () => {
    const nodes = new TestNodes(always(':1\r\n'));
    const flying = nodes.run(async () => {
      const client = clientOf(nodes);
      await client.open('n1');
      return client.invoke({ process: 0, f: 'fly', value: null }, deadlineMs);
    });
    await expect(flying).rejects.toThrow('no operation fly');
  });
});

describe('a call', () => {
  it('that is answered is sent again one time in four, whatever the first answer', async () => {
    const { nodes, completions } = await appendTo([always(':1\r\n')], 9);
    expect(completions.map(({ type }) => type)).toEqual(Array.from({ length: 9 }, () => 'ok'));
    const numbers = [1, 1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 9];
    expect(callsOf(nodes)).toEqual(numbers.map((sequence) => `n1 ${sequence}`));
  });

  it('whose repetition is answered otherwise keeps its answer, and tells of both', async () => {
    const answers = {
      ':1\r\n': '1',
      '$-1\r\n': 'nothing',
      '-ERR already done\r\n': 'ERR already done',
      '-STALESEQ old\r\n': 'STALESEQ old',
      '-NOSESSION\r\n': 'NOSESSION',
    };
    for (const [second, words] of Object.entries(answers)) {
      const script = serving((call) => (call === 0 ? ':7\r\n' : second));
      const { completions } = await appendTo([script], 1);
      const message = `number 1 was answered 7, and when sent again ${words}`;
      expect(completions).toEqual([
        ...[{ type: 'ok', value: 1, result: 7, node: 'n1' }].map((end) => ({
          ...end,
          error: { code: 'another-answer', message },
        })),
      ]);
    }
  });

  it('opens another session when the repetition finds none', async () => {
    const script = serving((call) => (call === 1 ? '-NOSESSION\r\n' : ':7\r\n'));
    const { nodes } = await appendTo([script], 2);
    expect(nodes.log.filter((line) => line.endsWith('OPEN'))).toHaveLength(2);
  });

  it('keeps its answer when the repetition gets none', async () => {
    for (const second of ['silence', 'hang-up', '-MOVED 0 n2:1\r\n', '-UNCERTAIN x\r\n'] as const) {
      const script = serving((call) => (call === 0 ? ':5\r\n' : second));
      const { nodes, completions } = await appendTo([script], 1);
      expect(completions, second).toMatchObject([{ type: 'ok', result: 5 }]);
      expect(nodes.nowMs).toBeLessThanOrEqual(deadlineMs / 4 + 1);
    }
  });

  it('goes on at the next node under its number, whatever became of the last attempt', async () => {
    const reactions = ['silence', 'hang-up', '-MOVED 0 n1:1\r\n', '-UNCERTAIN x\r\n'] as const;
    for (const reaction of reactions) {
      const scripts = [always(reaction), always(reaction), always(':7\r\n')];
      const { nodes, completions } = await appendTo(scripts, 1);
      expect(completions, reaction).toMatchObject([{ type: 'ok', result: 7, node: 'n3' }]);
      expect(callsOf(nodes), reaction).toEqual(['n1 1', 'n2 1', 'n3 1', 'n3 1']);
      const waitedMs = reaction === 'silence' ? deadlineMs / 2 : 0;
      expect(nodes.nowMs - waitedMs, reaction).toBeLessThan(1);
    }
  });

  it('passes over nodes where nobody listens, and stays where it was answered', async () => {
    const scripts = [
      serving((call) => (call < 2 ? ':1\r\n' : 'hang-up')),
      'refuses' as const,
      always(':2\r\n'),
    ];
    const { nodes, completions } = await appendTo(scripts, 3);
    expect(completions.map(({ node }) => node)).toEqual(['n1', 'n3', 'n3']);
    expect(callsOf(nodes)).toEqual(['n1 1', 'n1 1', 'n1 2', 'n3 2', 'n3 3']);
  });

  it('comes round again, but not without a pause', async () => {
    let refusals = 0;
    const busy = serving(() => (refusals++ < 5 ? '-NOLEADER none\r\n' : ':1\r\n'));
    const { nodes, completions } = await appendTo([busy, busy], 1);
    expect(completions).toMatchObject([{ type: 'ok' }]);
    expect(callsOf(nodes)).toEqual(['n1 1', 'n2 1', 'n1 1', 'n2 1', 'n1 1', 'n2 1', 'n2 1']);
    expect(Math.round(nodes.nowMs)).toBe(40);
  });

  it('has not happened when every attempt was definitely refused', async () => {
    const { nodes, completions } = await appendTo([always('-NOLEADER none\r\n')], 1);
    expect(completions).toMatchObject([{ type: 'fail', error: { code: 'NOLEADER' }, node: 'n1' }]);
    expect(nodes.nowMs).toBe(deadlineMs);
    for (const closed of ['refuses', 'never-accepts'] as const) {
      const unsent = await appendTo([always('-NOLEADER none\r\n'), closed, closed], 1);
      expect(unsent.completions, closed).toMatchObject([{ type: 'fail' }]);
      expect(callsOf(unsent.nodes), closed).toContain('n1 1');
    }
  });

  it('may have happened when one attempt may have, and tells of that one', async () => {
    for (const [reaction, code] of [
      ['silence', 'timeout'],
      ['hang-up', 'connection-lost'],
      ['-UNCERTAIN x\r\n', 'UNCERTAIN'],
    ] as const) {
      const script = serving((call) => (call === 0 ? reaction : '-NOLEADER none\r\n'));
      const { completions } = await appendTo([script], 1);
      expect(completions, reaction).toMatchObject([{ type: 'info', error: { code } }]);
    }
  });

  it('uses a new number after one that was refused', async () => {
    let isOver = false;
    const script = serving(() => (isOver ? ':1\r\n' : '-NOLEADER none\r\n'));
    const nodes = new TestNodes(script);
    await nodes.run(async () => {
      const client = clientOf(nodes);
      await client.open('n1');
      await append(client, 1);
      isOver = true;
      await append(client, 2);
    });
    expect(nodes.log.at(-1)).toBe('n1 RAFT.SESSION CALL 100 2 RPUSH k 2');
  });

  it('in a session that is gone did nothing, unless an earlier attempt did', async () => {
    for (const code of ['NOSESSION', 'STALESEQ']) {
      const gone = await appendTo([always(`-${code} x\r\n`)], 1);
      expect(gone.completions).toMatchObject([{ type: 'fail', error: { code } }]);
      expect(callsOf(gone.nodes)).toEqual(['n1 1']);
      const script = serving((call) => (call === 0 ? 'hang-up' : `-${code} x\r\n`));
      const doubted = await appendTo([script], 1);
      expect(doubted.completions).toMatchObject([{ type: 'info', error: { code } }]);
      expect(callsOf(doubted.nodes)).toEqual(['n1 1', 'n1 1']);
    }
  });

  it('after that is in a new session, where it is gone, else under the next number', async () => {
    for (const [code, next] of [
      ['NOSESSION', '101 1'],
      ['STALESEQ', '100 2'],
    ]) {
      const script = serving((call) => (call === 0 ? `-${code} x\r\n` : ':1\r\n'));
      const { nodes } = await appendTo([script], 2);
      expect(nodes.log.at(-1)).toBe(`n1 RAFT.SESSION CALL ${next} RPUSH k 2`);
    }
  });

  it('does not know what to make of an answer of the wrong type', async () => {
    const call = await appendTo([always('+OK\r\n')], 1);
    const error = { code: 'unexpected-reply' };
    expect(call.completions).toMatchObject([{ type: 'info', error }]);
    const open = await appendTo([() => '+OK\r\n'], 1);
    expect(open.completions).toMatchObject([{ type: 'info', error }]);
  });
});

/** The same nodes, but an answer in so many never arrives: lost alone, or with its connection. */
function losing(cluster: SimulatedCluster, everyNth: number, seed: number): Cluster {
  const random = createRandomStream(seed, 'lost answers');
  const isLost = (): boolean => randomInteger(random, everyNth) === 0;
  const part: Pick<Cluster, 'nodes' | 'clientAddress' | 'connect'> = {
    nodes: cluster.nodes,
    clientAddress: (node) => cluster.clientAddress(node),
    connect: async (node) => {
      const stream = await cluster.connect(node);
      const lossy: ByteStream = {
        ...stream,
        onData: (handler) => {
          stream.onData((bytes) => {
            if (!isLost()) handler(bytes);
            else if (isLost()) stream.close();
          });
        },
      };
      return lossy;
    },
  };
  return part as Cluster;
}

describe('appends in a session, when answers are lost', { timeout: 30_000 }, () => {
  for (const seed of [1, 2, 3]) {
    it(`are there once each if acknowledged, and none is there twice: seed ${seed}`, async () => {
      const cluster = createSimulatedCluster({ seed, nodes: ['n1', 'n2', 'n3'] });
      const lossy = losing(cluster, 3, seed);
      const ends = { ok: new Set<number>(), info: new Set<number>(), fail: new Set<number>() };
      const found = await cluster.run(async () => {
        await Promise.all(cluster.nodes.map((node) => cluster.start(node)));
        while ((await findLeader({ cluster, system: reference, ...cluster })) === null) {
          await pause(cluster.timers, 50);
        }
        let value = 0;
        const works = cluster.nodes.map(async (node) => {
          for (let client = 0; client < 3; client++) {
            const appender = clientOf({ cluster: lossy, timers: cluster.timers });
            await appender.open(node);
            for (let turn = 0; turn < 10; turn++) {
              const mine = ++value;
              ends[(await append(appender, mine)).type].add(mine);
            }
            appender.close();
          }
        });
        await Promise.all(works);
        const { timers } = cluster;
        const options = { cluster, timers, object: 'list', followRedirects: true };
        const reader = reference.createClient(options);
        await reader.open('n1');
        return reader.invoke({ process: 0, f: 'read', key: 'k', value: null }, deadlineMs);
      });
      const list = found.value as readonly number[];
      expect(new Set(list).size).toBe(list.length);
      expect(list.filter((each) => ends.fail.has(each))).toEqual([]);
      expect([...ends.ok].filter((each) => !list.includes(each))).toEqual([]);
      expect(ends.ok.size).toBeGreaterThan(80);
    });
  }
});
