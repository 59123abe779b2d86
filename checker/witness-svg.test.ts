import { expect, test } from 'vitest';
import { createRegister } from './models/register.ts';
import { checkWhole } from './testing/check-whole.ts';
import { history, read, write } from './testing/operations.ts';
import type { Witness } from './verdict.ts';
import { renderWitnessSvg } from './witness-svg.ts';

const hostile = `</svg><script>alert(1)</script>'"&\u0000\ud800\uffff`;

function witnessOf(value: unknown): Witness {
  const operations = history(write(value, [0, 1]), write(2, [2, 3]), read(value, [4, 5]));
  const verdict = checkWhole({ operations, model: createRegister() });
  if (verdict.valid !== false) throw new Error('the history is valid');
  return verdict.witness;
}

test('it shows every operation, the order with its states, and what fits nowhere', () => {
  const svg = renderWitnessSvg(witnessOf(1));
  expect(svg.match(/class="bar /g)?.length).toBe(3);
  expect(svg.match(/class="bar stuck"/g)?.length).toBe(1);
  expect(svg.match(/class="point"/g)?.length).toBe(2);
  expect(svg.match(/class="state"/g)?.length).toBe(3);
  expect(svg).toContain('op 2 (read 1) returned 1, but the value is 2');
});

test('who cannot see it is told the class and the sentence', () => {
  const witness = witnessOf(1);
  const svg = renderWitnessSvg(witness);
  expect(svg).toContain('aria-labelledby="witness-title witness-desc"');
  expect(svg).toMatch(/<title id="witness-title">lost-write: 3 operations that cannot/);
  expect(svg).toContain('<desc id="witness-desc">');
});

test('what the system said is text, and every element that opens closes', () => {
  const svg = renderWitnessSvg({ ...witnessOf(hostile), key: hostile, kind: hostile });
  expect(svg).not.toContain('<script');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: none of these may stand in XML
  expect(svg).not.toMatch(/[\u0000-\u0008\ufffe\uffff]/);
  const open: string[] = [];
  for (const [, end, name, rest] of svg.matchAll(/<(\/?)([a-zA-Z]+)([^>]*)>/g)) {
    if (end === '/') expect(open.pop()).toBe(name);
    else if (rest?.endsWith('/') !== true) open.push(name ?? '');
  }
  expect(open).toEqual([]);
});

test('operations are links only where there is something to lead to', () => {
  const witness = witnessOf(1);
  expect(renderWitnessSvg(witness)).not.toContain('href');
  expect(renderWitnessSvg(witness, { linkTo: (id) => `#op-${id}` })).toContain('href="#op-2"');
});
