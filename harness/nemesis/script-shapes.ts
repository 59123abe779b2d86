/**
 * The words of a script of faults: what each trigger and each step takes.
 *
 * One source for what a file is checked with, for the complaints (each field's description is what
 * it takes), and for the JSON schema that editors read.
 */
import { z } from 'zod';
import type { FaultFamily } from '../nemesis.ts';

const node = z.string().min(1).describe('the name of a node, such as n1').optional();
const atLeastOne = z.int().min(1);
const pattern = z
  .string()
  .min(1)
  .refine(isPattern)
  .describe("a regular expression, such as 'became leader'");

/** What stands behind a word, as far as it may name a node. */
interface AboutNode {
  readonly node?: string | undefined;
}

/** What each word is followed by. */
export interface TriggerFields {
  readonly after: number;
  readonly 'leader-elected': AboutNode;
  readonly 'term-changed': object;
  readonly lag: AboutNode & { readonly entries: number };
  readonly 'snapshot-installed': AboutNode;
  readonly 'log-starts-after': AboutNode & { readonly index: number };
  readonly 'needs-snapshot': AboutNode;
  readonly line: AboutNode & { readonly pattern: string };
  readonly 'node-ended': AboutNode;
  readonly 'crash-point': AboutNode & {
    readonly name: string;
    readonly passage?: number | undefined;
  };
  readonly stalled: object;
}

export type TriggerWord = keyof TriggerFields;

export const triggerShapes: { readonly [W in TriggerWord]: z.ZodType<TriggerFields[W]> } = {
  after: z.int().min(0).describe('a whole number of completed operations, such as 200'),
  'leader-elected': z.strictObject({ node }),
  'term-changed': z.strictObject({}),
  lag: z.strictObject({
    node,
    entries: atLeastOne.describe('a whole number of entries, such as 500'),
  }),
  'snapshot-installed': z.strictObject({ node }),
  'log-starts-after': z.strictObject({
    node,
    index: atLeastOne.describe('an index of the log, such as 1000'),
  }),
  'needs-snapshot': z.strictObject({ node }),
  line: z.strictObject({ node, pattern }),
  'node-ended': z.strictObject({ node }),
  'crash-point': z.strictObject({
    node,
    name: z.string().min(1).describe('the name of a crash point of the system'),
    passage: atLeastOne.describe('which passage of it, a whole number from 1 up').optional(),
  }),
  stalled: z.strictObject({}),
};

export const triggerWords = Object.keys(triggerShapes) as readonly TriggerWord[];

/** Words that may stand alone. */
export const bareWords: readonly TriggerWord[] = [
  ...(['leader-elected', 'term-changed', 'snapshot-installed'] as const),
  ...(['needs-snapshot', 'node-ended', 'stalled'] as const),
];

/** `lag: 500` is short for `lag: { entries: 500 }`. */
export const shortForms: Readonly<Partial<Record<TriggerWord, string>>> = {
  lag: 'entries',
  line: 'pattern',
  'log-starts-after': 'index',
  'crash-point': 'name',
};

/** What stands in a phase beside the fault; `begin` and `end` are read by themselves. */
export const phaseShapes: {
  readonly fault: z.ZodType<string>;
  readonly with: z.ZodType<Record<string, unknown>>;
  readonly chance: z.ZodType<number>;
  readonly begin: z.ZodType;
  readonly end: z.ZodType;
  readonly 'not-reached-after': z.ZodType<number>;
} = {
  fault: z.string().min(1).describe('a family of faults, or family:variant such as kill:leader'),
  with: z.record(z.string(), z.unknown()).describe('parameters by name, such as { nodes: [n1] }'),
  chance: z
    .int()
    .min(0)
    .describe('how many random numbers the faults had drawn before, such as 17'),
  begin: z.unknown(),
  end: z.unknown(),
  'not-reached-after': atLeastOne.describe('a whole number of completed operations, such as 2000'),
};

export const hurryShape: z.ZodType<boolean> = z
  .boolean()
  .describe('true or false: whether what is waited for comes at once when every client is blocked');

export const repeatShape: z.ZodType<number> = z
  .int()
  .min(1)
  .max(1000)
  .describe('a whole number from 1 to 1000');

/** Whoever writes one of these thinks of a clock. */
export const clockWords: ReadonlySet<string> = new Set([
  ...['seconds', 'second', 'sec', 's', 'ms', 'millis', 'milliseconds', 'minutes', 'minute', 'm'],
  ...['time', 'timeout', 'wait', 'sleep', 'duration', 'delay', 'interval', 'every', 'at', 'for'],
]);

function isPattern(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

/** The JSON schema of a script, for editors: scripts/faults.schema.json. */
export function scriptJsonSchema(families: readonly FaultFamily[]): unknown {
  const parameters = [...new Set(families.flatMap((each) => Object.keys(each.parameters)))];
  const faults = families.flatMap(({ name, variants }) => [
    name,
    ...variants.map((variant) => `${name}:${variant.name}`),
  ]);
  const worded = triggerWords.map((word) => {
    const long = triggerShapes[word];
    const short = shortForms[word] === undefined ? [] : [z.union([z.string(), z.int()])];
    return z.strictObject({ [word]: z.union([long, ...short]) });
  });
  const single = z.union([z.enum([...bareWords]), ...worded]);
  const trigger = z.union([single, z.strictObject({ any: z.array(single).min(1) })]);
  const phase = z.strictObject({
    ...phaseShapes,
    fault: z.enum(faults),
    with: z.partialRecord(z.enum(parameters), z.unknown()).optional(),
    chance: phaseShapes.chance.optional(),
    begin: trigger.optional(),
    end: trigger.optional(),
    'not-reached-after': phaseShapes['not-reached-after'].optional(),
  });
  const step: z.ZodType = z.lazy(() => z.union([phase, parallel, repeated]));
  const parallel = z.strictObject({ parallel: z.array(z.union([step, z.array(step)])).min(1) });
  const repeated = z.strictObject({ repeat: repeatShape, phases: z.array(step).min(1) });
  const script = z.strictObject({
    description: z.string().optional(),
    hurry: hurryShape.optional(),
    phases: z.array(step).min(1),
  });
  return z.toJSONSchema(script, { reused: 'ref' });
}
