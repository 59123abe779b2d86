/** The conformance suite's part about processes: their lives, their lines, their ends, versions. */
import { expect, test, vi } from 'vitest';
import {
  allLinks,
  ask,
  askNumber,
  askText,
  between,
  expectSilent,
  type GetCluster,
  link,
  nodes,
  spare,
  tryAbility,
  untilHeard,
  withRules,
} from './cluster-conformance-rig.ts';

export function testLives(cluster: GetCluster): void {
  test('a killed node is gone, and restarts with its data at the same address', async () => {
    const address = cluster().clientAddress('n1');
    const lives = cluster().lives('n1');
    expect(await askText(cluster(), 'n1', ['SET', 'k', 'kept'])).toBe('OK');
    await cluster().kill('n1');
    expect(await cluster().nodeState('n1')).toBe('stopped');
    await expect(cluster().connect('n1')).rejects.toThrow();
    await cluster().kill('n1');
    await cluster().start('n1');
    expect(await cluster().nodeState('n1')).toBe('running');
    expect(cluster().clientAddress('n1')).toBe(address);
    expect(cluster().lives('n1')).toBe(lives + 1);
    expect(await askText(cluster(), 'n1', ['GET', 'k'])).toBe('kept');
    // A restarted node counts from zero, and is where its peers look for it.
    await untilHeard(cluster(), allLinks(), 3);
  });

  test('a paused node says nothing until it is resumed', async () => {
    await cluster().pause('n3');
    expect(await cluster().nodeState('n3')).toBe('paused');
    await expectSilent(cluster(), [link('n3>n1'), link('n3>n2')], { deaf: ['n3'] });
    await cluster().resume('n3');
    expect(await cluster().nodeState('n3')).toBe('running');
    await untilHeard(cluster(), allLinks(), 3);
  });

  test('a paused node can be killed', async () => {
    await cluster().pause('n3');
    await cluster().kill('n3');
    expect(await cluster().nodeState('n3')).toBe('stopped');
    await cluster().start('n3');
    await untilHeard(cluster(), allLinks(), 1);
  });

  test('a node that is stopped ends in good order and starts again', async () => {
    await cluster().stop('n2');
    expect(await cluster().nodeState('n2')).toBe('stopped');
    await cluster().start('n2');
    expect(await cluster().nodeState('n2')).toBe('running');
  });

  test('a process id is of one life: none while it is down, then another one', async () => {
    const first = await cluster().processId('n2');
    expect(first).toBeGreaterThan(1);
    expect(await cluster().processId('n3')).not.toBe(first);
    await cluster().kill('n2');
    expect(await cluster().processId('n2')).toBeNull();
    await cluster().start('n2');
    const second = await cluster().processId('n2');
    expect(second).toBeGreaterThan(1);
    expect(second).not.toBe(first);
  });
}

export function testLogLines(cluster: GetCluster): void {
  test('each line that a node writes is told as it comes, in every life of it', () =>
    tryAbility(cluster(), 'log-lines', {
      effect: async () => {
        const first: string[] = [];
        const second: string[] = [];
        const stopFirst = cluster().onLogLine((node, line) => first.push(`${node} ${line}`));
        const stopSecond = cluster().onLogLine((node, line) => second.push(`${node} ${line}`));
        await ask(cluster(), 'n2', ['LOG', 'hello']);
        await vi.waitFor(() => expect(first).toContain('n2 hello'), { timeout: 5000 });
        stopFirst();
        await cluster().kill('n2');
        await cluster().start('n2');
        await ask(cluster(), 'n2', ['LOG', 'again']);
        await vi.waitFor(() => expect(second).toContain('n2 again'), { timeout: 5000 });
        stopSecond();
        expect(second.filter((line) => /^n2 n2 version one started/.test(line))).toHaveLength(1);
        expect(second.filter((line) => line.endsWith(' hello'))).toEqual(['n2 hello']);
        expect(first).not.toContain('n2 again');
      },
      // Who listens is told nothing, and refused nothing: the capability says it beforehand.
      request: () => Promise.reject(new Error(whyNot(cluster))),
    }));
}

function whyNot(cluster: GetCluster): string {
  const capability = cluster().capabilities()['log-lines'];
  return capability.available ? '' : capability.why;
}

