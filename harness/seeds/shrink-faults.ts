/**
 * Faults that have happened, as phases of a script: what, to whom, and after how many completed
 * operations of the run each began and ended. And the file that says so, as `--nemesis-file` takes
 * it.
 */
import type { FaultParameters } from '../nemesis.ts';

/** One fault, from begin to end, both counted in completed operations. */
export interface ScriptedFault {
  readonly family: string;
  readonly variant: string | null;
  readonly parameters: FaultParameters;
  /** As in a phase of a script; null: not said. */
  readonly chance: number | null;
  /** Operations that had completed in the run. */
  readonly begin: number;
  /** Operations from its begin to its end; null when it is over at once. */
  readonly lasts: number | null;
}

export interface ScriptText {
  /** Lines of a comment at the top, without the `#`. */
  readonly header: readonly string[];
  readonly description: string;
}

/** One fault or more; throws a RangeError for none, which no file can say. */
export function renderScript(
  faults: readonly ScriptedFault[],
  { header, description }: ScriptText,
): string {
  if (faults.length === 0) throw new RangeError('a script has one phase or more');
  let since = 0;
  const steps = groupsOf(faults).flatMap((group) => {
    const [first, ...others] = group;
    if (first === undefined) return [];
    const from = since;
    since = Math.max(...group.map(endOf));
    if (others.length === 0) return phaseLines(first, first.begin - from, '  ');
    const branches = group.flatMap((fault) => phaseLines(fault, fault.begin - from, '      '));
    return ['  - parallel:', ...branches];
  });
  return [
    ...header.map((line) => (line === '' ? '#' : `# ${line}`)),
    `description: ${JSON.stringify(description)}`,
    'hurry: false',
    'phases:',
    ...steps,
    '',
  ].join('\n');
}

function endOf({ begin, lasts }: ScriptedFault): number {
  return begin + (lasts ?? 0);
}

/** By their begins; faults that overlap are in one group. */
function groupsOf(faults: readonly ScriptedFault[]): readonly (readonly ScriptedFault[])[] {
  const groups: ScriptedFault[][] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const fault of faults.toSorted((one, other) => one.begin - other.begin)) {
    if (fault.begin < last) groups.at(-1)?.push(fault);
    else groups.push([fault]);
    last = Math.max(last, endOf(fault));
  }
  return groups;
}

function phaseLines(fault: ScriptedFault, after: number, indent: string): readonly string[] {
  const { family, variant, parameters, chance, lasts } = fault;
  const name = variant === null ? family : `${family}:${variant}`;
  const given = Object.entries(parameters);
  const words = given.map(([key, value]) => `${key}: ${flowOf(value)}`);
  return [
    `${indent}- fault: ${name}`,
    ...(words.length === 0 ? [] : [`${indent}  with: { ${words.join(', ')} }`]),
    ...(chance === null ? [] : [`${indent}  chance: ${chance}`]),
    `${indent}  begin: { after: ${after} }`,
    ...(lasts === null ? [] : [`${indent}  end: { after: ${lasts} }`]),
  ];
}

/** In YAML's flow style: names bare, everything else as JSON, which is YAML too. */
function flowOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flowOf).join(', ')}]`;
  const isName = typeof value === 'string' && /^[a-z]\w*(>\w+)?$/.test(value) && !isWord(value);
  return isName ? value : JSON.stringify(value);
}

/** What YAML takes for something else than text. */
function isWord(text: string): boolean {
  return ['true', 'false', 'null', 'yes', 'no', 'on', 'off', 'y', 'n'].includes(text);
}

/** Only what is about the nodes that stay, under their new names; null when nothing is left. */
export function faultOnNodes(
  fault: ScriptedFault,
  names: ReadonlyMap<string, string>,
): ScriptedFault | null {
  const { nodes, links, groups, to, ...others } = fault.parameters;
  const parameters: Record<string, unknown> = { ...others };
  const namesIn = (given: unknown): readonly string[] => {
    const all: readonly unknown[] = Array.isArray(given) ? given : [given];
    return all.flatMap((name) => names.get(String(name)) ?? []);
  };
  if (nodes !== undefined) parameters['nodes'] = namesIn(nodes);
  if (to !== undefined) parameters['to'] = names.get(String(to)) ?? '';
  if (Array.isArray(links)) parameters['links'] = links.flatMap((link) => linkOf(link, names));
  if (Array.isArray(groups)) {
    const named = groups.map(namesIn).filter((group) => group.length > 0);
    parameters['groups'] = named.length < 2 ? [] : named;
  }
  const isGone = Object.values(parameters).some(
    (value) => value === '' || (Array.isArray(value) && value.length === 0),
  );
  return isGone ? null : { ...fault, parameters };
}

/** The same wherever its variant says. */
export function faultAnywhere(fault: ScriptedFault): ScriptedFault {
  const { nodes, links, groups, to, mode, ...parameters } = fault.parameters;
  return { ...fault, parameters };
}

function linkOf(link: unknown, names: ReadonlyMap<string, string>): readonly string[] {
  const [from = '', to = ''] = String(link).split('>');
  const ends = [names.get(from), names.get(to)];
  return ends.includes(undefined) ? [] : [ends.join('>')];
}

/** The nodes that a fault names. */
export function nodesNamedBy({ parameters }: ScriptedFault): readonly string[] {
  const { nodes, links, groups, to } = parameters;
  const words = [nodes, links, groups, to].flat(2).filter((each) => each !== undefined);
  return [...new Set(words.flatMap((word) => String(word).split('>')))];
}
