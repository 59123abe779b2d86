/**
 * What is wrong with a script of faults: every mistake with its file and line, and what to write
 * instead.
 */
import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
} from 'yaml';
import type { z } from 'zod';
import { hintOf, nearestName } from '../nearest-name.ts';
import { clockWords } from './script-shapes.ts';

/** The script cannot be used; each line of the message is a mistake. */
export class ScriptError extends Error {
  override readonly name = 'ScriptError';
}

/** Where something stands in the file: keys and positions from the top. */
export type Place = readonly (string | number)[];

const noClock =
  'no fault begins or ends by a clock: write how many operations must have completed, such as ' +
  'after: 200, or a state, such as leader-elected';

/** Reads the file, and collects what is wrong with it. */
export class ScriptReader {
  readonly #path: string;
  readonly #lines = new LineCounter();
  readonly #document: Document;
  /** Mappings with a word that nobody knows: what they lack may be what it was meant to be. */
  readonly #misspelt = new Set<string>();
  /** What stands in the file for a word that was meant, by the place that it was meant for. */
  readonly #written = new Map<string, string>();
  readonly #complaints: { readonly line: number; readonly text: string }[] = [];

  constructor(path: string, text: string) {
    this.#path = path;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    for (const { pos, message } of this.#document.errors) {
      const { line } = this.#lines.linePos(pos[0]);
      this.#complaints.push({ line, text: `this is not YAML: ${message}` });
    }
  }

  /** What the file says, as plain values; null when it is not even YAML. */
  get content(): unknown {
    return this.#complaints.length > 0 ? null : (this.#document.toJS() as unknown);
  }

  complain(place: Place, text: string): void {
    this.#complaints.push({ line: this.lineOf(place), text });
  }

  /** Throws ScriptError when there was a complaint. */
  finish(): void {
    if (this.#complaints.length === 0) return;
    const sorted = [...this.#complaints].sort((a, b) => a.line - b.line);
    const lines = sorted.map(({ line, text }) => `${this.#path}:${line}: ${text}`);
    throw new ScriptError(lines.join('\n'));
  }

  /** Counted from 1; of the key, where there is one. */
  lineOf(place: Place): number {
    let node: unknown = this.#document.contents;
    let at = 0;
    for (const [depth, step] of place.entries()) {
      if (isMap(node)) {
        const word = this.#written.get(keyOf(place.slice(0, depth + 1))) ?? step;
        const pair = node.items.find(({ key }) => isScalar(key) && key.value === word);
        if (pair === undefined || !isPair(pair)) break;
        at = startOf(pair.key) ?? at;
        node = pair.value;
      } else if (isSeq(node)) {
        node = node.items[Number(step)];
        at = startOf(node) ?? at;
      }
    }
    return this.#lines.linePos(at).line;
  }

  /**
   * A mapping without the words that nobody knows, each of which is a complaint; null when it is
   * none. What stands behind a misspelt word is read as that of the word that it resembles.
   */
  mapping(place: Place, value: unknown, words: readonly string[]): Record<string, unknown> | null {
    if (!isMapping(value)) {
      if (value === undefined && this.#isMisspelt(place)) return null;
      const known = words.map((word) => `${word}:`).join(', ');
      this.complain(
        place,
        `a list of words with values belongs here (${known}); not ${show(value)}`,
      );
      return null;
    }
    const strangers = Object.keys(value).filter((word) => !words.includes(word));
    const known = Object.entries(value).filter(([word]) => words.includes(word));
    const mapping: Record<string, unknown> = Object.fromEntries(known);
    for (const word of strangers) {
      this.#complainOfWord([...place, word], word, words);
      this.#misspelt.add(keyOf(place));
      const meant = clockWords.has(word) ? null : nearestName(word, words);
      if (meant === null || meant in mapping) continue;
      mapping[meant] = value[word];
      this.#written.set(keyOf([...place, meant]), word);
    }
    return mapping;
  }

  /** A list with something in it; null after a complaint. */
  list(place: Place, value: unknown, what: string): readonly unknown[] | null {
    if (Array.isArray(value) && value.length > 0) return value;
    if (value === undefined && this.#isMisspelt(place)) return null;
    this.complain(place, `a list of ${what} belongs here, one or more; not ${show(value)}`);
    return null;
  }

  /** Something in the mapping around it was complained of already. */
  #isMisspelt(place: Place): boolean {
    return this.#misspelt.has(keyOf(place.slice(0, -1)));
  }

  /** What fits the shape; null after a complaint. */
  fitting<T>(place: Place, value: unknown, shape: z.ZodType<T>): T | null {
    const parsed = shape.safeParse(value);
    if (parsed.success) return parsed.data;
    if (value === undefined && this.#isMisspelt(place)) return null;
    for (const issue of parsed.error.issues) {
      const inner = [...place, ...issue.path.map((step) => (typeof step === 'symbol' ? '' : step))];
      if (issue.code === 'unrecognized_keys') {
        const words = wordsOf(shape);
        for (const word of issue.keys) this.#complainOfWord([...inner, word], word, words);
      } else {
        this.#complainOfValue(inner, at(value, issue.path), describedAt(shape, issue.path));
      }
    }
    return null;
  }

  #complainOfWord(place: Place, word: string, words: readonly string[]): void {
    if (clockWords.has(word)) {
      this.complain(place, `${word}: ${noClock}`);
      return;
    }
    const known = words.length === 0 ? 'nothing belongs here' : `there are ${words.join(', ')}`;
    this.complain(place, `${word}: there is no such word here${hintOf(word, words)}; ${known}`);
  }

  #complainOfValue(place: Place, value: unknown, takes: string): void {
    const name = place.findLast((step) => typeof step === 'string') ?? 'this';
    const isTime = typeof value === 'string' && /^\s*\d+(\.\d+)?\s*[a-z]+\s*$/i.test(value);
    const clock = isTime && takes.includes('operations') ? `; ${noClock}` : '';
    this.complain(place, `${name} takes ${takes}; not ${show(value)}${clock}`);
  }
}

function keyOf(place: Place): string {
  return JSON.stringify(place);
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** As it was written, or nearly. */
export function show(value: unknown): string {
  return value === undefined || value === null ? 'nothing' : JSON.stringify(value);
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const step of path) found = isMapping(found) ? found[String(step)] : undefined;
  return found;
}

/** Its fields; none when it is no mapping. */
export function shapeOf(shape: z.ZodType): Readonly<Record<string, z.ZodType>> {
  return 'shape' in shape ? (shape.shape as Record<string, z.ZodType>) : {};
}

function wordsOf(shape: z.ZodType): readonly string[] {
  return Object.keys(shapeOf(shape));
}

/** What the field at this path takes, in the words of its description. */
function describedAt(shape: z.ZodType, path: readonly PropertyKey[]): string {
  const [first] = path;
  const field = first === undefined ? shape : shapeOf(shape)[String(first)];
  const words = wordsOf(shape).map((word) => `${word}:`);
  return field?.description ?? unwrapped(field) ?? words.join(', ');
}

/** The description of what an optional field holds. */
function unwrapped(field: z.ZodType | undefined): string | undefined {
  if (field === undefined || !('unwrap' in field)) return undefined;
  return (field.unwrap as () => z.ZodType)().description;
}
