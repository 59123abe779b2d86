import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { families as modules } from './families.ts';
import { phasesOf } from './script.ts';
import { findScript, shippedScripts } from './script-files.ts';
import { scriptJsonSchema } from './script-shapes.ts';

const families = modules.map(({ family }) => family);
const folder = fileURLToPath(new URL('./scripts/', import.meta.url));

/** What says more than the others: a point that every node of the reference passes soon. */
const special: Readonly<Record<string, string>> = {
  'crash-point':
    ', with: { point: wal.before-append, passage: 1 }, end: { any: [node-ended, { after: 300 }] }',
};

/** Each variant of each family once, in the order of the families. */
function everyFault(): string {
  const groups = [...new Set(families.map(({ group }) => group))];
  const lines = groups.flatMap((group) => [
    `  # ${group}`,
    ...families
      .filter((family) => family.group === group)
      .flatMap(({ name, variants, isMomentary }) =>
        variants.map((variant) => {
          const end = isMomentary ? '' : ', end: { after: 80 }';
          const more = special[name] ?? end;
          return `  - { fault: '${name}:${variant.name}', begin: { after: 50 }${more} }`;
        }),
      ),
  ]);
  return [
    '# yaml-language-server: $schema=./faults.schema.json',
    '# Made from families.ts: REWRITE=1 npx vitest run harness/nemesis/shipped-scripts',
    'description: Every kind of fault once; what this cluster cannot do is skipped, and told.',
    'phases:',
    ...lines,
    '',
  ].join('\n');
}

/** Files are written instead of compared with REWRITE=1. */
const rewrites = process.env['REWRITE'] === '1';

describe('the scripts that ship', () => {
  it('every-fault has each variant of each family once', () => {
    const path = `${folder}every-fault.yaml`;
    if (rewrites) writeFileSync(path, everyFault());
    expect(readFileSync(path, 'utf8')).toBe(everyFault());
    const phases = phasesOf(findScript('every-fault', families).steps);
    const all = families.flatMap(({ name, variants }) =>
      variants.map((variant) => `${name}:${variant.name}`),
    );
    expect(phases.map(({ family, variant }) => `${family}:${variant}`).sort()).toEqual(all.sort());
  });

  it('are all understood, and say what they are for', () => {
    expect(shippedScripts()).toContain('every-fault');
    for (const name of shippedScripts()) {
      expect(phasesOf(findScript(name, families).steps).length, name).toBeGreaterThan(0);
      const text = readFileSync(`${folder}${name}.yaml`, 'utf8');
      expect(text.split('\n')[0], name).toBe(
        '# yaml-language-server: $schema=./faults.schema.json',
      );
      expect(parseDocument(text).get('description'), name).toMatch(/^\S.{20}/);
    }
  });

  it('have a JSON schema for editors, made from what the reader checks', () => {
    const schema = {
      $comment: 'made from script-shapes.ts',
      ...Object(scriptJsonSchema(families)),
    };
    const path = `${folder}faults.schema.json`;
    if (rewrites) writeFileSync(path, `${JSON.stringify(schema, null, 2)}\n`);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(schema);
  });
});
