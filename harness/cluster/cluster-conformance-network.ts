/** The conformance suite's part about links: silence where it was asked for, and nowhere else. */
import { expect, test } from 'vitest';
import { type Cluster, clientsEnd, type Link, type LinkMode } from '../cluster.ts';
import {
  allLinks,
  ask,
  askNumber,
  askText,
  between,
  expectRules,
  expectSilent,
  type GetCluster,
  heard,
  link,
  metBy,
  metOn,
  rule,
  shortestTrip,
  trip,
  tryAbility,
  untilHeard,
  withRules,
} from './cluster-conformance-rig.ts';

const drop: LinkMode = { type: 'drop' };
const oneway: LinkMode = { type: 'oneway' };
const hold: LinkMode = { type: 'hold' };
const reset: LinkMode = { type: 'reset' };

/** A mode as a test of one asks for it: where it is not to be had, the request is refused. */
function tryMode(cluster: Cluster, { type }: LinkMode, effect: () => Promise<void>): Promise<void> {
  const mode = exampleModes[type];
  const request = async (): Promise<void> => {
    await cluster.network.set([rule('n1>n3', drop)]);
    try {
      await cluster.network.set([rule('n1>n2', mode)]);
    } finally {
      const { rules } = await cluster.network.read();
      await cluster.network.set([]);
      // Refused as a whole: what was in force still is.
      expect(rules).toEqual([rule('n1>n3', drop)]);
    }
  };
  return tryAbility(cluster, type, { effect, request });
}

const exampleModes: Readonly<Record<LinkMode['type'], LinkMode>> = {
  ...{ drop, oneway, hold, reset },
  loss: { type: 'loss', percent: 50 },
  delay: { type: 'delay', ms: 60, jitterMs: 0 },
  rate: { type: 'rate', kilobitsPerS: 400 },
};

export function testCuts(cluster: GetCluster): void {
  test('a cut pair of links is silent, reads back, drops packets; no other is', () =>
    tryMode(cluster(), drop, async () => {
      const before = await metBy(cluster(), 'drop');
      await withRules(cluster(), between('n1', 'n2', drop), async () => {
        await expectSilent(cluster(), between('n1', 'n2', drop));
        expect(await metBy(cluster(), 'drop')).toBeGreaterThan(before);
      });
    }));

  test('a link that drops all in one direction silences that one at least, and no third', () =>
    tryMode(cluster(), drop, async () => {
      await withRules(cluster(), [rule('n1>n2', drop)], async () => {
        await expectSilent(cluster(), [link('n1>n2')], { indifferent: [link('n2>n1')] });
      });
    }));

  test('a link that is cut one way leaves the other direction working', () =>
    tryMode(cluster(), oneway, async () => {
      const before = await metBy(cluster(), 'oneway');
      await withRules(cluster(), [rule('n1>n2', oneway)], async () => {
        await expectSilent(cluster(), [link('n1>n2')]);
        expect(await metBy(cluster(), 'oneway')).toBeGreaterThan(before);
      });
    }));

  test('what a rule has met is counted for its own link, and stays when it goes', () =>
    tryMode(cluster(), oneway, async () => {
      const [first, second] = [link('n1>n2'), link('n1>n3')];
      const untilMore = async (place: Link, than: number): Promise<void> => {
        while ((await metOn(cluster(), place, 'oneway')) <= than) {
          await askText(cluster(), 'n3', ['PING']);
        }
      };
      await withRules(cluster(), [rule('n1>n2', oneway), rule('n1>n3', oneway)], async () => {
        await Promise.all([untilMore(first, 0), untilMore(second, 0)]);
        await cluster().network.set([rule('n1>n2', oneway)]);
        const left = await metOn(cluster(), second, 'oneway');
        expect(left).toBeGreaterThan(0);
        await untilMore(first, await metOn(cluster(), first, 'oneway'));
        expect(await metOn(cluster(), second, 'oneway')).toBe(left);
      });
    }));

  test('new rules take the place of the old ones', async () => {
    await cluster().network.set(between('n1', 'n2', drop));
    await withRules(cluster(), between('n3', 'n1', drop), async () => {
      await expectSilent(cluster(), between('n3', 'n1', drop));
    });
  });

  test('a cut outlives the restart of a node', async () => {
    await withRules(cluster(), between('n1', 'n2', drop), async () => {
      await cluster().kill('n2');
      await cluster().start('n2');
      await expectSilent(cluster(), between('n1', 'n2', drop));
    });
  });

  test('clients are cut from a node, those of others are not, and no peer is', () =>
    tryClientCut(cluster()));
}

async function tryClientCut(cluster: Cluster): Promise<void> {
  const cut = between(clientsEnd, 'n1', drop);
  const effect = async (): Promise<void> => {
    await cluster.network.set(cut);
    try {
      await expectRules(cluster, cut);
      const before = await heard(cluster, link('n1>n2'));
      const answer = ask(cluster, 'n1', ['PING'], 1000).then(
        ({ type }) => type,
        () => 'refused',
      );
      expect(['lost', 'refused']).toContain(await answer);
      expect(await askText(cluster, 'n2', ['PING'])).toBe('PONG');
      await untilHeard(cluster, [link('n1>n2'), link('n1>n3')], 10);
      expect(await heard(cluster, link('n1>n2'))).toBeGreaterThan(before);
    } finally {
      await cluster.network.set([]);
    }
    await expectRules(cluster, []);
    expect(await askText(cluster, 'n1', ['PING'])).toBe('PONG');
    await untilHeard(cluster, allLinks(), 3);
  };
  await tryAbility(cluster, 'client-cut', { effect, request: () => cluster.network.set(cut) });
}

