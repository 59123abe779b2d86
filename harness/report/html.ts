/**
 * HTML by tagged template: what is put in is escaped unless it is already HTML.
 *
 * Keys, values and log text come from the system under test and may hold anything. No other file
 * of the report escapes or joins markup by hand.
 */

/** Markup that is safe to put into a page. Made by `html` and `rawHtml` only. */
export class Html {
  readonly #markup: string;

  constructor(markup: string) {
    this.#markup = markup;
  }

  toString(): string {
    return this.#markup;
  }
}

/** What may stand in a template: null and false leave nothing. */
export type HtmlPart = Html | string | number | null | false | readonly HtmlPart[];

/** Use as html`<p>${text}</p>`. Attributes must be quoted with double quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html {
  let markup = strings[0] ?? '';
  parts.forEach((part, index) => {
    markup += markupOf(part) + (strings[index + 1] ?? '');
  });
  return new Html(markup);
}

/** Markup that is safe by itself: of this repository or a package, or escaped by who made it. */
export function rawHtml(markup: string): Html {
  return new Html(markup);
}

/**
 * JSON for a script element of type application/json. No `<` is left in it, so that nothing in a
 * run can end the element; the page reads it with JSON.parse.
 */
export function jsonHtml(value: unknown): Html {
  return new Html(JSON.stringify(value).replaceAll('<', '\\u003c'));
}

/** Cut to what fits; the whole belongs into a title. */
export function shorten(text: string, lengthMax: number): string {
  const characters = [...text];
  return characters.length <= lengthMax ? text : `${characters.slice(0, lengthMax - 1).join('')}…`;
}

function markupOf(part: HtmlPart): string {
  if (part === null || part === false) return '';
  if (part instanceof Html) return part.toString();
  if (typeof part === 'string') return escapeHtml(part);
  if (typeof part === 'number') return String(part);
  return part.map(markupOf).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters have no place in HTML, not even escaped: shown as their Unicode pictures. */
function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => entities[character] ?? '')
    .replace(/[\p{Cc}\p{Cs}]/gu, pictureOf);
}

function pictureOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (character === '\n' || character === '\t') return character;
  return code < 0x20 ? String.fromCodePoint(0x2400 + code) : '\ufffd';
}
