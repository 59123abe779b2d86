/** Reads the triggers of a script: `after: 200`, `leader-elected`, `any: [...]`. */

import type { Trigger } from './script.ts';
import { isMapping, type Place, type ScriptReader, shapeOf, show } from './script-complaints.ts';
import {
  bareWords,
  clockWords,
  shortForms,
  type TriggerFields,
  type TriggerWord,
  triggerShapes,
  triggerWords,
} from './script-shapes.ts';

const anyWords: readonly string[] = ['any', ...triggerWords];

/** null after a complaint. */
export function readTrigger(reader: ScriptReader, place: Place, value: unknown): Trigger | null {
  const given = typeof value === 'string' ? readBare(reader, place, value) : value;
  if (given === null) return null;
  if (!isMapping(given)) {
    const example = 'such as after: 200, or leader-elected';
    reader.complain(place, `a trigger belongs here, ${example}; not ${show(value)}`);
    return null;
  }
  const mapping = reader.mapping(place, given, anyWords);
  if (mapping === null) return null;
  const [word, ...others] = Object.keys(mapping);
  // It had words, and nobody knows them.
  if (word === undefined && Object.keys(given).length > 0) return null;
  if (word === undefined || others.length > 0) {
    const example = 'of several write any: [{ after: 200 }, leader-elected]';
    const given = word === undefined ? 'none' : [word, ...others].join(' and ');
    reader.complain(place, `a trigger is one word, not ${given}; ${example}`);
    return null;
  }
  if (word === 'any') return readAny(reader, [...place, 'any'], mapping['any']);
  return readWorded(reader, [...place, word], { word: word as TriggerWord, value: mapping[word] });
}

/** `leader-elected` is short for `leader-elected: {}`. */
function readBare(reader: ScriptReader, place: Place, text: string): unknown {
  if (bareWords.some((word) => word === text)) return { [text]: {} };
  const word = triggerWords.find((each) => each === text);
  if (word !== undefined) {
    const example = word === 'after' ? 'after: 200' : `${word}: { … }`;
    reader.complain(place, `${text} wants to know more: ${example}`);
  } else if (/^\d/.test(text) || clockWords.has(text)) {
    reader.complain(place, `${show(text)} is no trigger; ${noTime}`);
  } else reader.mapping(place, { [text]: {} }, anyWords);
  return null;
}

const noTime =
  'no fault begins or ends by a clock: write how many operations must have completed, such as ' +
  'after: 200';

function readAny(reader: ScriptReader, place: Place, value: unknown): Trigger | null {
  const list = reader.list(place, value, 'triggers');
  if (list === null) return null;
  const triggers = list.map((each, position) => readTrigger(reader, [...place, position], each));
  const known = triggers.filter((each) => each !== null);
  return known.length === list.length ? { type: 'any', triggers: known } : null;
}

interface Worded {
  readonly word: TriggerWord;
  readonly value: unknown;
}

function readWorded(reader: ScriptReader, place: Place, { word, value }: Worded): Trigger | null {
  const short = shortForms[word];
  const isShort = short !== undefined && !isMapping(value);
  if (bareWords.includes(word) && typeof value === 'string') {
    const what = `${word} takes { node: ${value} }, or nothing`;
    const takesNode = 'node' in shapeOf(triggerShapes[word]);
    reader.complain(place, `${takesNode ? what : `${word} takes nothing`}; not ${show(value)}`);
    return null;
  }
  const long = isShort ? { [short]: value } : (value ?? (word === 'after' ? value : {}));
  const read = <W extends TriggerWord>(known: W): TriggerFields[W] | null =>
    reader.fitting<TriggerFields[W]>(place, long, triggerShapes[known]);
  switch (word) {
    case 'after': {
      const operations = read(word);
      return operations === null ? null : { type: word, operations };
    }
    case 'lag': {
      const fields = read(word);
      return fields && { type: word, node: fields.node ?? null, entries: fields.entries };
    }
    case 'log-starts-after': {
      const fields = read(word);
      return fields && { type: word, node: fields.node ?? null, index: fields.index };
    }
    case 'line': {
      const fields = read(word);
      const pattern = fields && new RegExp(fields.pattern);
      return fields && pattern && { type: word, node: fields.node ?? null, pattern };
    }
    case 'crash-point': {
      const fields = read(word);
      const { name = '', passage = 1, node = null } = fields ?? {};
      return fields && { type: word, node, name, passage };
    }
    case 'term-changed':
    case 'stalled':
      return read(word) && { type: word };
    default: {
      const fields = read(word);
      return fields && { type: word, node: fields.node ?? null };
    }
  }
}