export function testBadLinks(cluster: GetCluster): void {
  test('packets are lost, which shows as trips that take long; other links lose none', () =>
    tryMode(cluster(), exampleModes.loss, async () => {
      const before = await metBy(cluster(), 'loss');
      await withRules(cluster(), between('n1', 'n2', exampleModes.loss), async () => {
        // One that is lost comes again after 200 ms, the least that TCP waits.
        while ((await trip(cluster(), 'n1>n2')) < 100);
        expect(await shortestTrip(cluster(), 'n1>n3')).toBeLessThan(100);
        expect(await metBy(cluster(), 'loss')).toBeGreaterThan(before);
      });
    }));

  test('a link is delayed by as much as was asked for, and no other is', () =>
    tryMode(cluster(), exampleModes.delay, async () => {
      await withRules(cluster(), [rule('n1>n2', exampleModes.delay)], async () => {
        expect(await shortestTrip(cluster(), 'n1>n2')).toBeGreaterThan(58);
        expect(await shortestTrip(cluster(), 'n1>n3')).toBeLessThan(58);
      });
      expect(await shortestTrip(cluster(), 'n1>n2')).toBeLessThan(58);
    }));

  test('a delay in both directions counts twice, and jitter makes no two alike', () =>
    tryMode(cluster(), exampleModes.delay, async () => {
      const delay: LinkMode = { type: 'delay', ms: 40, jitterMs: 20 };
      await withRules(cluster(), between('n1', 'n2', delay), async () => {
        const trips: number[] = [];
        for (let at = 0; at < 8; at++) trips.push(await trip(cluster(), 'n1>n2'));
        expect(Math.min(...trips)).toBeGreaterThan(38);
        expect(Math.max(...trips) - Math.min(...trips)).toBeGreaterThan(4);
      });
    }));

  test('a link carries as much in a second as was asked for, and others more', () =>
    tryMode(cluster(), exampleModes.rate, async () => {
      // 400 kbit/s are 50 kB/s: these take 1.6 s, less what a burst may take ahead.
      const bytes = 80_000;
      await withRules(cluster(), [rule('n1>n2', exampleModes.rate)], async () => {
        expect(await trip(cluster(), 'n1>n2', bytes)).toBeGreaterThan(800);
        expect(await trip(cluster(), 'n1>n3', bytes)).toBeLessThan(800);
      });
      expect(await trip(cluster(), 'n1>n2', bytes)).toBeLessThan(800);
    }));
}

interface FromRecord {
  readonly life: number;
  readonly number: number;
  readonly disordered: number;
  readonly missing: number;
}

async function from(cluster: Cluster, words: string): Promise<FromRecord> {
  const { from: peer, to } = link(words);
  return JSON.parse((await askText(cluster, to, ['FROM', peer])) ?? '{}') as FromRecord;
}

export function testJams(cluster: GetCluster): void {
  test('what a jammed link holds arrives later, all of it and in order', () =>
    tryMode(cluster(), hold, async () => {
      let sent = 0;
      const closed = await askNumber(cluster(), 'n1', ['CLOSED', 'n2']);
      const was = await from(cluster(), 'n1>n2');
      await withRules(cluster(), [rule('n1>n2', hold)], async () => {
        await expectSilent(cluster(), [link('n1>n2')]);
        sent = await askNumber(cluster(), 'n1', ['SENT', 'n2']);
        expect(sent).toBeGreaterThan((await from(cluster(), 'n1>n2')).number + 20);
      });
      await expect
        .poll(async () => (await from(cluster(), 'n1>n2')).number, { timeout: 10_000 })
        .toBeGreaterThanOrEqual(sent);
      const { life, disordered, missing } = await from(cluster(), 'n1>n2');
      expect({ life, disordered }).toEqual({ life: was.life, disordered: was.disordered });
      // The jam may begin and end with that of a connection, which loses what it had on its way.
      const ended = (await askNumber(cluster(), 'n1', ['CLOSED', 'n2'])) - closed;
      expect(ended).toBeLessThanOrEqual(2);
      expect(missing - was.missing).toBeLessThanOrEqual(5 * ended);
    }));

  test('what a jammed link holds arrives even when its sender has gone', () =>
    tryMode(cluster(), hold, async () => {
      await cluster().network.set([rule('n1>n2', hold)]);
      try {
        await expectSilent(cluster(), [link('n1>n2')]);
        const sent = await askNumber(cluster(), 'n1', ['SENT', 'n2']);
        await cluster().kill('n1');
        const held = await from(cluster(), 'n1>n2');
        expect(held.number).toBeLessThan(sent);
        await cluster().network.set([]);
        await expect
          .poll(() => from(cluster(), 'n1>n2'), { timeout: 10_000 })
          .toMatchObject({ life: held.life, number: expect.toSatisfy((n) => n >= sent) });
      } finally {
        await cluster().network.set([]);
      }
      await cluster().start('n1');
      await untilHeard(cluster(), allLinks(), 3);
    }));

  test('connections of a pair are reset, new ones are refused, and no other ends', () =>
    tryMode(cluster(), reset, async () => {
      const closed = (words: string): Promise<number> => {
        const { from: node, to: peer } = link(words);
        return askNumber(cluster(), node, ['CLOSED', peer]);
      };
      const others = await Promise.all(['n1>n3', 'n3>n1', 'n2>n3'].map(closed));
      const was = await closed('n1>n2');
      await withRules(cluster(), between('n1', 'n2', reset), async () => {
        // More than one end: the new ones do not come about.
        await expect.poll(() => closed('n1>n2'), { timeout: 10_000 }).toBeGreaterThan(was + 2);
        await expectSilent(cluster(), between('n1', 'n2', reset));
      });
      expect(await Promise.all(['n1>n3', 'n3>n1', 'n2>n3'].map(closed))).toEqual(others);
    }));
}
