/**
 * Divides EDN text into the maps that stand in it one after the other, in a vector, a list, or
 * bare; each is handed on as soon as it is complete, with the line where it begins.
 *
 * The library reads a map when it is whole, and forgives what must not be forgiven: brackets that
 * do not match, a map with a name and no value, a comment right behind a word. So brackets are
 * matched here, comments are taken out, and each `{` becomes `#map [`, whose members are counted.
 */
import { parseEDNString } from 'edn-data';

/** What is wrong with the text, and where. */
export class EdnError extends Error {
  override readonly name = 'EdnError';
  /** 1-based. */
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** The members of a map that are named by keywords, without the colons. */
export type EdnMembers = ReadonlyMap<string, unknown>;

const depthMax = 100;
const closers: Readonly<Record<string, string>> = { '{': '}', '[': ']', '(': ')' };
const isSpace = (char: string): boolean => ' \t\r\n,\f'.includes(char);

const meaningInside = /[\n"\\;{}[\]()]/g;
const meaningInText = /[\n"\\]/g;

type Mode = 'code' | 'text' | 'escape' | 'character' | 'comment';

interface Open {
  readonly closer: string;
  readonly line: number;
}

export class EdnForms {
  readonly #onMap: (members: EdnMembers, line: number) => void;
  #mode: Mode = 'code';
  #line = 1;
  /** Brackets that are open inside of the current form. */
  readonly #open: Open[] = [];
  /** How deep those of them are that are sets, counted from 1. */
  readonly #sets = new Set<number>();
  /** The vector or list around all forms. */
  #container: Open | null = null;
  #isClosed = false;
  #formCount = 0;
  /** The current form so far; null between two. */
  #form: string | null = null;
  #formLine = 1;
  /** Of the current piece of text, what belongs to the form and is not in `#form` yet. */
  #from = 0;

  /** `onMap` gets one map after the other; what it throws goes through. */
  constructor(onMap: (members: EdnMembers, line: number) => void) {
    this.#onMap = onMap;
  }

  /** Takes the next piece, cut anywhere. Throws EdnError. */
  addText(text: string): void {
    this.#from = 0;
    for (let at = this.#skipPlain(text, 0); at < text.length; at = this.#skipPlain(text, at + 1)) {
      const char = text.charAt(at);
      if (char === '\n') this.#line += 1;
      this.#step(text, at, char);
    }
    if (this.#form !== null && this.#mode !== 'comment') this.#form += text.slice(this.#from);
  }

  /** Throws EdnError when something is open. */
  finish(): void {
    const open = this.#open.at(-1) ?? this.#container;
    if (this.#form === null && (open === null || this.#isClosed)) return;
    const what = open === null ? 'an operation' : `"${open.closer}"`;
    const since = open?.line ?? this.#formLine;
    throw new EdnError(
      this.#line,
      `the file ends, but ${what} is missing for what began in line ${since}`,
    );
  }

  /** The next character that may mean something here. */
  #skipPlain(text: string, at: number): number {
    const isInside = this.#mode === 'code' && this.#open.length > 0;
    if (!isInside && this.#mode !== 'text') return at;
    const pattern = isInside ? meaningInside : meaningInText;
    pattern.lastIndex = at;
    return pattern.test(text) ? pattern.lastIndex - 1 : text.length;
  }

  #step(text: string, at: number, char: string): void {
    switch (this.#mode) {
      case 'code':
        this.#stepCode(text, at, char);
        return;
      case 'text':
        if (char === '\\') this.#mode = 'escape';
        else if (char === '"') this.#mode = 'code';
        return;
      case 'escape':
        this.#mode = 'text';
        return;
      case 'character':
        if ('{}[]()"\\;,'.includes(char)) {
          throw new EdnError(this.#line, `the character \\${char}: write it as a text, "${char}"`);
        }
        this.#mode = 'code';
        return;
      default:
        if (char !== '\n') return;
        this.#mode = 'code';
        this.#from = at;
    }
  }

  #stepCode(text: string, at: number, char: string): void {
    if (char === ';') {
      if (this.#form !== null) this.#form += text.slice(this.#from, at);
      this.#mode = 'comment';
      return;
    }
    if (this.#form === null) this.#stepBetween(at, char);
    else if (this.#open.length === 0) this.#stepTag(char);
    if (this.#form !== null) this.#stepInside(text, at, char);
  }

  /** Between two operations: the next one begins here, or the vector around all of them. */
  #stepBetween(at: number, char: string): void {
    if (isSpace(char)) return;
    if (this.#isClosed) {
      throw new EdnError(this.#line, `"${char}" stands behind the end of the history`);
    }
    if (char === '{' || char === '#') {
      this.#form = '';
      this.#formLine = this.#line;
      this.#from = at;
      return;
    }
    if (this.#container === null && this.#formCount === 0 && (char === '[' || char === '(')) {
      this.#container = { closer: closers[char] ?? '', line: this.#line };
      return;
    }
    if (this.#container !== null && char === this.#container.closer) {
      this.#isClosed = true;
      return;
    }
    throw new EdnError(
      this.#line,
      `an operation must be a map, {:process 0, :type :invoke, …}, but here is "${char}"`,
    );
  }

  /** Behind a tag such as #jepsen.history.Op there must be a map. */
  #stepTag(char: string): void {
    if (!'"[()]}\\'.includes(char)) return;
    throw new EdnError(this.#line, `an operation must be a map, but here is "${char}"`);
  }

  #stepInside(text: string, at: number, char: string): void {
    if (char === '"') this.#mode = 'text';
    else if (char === '\\') this.#mode = 'character';
    else if (char in closers) this.#openBracket(text, at, char);
    else if (char === '}' || char === ']' || char === ')') this.#closeBracket(text, at, char);
  }

  #openBracket(text: string, at: number, char: string): void {
    this.#open.push({ closer: closers[char] ?? '', line: this.#line });
    if (this.#open.length > depthMax) {
      throw new EdnError(this.#line, `more than ${depthMax} brackets inside of each other`);
    }
    const before = `${this.#form ?? ''}${text.slice(this.#from, at)}`;
    const isMap = char === '{' && !before.endsWith('#');
    this.#form = `${before}${isMap ? ' #map [' : char}`;
    if (char === '{' && !isMap) this.#sets.add(this.#open.length);
    this.#from = at + 1;
  }

  #closeBracket(text: string, at: number, char: string): void {
    const depth = this.#open.length;
    const open = this.#open.pop();
    if (open?.closer !== char) {
      const expected = open === undefined ? 'nothing is open' : `"${open.closer}" should come`;
      throw new EdnError(this.#line, `"${char}" stands where ${expected}`);
    }
    const isSet = this.#sets.delete(depth);
    const closer = char === '}' && !isSet ? ']' : char;
    this.#form = `${this.#form ?? ''}${text.slice(this.#from, at)}${closer}`;
    this.#from = at + 1;
    if (depth > 1) return;
    const form = this.#form;
    this.#form = null;
    this.#formCount += 1;
    // `#_` takes out what follows it.
    if (!form.startsWith('#_')) this.#onMap(parseForm(form, this.#formLine), this.#formLine);
  }
}

interface EdnMap {
  readonly map: readonly (readonly [name: unknown, value: unknown])[];
}

const parseOptions = { tagHandlers: { map: countMembers } };

function countMembers(members: unknown): { map: [unknown, unknown][] } {
  if (!Array.isArray(members) || members.length % 2 !== 0) {
    throw new TypeError('a map has a name without a value');
  }
  const pairs: [unknown, unknown][] = [];
  for (let at = 0; at < members.length; at += 2) pairs.push([members[at], members[at + 1]]);
  return { map: pairs };
}

function parseForm(text: string, line: number): EdnMembers {
  const members = new Map<string, unknown>();
  for (const [name, value] of parseMap(text, line).map) {
    const keyword = keywordOf(name);
    if (keyword === null) continue;
    if (members.has(keyword)) throw new EdnError(line, `:${keyword} stands twice in one map`);
    members.set(keyword, value);
  }
  return members;
}

function parseMap(text: string, line: number): EdnMap {
  let parsed: unknown;
  try {
    parsed = parseEDNString(text, parseOptions);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new EdnError(line, `not EDN: ${words}`);
  }
  // A record is a map with a tag.
  while (isRecord(parsed) && 'tag' in parsed) parsed = parsed['val'];
  if (isEdnMap(parsed)) return parsed;
  throw new EdnError(line, 'an operation must be a map, such as {:process 0, :type :invoke, …}');
}

function isEdnMap(value: unknown): value is EdnMap {
  return isRecord(value) && Array.isArray(value['map']);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The name of a keyword, without its colon; null for anything else. */
export function keywordOf(value: unknown): string | null {
  return isRecord(value) && typeof value['key'] === 'string' ? value['key'] : null;
}
