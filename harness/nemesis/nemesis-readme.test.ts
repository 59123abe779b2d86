import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { simulatedCapabilities } from '../cluster/simulated-capabilities.ts';
import { type Ability, abilities } from '../cluster.ts';
import type { FaultFamily, Need } from '../nemesis.ts';
import { scheduleWords } from './create-schedule.ts';
import { families as modules } from './families.ts';
import { profiles } from './profiles.ts';
import { phasesOf } from './script.ts';
import { shippedScripts } from './script-files.ts';
import { parseScript } from './script-parse.ts';
import { bareWords, triggerWords } from './script-shapes.ts';

const families = modules.map(({ family }) => family);
const folder = fileURLToPath(new URL('.', import.meta.url));
const readmePath = `${folder}README.md`;
const readme = readFileSync(readmePath, 'utf8');

const bridge = 'nftables at the bridge';
const proxies = 'else TCP proxies';
const faultDisk = "the system's own fault disk";

const nowhere = 'not at all';

/** How the clusters of containers and of processes have it. The simulation says so itself. */
const where: Readonly<Record<Ability, readonly [docker: string, process: string]>> = {
  drop: [bridge, `namespaces: ${bridge}; ${proxies}`],
  oneway: [`${bridge}, acknowledgements pass`, `the same; ${proxies}`],
  loss: [`${bridge}, at random`, `the same; ${proxies}, which stop for as long as TCP would`],
  delay: ['netem where the kernel has it; else proxies beside the nodes', 'TCP proxies'],
  rate: ['token buckets or netem; else proxies beside the nodes', 'TCP proxies'],
  hold: ['proxies beside the nodes', 'TCP proxies'],
  reset: [`${bridge} or in the nodes' namespaces`, `the same; ${proxies}`],
  'client-cut': [`${bridge}, for the clients' port`, `the same; ${proxies}`],
  kill: ['SIGKILL by process id, or by the engine', 'SIGKILL'],
  'step-crash': [nowhere, nowhere],
  pause: ['the freezer of the engine', 'SIGSTOP'],
  'log-lines': ["the containers' output", 'the files that the nodes write'],
  'power-loss': ['ext4 on a loop device for each node: pause, shutdown, kill, mount', faultDisk],
  'disk-full': ['the same device, filled', faultDisk],
  'disk-slow': ['a limit of writes, of the control group', faultDisk],
  'disk-error': [nowhere, nowhere],
  damage: ['the files of a stopped node', 'the files of a stopped node'],
  spares: ['a further container', 'a further process'],
  versions: ['a second image', 'a second folder of sources'],
};

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), `|${'---|'.repeat(head.length)}`, ...rows.map(row)].join('\n');
}

function needsOf({ variants }: FaultFamily): readonly Need[] {
  return [...new Set(variants.flatMap(({ needs }) => needs))];
}

/** Everything a machine may have to offer; doctor says what this one has. */
function clustersOf(family: FaultFamily): string {
  const needs = needsOf(family);
  if (needs.some((need) => need === 'step-crash' || need === 'disk-error')) return 'sim';
  const isOnDisk = needs.some((need) => /^(power-loss|disk-)/.test(need));
  const isSimulated = needs.every(
    (need) => need.startsWith('operator:') || simulatedCapabilities[need as Ability].available,
  );
  return [
    'docker',
    isOnDisk ? 'process (fault disk)' : 'process',
    ...(isSimulated ? ['sim'] : []),
  ].join(', ');
}

function faultsTable(): string {
  const rows = families.map((family) => {
    const { name, group, description, variants, parameters, evidence, isMomentary } = family;
    const words = Object.keys(parameters).map((each) => `\`${each}\``);
    return [
      ...[`\`${name}\``, group, `${description}${isMomentary ? '; over at once' : ''}`],
      variants.map((variant) => `\`${variant.name}\``).join(' '),
      ...[words.join(' ') || '–', clustersOf(family), evidence],
    ];
  });
  const head = ['family', 'group', 'what it does', 'variants', 'parameters', 'where', 'evidence'];
  const meanings = families.map(({ name, variants, parameters }) => [
    `\`${name}\``,
    variants.map((variant) => `\`${variant.name}\`: ${variant.description}`).join('<br>'),
    Object.entries(parameters)
      .map(([word, meaning]) => `\`${word}\`: ${meaning}`)
      .join('<br>') || '–',
  ]);
  return [table(head, rows), '', table(['family', 'variants', 'parameters'], meanings)].join('\n');
}

function abilitiesTable(): string {
  const rows = abilities.map((ability) => {
    const simulated = simulatedCapabilities[ability];
    const users = families.filter((family) => needsOf(family).includes(ability));
    const sim = simulated.available ? simulated.how : `no: ${simulated.why}`;
    const names = users.map(({ name }) => `\`${name}\``).join(' ') || '–';
    return [`\`${ability}\``, names, ...where[ability], sim];
  });
  return table(['what', 'is needed by', 'docker', 'process', 'sim'], rows);
}

function schedulesTable(): string {
  const rows = Object.entries(scheduleWords).map(([name, words]) => [`\`${name}\``, words]);
  return table(['`--nemesis-schedule`', 'what comes'], rows);
}

function profilesTable(): string {
  const rows = profiles.map(({ name, description, nodesMin }) => {
    return [`\`${name}\``, String(nodesMin), description];
  });
  return table(['shape', 'nodes', 'what comes'], rows);
}

function scriptsTable(): string {
  const rows = shippedScripts().map((name) => {
    const text = readFileSync(`${folder}scripts/${name}.yaml`, 'utf8');
    return [`[\`${name}\`](scripts/${name}.yaml)`, String(parseDocument(text).get('description'))];
  });
  return table(['script', 'what it does'], rows);
}

const made: readonly (readonly [string, () => string])[] = [
  ['faults', faultsTable],
  ['abilities', abilitiesTable],
  ['schedules', schedulesTable],
  ['profiles', profilesTable],
  ['scripts', scriptsTable],
];

describe('harness/nemesis/README.md', () => {
  it('has the tables that the code makes', () => {
    let expected = readme;
    for (const [name, make] of made) {
      const between = new RegExp(`(<!-- ${name}: .* -->\n)[\\s\\S]*(<!-- end of ${name} -->)`);
      expect(between.test(readme), name).toBe(true);
      expected = expected.replace(between, (_all, first, last) => `${first}${make()}\n${last}`);
    }
    if (process.env['REWRITE'] === '1') writeFileSync(readmePath, expected);
    else expect(readme).toBe(expected);
  });

  it('shows a script that is understood', () => {
    const text = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
    const script = parseScript({ path: 'README.md', text, families });
    expect(phasesOf(script.steps)).toHaveLength(10);
  });

  it('tells of every trigger', () => {
    const section = /\n\| trigger \| comes \|\n([\s\S]*?)\n\n/.exec(readme)?.[1] ?? '';
    const told = [...section.matchAll(/^\| `([a-z-]+)/gm)].map(([, word]) => word);
    expect(told.sort()).toEqual([...triggerWords, 'any'].sort());
    for (const word of bareWords) expect(section).toContain(`| \`${word}\` |`);
  });
});