export function testExits(cluster: GetCluster): void {
  test('a node that ends by itself is told apart from all that were ended', async () => {
    expect(cluster().unexpectedExits()).toEqual([]);
    await ask(cluster(), 'n2', ['EXIT']);
    await vi.waitFor(
      () => {
        const exits = cluster().unexpectedExits();
        expect(exits).toMatchObject([{ node: 'n2', reason: expect.stringContaining('code 3') }]);
      },
      { timeout: 10_000 },
    );
    await cluster().start('n2');
    await cluster().kill('n2');
    await cluster().start('n2');
    expect(cluster().unexpectedExits()).toHaveLength(1);
  });

  test('an end that a fault may bring is no surprise, until the fault is over', async () => {
    const before = cluster().unexpectedExits().length;
    const over = cluster().mayEnd('n2', () => true);
    await ask(cluster(), 'n2', ['EXIT']);
    await expect.poll(() => cluster().nodeState('n2'), { timeout: 10_000 }).toBe('stopped');
    await cluster().start('n2');
    expect(cluster().unexpectedExits()).toHaveLength(before);
    over();
    const otherOver = cluster().mayEnd('n2', (words) => words.includes('its disk is full'));
    await ask(cluster(), 'n2', ['EXIT']);
    await expect
      .poll(() => cluster().unexpectedExits().length, { timeout: 10_000 })
      .toBe(before + 1);
    otherOver();
    await cluster().start('n2');
    // Of an end that comes at that very moment nobody can say why.
    await untilHeard(cluster(), allLinks(), 30);
    await ask(cluster(), 'n2', ['EXIT']);
    await expect
      .poll(() => cluster().unexpectedExits().length, { timeout: 10_000 })
      .toBe(before + 2);
    await cluster().start('n2');
  });
}

export function testSpares(cluster: GetCluster): void {
  test('a spare is no node until it is started; then it is cut, killed and stopped as one', () =>
    tryAbility(cluster(), 'spares', {
      effect: async () => {
        expect(cluster().spares).toEqual([spare]);
        expect(cluster().nodes).toEqual(nodes);
        expect(await cluster().nodeState(spare)).toBe('stopped');
        expect(await cluster().processId(spare)).toBeNull();
        await cluster().start(spare);
        expect(await cluster().nodeState(spare)).toBe('running');
        expect(await askText(cluster(), spare, ['PING'])).toBe('PONG');
        await untilHeard(cluster(), [link(`${spare}>n1`), link(`${spare}>n2`)], 3);
        const cut = between(spare, 'n1', { type: 'drop' });
        await withRules(cluster(), cut, async () => {
          await expectSilent(cluster(), [link(`${spare}>n1`)]);
          await untilHeard(cluster(), [link(`${spare}>n2`)], 3);
        });
        await cluster().kill(spare);
        expect(await cluster().nodeState(spare)).toBe('stopped');
        await cluster().start(spare);
        await cluster().stop(spare);
        expect(await cluster().nodeState(spare)).toBe('stopped');
      },
      request: () => cluster().start(spare),
    }));
}

export function testVersions(cluster: GetCluster): void {
  test('a node starts as another version on the same data, and stays it until told otherwise', () =>
    tryAbility(cluster(), 'versions', {
      effect: async () => {
        const [first = '', second = ''] = cluster().versions;
        const restart = async (version?: string): Promise<string | null> => {
          await cluster().kill('n3');
          await cluster().start('n3', version === undefined ? {} : { version });
          return askText(cluster(), 'n3', ['VERSION']);
        };
        expect(await askText(cluster(), 'n3', ['VERSION'])).toBe('one');
        await ask(cluster(), 'n3', ['SET', 'k', 'kept']);
        expect(await restart(second)).toBe('two');
        expect(await askText(cluster(), 'n3', ['GET', 'k'])).toBe('kept');
        expect(await askText(cluster(), 'n1', ['VERSION'])).toBe('one');
        expect(await restart()).toBe('two');
        expect(await restart(first)).toBe('one');
        await untilHeard(cluster(), allLinks(), 3);
        await cluster().kill('n3');
        await expect(cluster().start('n3', { version: 'no such version' })).rejects.toThrow(
          'no such version',
        );
        await cluster().start('n3');
      },
      request: async () => {
        await cluster().kill('n3');
        await cluster()
          .start('n3', { version: 'two' })
          .finally(() => cluster().start('n3'));
      },
    }));

  test('a line of a log can be answered by a kill of whoever wrote it', () =>
    tryAbility(cluster(), 'log-lines', {
      effect: async () => {
        const killed = Promise.withResolvers<void>();
        const stop = cluster().onLogLine((node, line) => {
          if (line === 'now') cluster().kill(node).then(killed.resolve, killed.reject);
        });
        await ask(cluster(), 'n1', ['LOG', 'now']);
        await killed.promise;
        stop();
        expect(await cluster().nodeState('n1')).toBe('stopped');
        expect(await askNumber(cluster(), 'n2', ['PID'])).toBeGreaterThan(0);
        await cluster().start('n1');
        await untilHeard(cluster(), allLinks(), 3);
      },
      request: () => Promise.reject(new Error(whyNot(cluster))),
    }));
}
