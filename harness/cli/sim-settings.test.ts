import { describe, expect, it } from 'vitest';
import { SettingsError } from './flag-values.ts';
import { parseSimSettings, type SimFlags, type SimSettings } from './sim-settings.ts';
import { argsOfChoices } from './sim-task.ts';

const none: SimFlags = {
  ...{ seeds: undefined, from: undefined, seed: undefined, jobs: undefined, shard: undefined },
  ...{ untilFound: undefined, bug: undefined, workload: undefined, nodes: undefined },
  ...{ concurrency: undefined, rate: undefined, timeLimit: undefined, ops: undefined },
  ...{ deadlineMs: undefined, nemesis: undefined, nemesisSchedule: undefined },
  ...{ nemesisEvery: undefined, nemesisFile: undefined, world: undefined, results: 'results' },
  ...{ json: undefined, ledger: undefined, resume: false, unknownOk: 0, hangLimit: 180 },
};

async function parse(flags: Partial<SimFlags>): Promise<SimSettings> {
  return parseSimSettings({ ...none, ...flags });
}

describe('the settings of rafture sim', () => {
  it('are a hundred seeds from 1 on, when nothing is said', async () => {
    expect(await parse({})).toMatchObject({
      kind: 'series',
      series: { first: 1, count: 100, shard: { part: 1, parts: 1 }, choices: {}, untilFound: null },
    });
  });

  it('take what somebody says of a plan, and say it again in words', async () => {
    const flags = {
      ...{ workload: 'queue', nodes: 4, concurrency: 7, rate: 0, timeLimit: 2, ops: 50 },
      ...{ deadlineMs: 300, nemesis: 'kill', nemesisSchedule: 'single', nemesisEvery: 20 },
      world: 'drop=0.05,snapshot=20',
    };
    const parsed = await parse(flags);
    const words =
      '--workload queue --nodes 4 --concurrency 7 --rate 0 --time-limit 2 --ops 50 ' +
      '--deadline-ms 300 --nemesis kill --nemesis-schedule single --nemesis-every 20 ' +
      '--world drop=0.05,snapshot=20';
    const { choices } = parsed.kind === 'series' ? parsed.series : parsed.settings;
    expect(argsOfChoices(choices).join(' ')).toBe(words);
  });

  it('know the harmless edits beside the planted bugs', async () => {
    const { noOpMutants } = await import('../bugs/index.ts');
    const [mutant] = noOpMutants;
    expect(mutant).toBeDefined();
    const parsed = await parse({ bug: mutant?.id ?? '' });
    expect(parsed).toMatchObject({ series: { bug: { id: mutant?.id } } });
  });

  it('refuse what cannot be had, in one sentence that says what can', async () => {
    const wrong: readonly (readonly [Partial<SimFlags>, string])[] = [
      [{ seeds: 0 }, '--seeds takes a whole number above 0; not 0'],
      [{ jobs: 1.5 }, '--jobs takes a whole number above 0; not 1.5'],
      [{ from: -1 }, '--from takes a whole number from 0 up; not -1'],
      [{ seed: 5, seeds: 9 }, '--seed repeats one seed, and --seeds is for many'],
      [{ seed: 5, ledger: 'x' }, '--seed repeats one seed, and --ledger is for many'],
      [{ seed: 'x' }, '--seed takes a whole number from 0 up; not x'],
      [{ bug: 'none-such' }, '--bug takes '],
      [{ workload: 'bank' }, 'cas-register'],
      [{ nemesis: 'rain' }, '--nemesis'],
      [{ nodes: 10 }, '--nodes takes 1 to 9'],
      [{ concurrency: '2n' }, '--concurrency takes a whole number above 0; not 2n'],
      [{ shard: '3/2' }, '--shard takes a part of so many, such as 2/4; not 3/2'],
      [{ shard: '0/2' }, '--shard takes'],
      [{ unknownOk: 1 }, '--unknown-ok takes a share from 0 to below 1'],
      [{ untilFound: 0 }, '--until-found takes a whole number above 0'],
      [{ hangLimit: 0 }, '--hang-limit takes a number above 0'],
      [{ resume: true }, '--ledger FILE'],
      [{ world: 'rain=1' }, '--world: there is no rain'],
      [{ nemesisFile: 'every-fault', nemesis: 'kill' }, 'name no others'],
      [{ nemesisFile: './there-is-none.yaml' }, 'there-is-none'],
    ];
    for (const [flags, hint] of wrong) {
      const what = JSON.stringify(flags);
      const error: unknown = await parse(flags).catch((thrown: unknown) => thrown);
      expect(error, what).toBeInstanceOf(SettingsError);
      expect(String(error), what).toContain(hint);
    }
  });
});
