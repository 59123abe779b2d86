import { describe, expect, it } from 'vitest';
import type { LinkRule } from '../cluster.ts';
import { DesiredNetwork, describeRule, sameRules } from './desired-network.ts';
import { MemoryNetwork } from './memory-network.ts';

const drop = (from: string, to: string): LinkRule => ({ from, to, mode: { type: 'drop' } });
const loss = (percent: number): LinkRule => ({
  ...{ from: 'n1', to: 'n2', mode: { type: 'loss', percent } },
});

function rig(refuses: () => boolean = () => false) {
  const network = new MemoryNetwork(() => {
    if (refuses()) throw new Error('no such mode');
  });
  const desired = new DesiredNetwork(network);
  return { network, desired, words: () => network.rules.map(describeRule).sort() };
}

describe('the desired network', () => {
  it('has the rules of every owner, each once', async () => {
    const { desired, words } = rig();
    const [a, b] = [{}, {}];
    await desired.put(a, [drop('n1', 'n2'), drop('n2', 'n1')]);
    const { isInForce, reading } = await desired.put(b, [drop('n1', 'n2'), loss(20)]);
    expect({ isInForce, count: reading.rules.length }).toEqual({ isInForce: true, count: 3 });
    expect(words()).toEqual(['n1>n2 drop', 'n1>n2 loss 20%', 'n2>n1 drop']);
    await desired.remove(a);
    expect(words()).toEqual(['n1>n2 drop', 'n1>n2 loss 20%']);
    await desired.put(b, [loss(30)]);
    expect(words()).toEqual(['n1>n2 loss 30%']);
    await desired.remove(b);
    expect(words()).toEqual([]);
  });

  it('refuses two ways of one mode on a link, and goes on as if nobody had asked', async () => {
    const { desired, words } = rig();
    const [a, b] = [{}, {}];
    await desired.put(a, [loss(20)]);
    await expect(desired.put(b, [loss(30)])).rejects.toThrow('two faults differ');
    expect(words()).toEqual(['n1>n2 loss 20%']);
    await desired.put(b, [drop('n1', 'n3')]);
    expect(words()).toEqual(['n1>n2 loss 20%', 'n1>n3 drop']);
  });

  it('desires what it did before when the cluster refuses a change', async () => {
    let refuses = false;
    const { desired, words } = rig(() => refuses);
    const [a, b] = [{}, {}];
    await desired.put(a, [drop('n1', 'n2')]);
    refuses = true;
    await expect(desired.put(b, [loss(30)])).rejects.toThrow('no such mode');
    await expect(desired.remove(a)).rejects.toThrow('no such mode');
    refuses = false;
    await desired.remove(b);
    expect(words()).toEqual(['n1>n2 drop']);
  });

  it('is cleared of everything, after whatever was under way', async () => {
    const { desired, words } = rig();
    const put = desired.put({}, [drop('n1', 'n2')]);
    await Promise.all([put, desired.clear()]);
    expect(words()).toEqual([]);
    await desired.put({}, []);
    expect(words()).toEqual([]);
  });

  it('says when what is read back is not what was desired', async () => {
    const { network, desired } = rig();
    network.lie = [drop('n1', 'n3')];
    expect((await desired.put({}, [drop('n1', 'n2')])).isInForce).toBe(false);
    expect(sameRules([loss(20)], [loss(20)])).toBe(true);
    expect(sameRules([loss(20)], [loss(21)])).toBe(false);
    expect(sameRules([loss(20)], [loss(20), drop('n1', 'n2')])).toBe(false);
    expect(sameRules([drop('n1', 'n2')], [drop('n2', 'n1')])).toBe(false);
  });

  it('words say all of a rule', () => {
    const from = { from: 'n1', to: 'clients' };
    expect(describeRule({ ...from, mode: { type: 'delay', ms: 50, jitterMs: 10 } })).toBe(
      'n1>clients delay 50ms+-10ms',
    );
    expect(describeRule({ ...from, mode: { type: 'rate', kilobitsPerS: 8 } })).toBe(
      'n1>clients rate 8kbit/s',
    );
    expect(describeRule({ ...from, mode: { type: 'hold' } })).toBe('n1>clients hold');
  });
});
