import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { madeRun } from '../checkers/made-run.ts';
import type { Generator, GeneratorContext, Next } from '../generator.ts';
import type { Workload } from '../workload.ts';
import { findWorkload } from './find-workload.ts';

const folder = mkdtempSync(join(tmpdir(), 'rafture-guard-test-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

let fileCount = 0;

/** `read` makes an operation, on line 4 of the file; `above` stands above the workload. */
function load(read: string, above = '', more = ''): Promise<Workload> {
  const path = join(folder, `mine-${fileCount++}.mjs`);
  const lines = [
    above,
    'export const workload = ({ repeat, untilOk }) => ({',
    '  createGenerator: () => repeat((context) =>',
    `    ${read}),`,
    `  createFinalGenerator: () => untilOk({ f: 'read', value: null }),`,
    "  name: 'mine', description: 'asks', object: 'register', fs: ['read', 'write'],",
    "  model: 'register', facts: { complexity: 'little', finds: [], cannotFind: [] },",
    '  size: () => ({ keyCount: 1, opsPerKey: 9, unknownPerKey: null, notes: [] }),',
    "  createProbe: (value) => ({ f: 'write', value }),",
    `  ${more}`,
    '});',
  ];
  writeFileSync(path, lines.join('\n'));
  return findWorkload(path);
}

const reads = "({ f: 'read', value: null })";
const context: GeneratorContext = { timeNs: 0, random: () => 0.5, process: 0, thread: 0 };

function generatorOf(workload: Workload): Generator {
  return workload.createGenerator({ keyCount: 1, opsPerKey: 9, unknownPerKey: null, notes: [] });
}

/** The generator after so many operations. */
function asked(count: number, generator: Generator): Generator {
  let current = generator;
  for (let turn = 0; turn < count; turn++) {
    const next: Next = current.op(context);
    if (next.type === 'done') throw new RangeError('it ended');
    current = next.generator;
  }
  return current;
}

describe('a workload from outside', () => {
  it('is refused when it draws what no seed decides, with the place', async () => {
    const refused: readonly [string, RegExp][] = [
      ["({ f: 'write', value: Math.random() })", /createGenerator: Math\.random was asked, /],
      ["({ f: 'write', value: Date.now() })", /createGenerator: The clock was asked, /],
      ["({ f: 'write', value: new Date().getTime() })", /The clock was asked, /],
      ["({ f: 'write', value: Date() })", /The clock was asked, /],
      ["({ f: 'write', value: performance.now() })", /performance\.now was asked, /],
    ];
    for (const [read, message] of refused) {
      await expect(load(read), read).rejects.toThrow(message);
      await expect(load(read)).rejects.toThrow(/ of the context .* \(\S*mine-\d+\.mjs:4\)$/);
    }
    for (const member of ['size', 'createProbe', 'createFinalGenerator']) {
      const rejected = expect(load(reads, '', `${member}: () => Math.random(),`)).rejects;
      await rejected.toThrow(new RegExp(`${member}: Math\\.random was asked, .*:10\\)$`));
    }
    expect(Math.random()).toBeLessThan(1);
    expect(Date.now() - performance.timeOrigin - performance.now()).toBeLessThan(60_000);
  });

  it('may name a date, and draw from the context', async () => {
    const workload = await load(
      "({ f: 'write', value: new Date(7).getTime() + Date.UTC(1970) + context.random() })",
    );
    expect(generatorOf(workload).op(context)).toMatchObject({ op: { value: 7.5 } });
  });

  it('is refused when it asks something else the second time, with the same seed', async () => {
    await expect(load("({ f: 'write', value: count++ })", 'let count = 0;')).rejects.toThrow(
      'does not work: createGenerator: operation 1 is {"f":"write","value":0} the first time and ' +
        '{"f":"write","value":300} the second, with the same seed: ',
    );
    const members: Readonly<Record<string, string>> = {
      createFinalGenerator: "createFinalGenerator: () => untilOk({ f: 'write', value: count++ }),",
      createProbe: "createProbe: () => ({ f: 'write', value: count++ }),",
    };
    for (const [member, text] of Object.entries(members)) {
      await expect(load(reads, 'let count = 0;', text), member).rejects.toThrow(
        `${member}: operation 1 is {"f":"write","value":0} the first time and {`,
      );
    }
  });

  it('says where it failed, late in a run too', async () => {
    const fails =
      "{ if (count++ > 1000) throw new Error('late'); return { f: 'read', value: 1 }; }";
    const workload = await load(fails, 'let count = 0;');
    const generator = generatorOf(workload);
    expect(() => asked(1001, generator)).toThrow(/^createGenerator: late \(\S*mine-\d+\.mjs:4\)$/);
  });

  it('says where it failed when it is told of an operation, and in what it imports', async () => {
    writeFileSync(
      join(folder, 'part.mjs'),
      "\nexport const fail = () => { throw Error('of it'); };",
    );
    const asks = "op: () => ({ type: 'op', op: { f: 'read', value: null }, generator: asking })";
    const update = (text: string) => `const asking = { ${asks}, update: () => { ${text} } };`;
    const generator = 'createGenerator: () => asking,';
    const own = expect(load(reads, update("throw new Error('told');"), generator)).rejects;
    await own.toThrow(/createGenerator: told \(\S*mine-\d+\.mjs:1\)$/);
    const imported = `import { fail } from ${JSON.stringify('./part.mjs')}; `;
    const both = expect(load(reads, `${imported}${update('fail();')}`, generator)).rejects;
    await both.toThrow(/createGenerator: of it \(\S*mine-\d+\.mjs:1\)$/);
    const alone = `${imported}${update('return asking;')}`;
    const probe = `${generator} createProbe: fail,`;
    await expect(load(reads, alone, probe)).rejects.toThrow(/: of it \(\S*part\.mjs:2\)$/);
  });

  it('is tried by clients that get new numbers, and with a state that goes on', async () => {
    const counts = "({ f: 'write', value: context.process > 9 ? process.exitcode.no : 1 })";
    await expect(load(counts)).rejects.toThrow('Cannot read properties of undefined');
    const step = "(state) => { if (state > 5) throw new Error('six'); return state + 1; }";
    const name = `./mine-${fileCount}.mjs`;
    const functions = "functions: ['read', 'write']";
    const own = `export const model = { name: 'o', ${functions}, init: 0, step: ${step} };`;
    await expect(load(reads, own, `model: '${name}',`)).rejects.toThrow(
      'model: the step of the model o, operation 12 (read): six',
    );
  });

  it('is refused when what it gives is no operation, late in a run too', async () => {
    const read = "({ f: count++ > 1000 ? 'cas' : 'read', value: null })";
    const workload = await load(read, 'let count = 0;');
    expect(() => asked(1001, generatorOf(workload))).toThrow(
      'createGenerator: "f" must be one of "fs" (read, write), but is "cas"',
    );
  });

  it('has checkers that say where they failed', async () => {
    const checker = "{ name: 'own', description: 'd', check() { throw new Error('broke'); } }";
    const workload = await load(reads, '', `checkers: { add: [${checker}] },`);
    const [own] = workload.checkers?.add ?? [];
    await expect(own?.check(madeRun({}))).rejects.toThrow(/^broke \(\S*mine-\d+\.mjs:10\)$/);
  });
});
