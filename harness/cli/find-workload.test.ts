import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { register } from '../../workloads/register.ts';
import { findWorkload } from './find-workload.ts';

const folder = mkdtempSync(join(tmpdir(), 'rafture-workload-test-'));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

let fileCount = 0;

/** Each in a file of its own: a module is loaded once. */
function write(text: string): string {
  const path = join(folder, `mine-${fileCount++}.mjs`);
  writeFileSync(path, text);
  return path;
}

const ask =
  'const asking = { op: () => ({ type: "op", op: { f: "read", value: null }, ' +
  'generator: asking }), update: () => asking };';

const members: Readonly<Record<string, string>> = {
  name: '"mine"',
  description: '"what it asks"',
  object: '"register"',
  fs: '["read", "write"]',
  model: '"register"',
  facts: '{ complexity: "little", finds: ["much"], cannotFind: [] }',
  size: '() => ({ keyCount: 1, opsPerKey: 2, unknownPerKey: null, notes: ["why"] })',
  createGenerator: '() => asking',
  createProbe: '(attempt) => ({ f: "write", value: attempt })',
  createFinalGenerator: '() => asking',
};

/** A module with a right workload, but for what is said; undefined leaves a member out. */
function moduleWith(changes: Readonly<Record<string, string | undefined>> = {}): string {
  const all = { ...members, ...changes };
  const lines = Object.entries(all).map(([name, text]) =>
    text === undefined ? '' : `${name}: ${text},`,
  );
  return `${ask}\nexport const workload = {\n${lines.join('\n')}\n};\n`;
}

/** In two pieces, or it would pass for an import of this file. */
function importing(names: string, path: string): string {
  return `import ${names} ${JSON.stringify(path)};`;
}

const modelText = `{
  name: 'own', functions: ['read', 'write'], init: null,
  step: (state, { f, value }) => (f === 'write' ? value : state),
}`;

describe('a workload by name', () => {
  it('is one of the registry', async () => {
    expect(await findWorkload('register')).toBe(register);
  });

  it('is refused with the nearest name, where there is one near, and all the names', async () => {
    await expect(findWorkload('quue')).rejects.toThrow(
      /^there is no workload quue \(did you mean queue\?\); there are register, /,
    );
    await expect(findWorkload('uniqueids')).rejects.toThrow('did you mean unique-ids?');
    await expect(findWorkload('cas-regsiter')).rejects.toThrow('did you mean cas-register?');
    await expect(findWorkload('lokc')).rejects.toThrow('did you mean lock?');
    await expect(findWorkload('bank')).rejects.toThrow(
      /no workload bank; there are .* \.\/mine\.ts/,
    );
    await expect(findWorkload('ab')).rejects.toThrow('there is no workload ab; there are');
    await expect(findWorkload('')).rejects.toThrow('there is no workload without a name; there');
  });
});

describe('a workload from a file', () => {
  it('is what the file exports as workload, or as its default', async () => {
    const found = await findWorkload(write(moduleWith()));
    expect(found).toMatchObject({ name: 'mine', model: 'register' });
    const text = moduleWith().replace('export const workload =', 'export default');
    expect(await findWorkload(write(text))).toMatchObject({ name: 'mine' });
  });

  it('may be made by a function of the tools, so that the file imports nothing', async () => {
    const text = moduleWith({
      createGenerator:
        '(size) => tools.independent({ ...size, createGenerator: () => tools.repeat(' +
        '() => ({ f: "read", value: null })) })',
    }).replace('export const workload = {', 'export const workload = (tools) => ({');
    const made = await findWorkload(write(text.replace(/};\n$/, '});\n')));
    const next = made.createGenerator(made.size({} as never)).op({
      ...{ timeNs: 0, random: () => 0.5, process: 0, thread: 0 },
    });
    expect(next).toMatchObject({ type: 'op', op: { f: 'read', key: '0', value: null } });
  });

  it('names its model by a path that is relative to the file', async () => {
    writeFileSync(join(folder, 'own-model.mjs'), `export const model = ${modelText};`);
    const found = await findWorkload(write(moduleWith({ model: '"./own-model.mjs"' })));
    expect(found.model).toBe(`./${relative('.', join(folder, 'own-model.mjs'))}`);
    const text = `${moduleWith({ model: '"./same.mjs"' })}\nexport const model = ${modelText};`;
    writeFileSync(join(folder, 'same.mjs'), text);
    expect(await findWorkload(join(folder, 'same.mjs'))).toMatchObject({ name: 'mine' });
  });

  it('is refused when it cannot be loaded, with the reason', async () => {
    const place = (line: number) => `\\(\\S*mine-\\d+\\.mjs:${line}\\)$`;
    const refused: readonly [string, RegExp][] = [
      [join(folder, 'nowhere.mjs'), /^there is no file .*nowhere\.mjs$/],
      [folder, /is no module: its name ends in none of \.ts, \.mts, \.js, \.mjs$/],
      [
        write('\nthrow new Error("not today");'),
        new RegExp(`mine-\\d+\\.mjs cannot be loaded: not today ${place(2)}`),
      ],
      [write(importing('', './not-there.mjs')), /cannot be loaded: .*not-there\.mjs/],
      [write('export const other = 1;'), /exports no workload: .* "workload" or as default$/],
      [write(''), /exports no workload: /],
      [
        write('export default () => {\n  throw new Error("no");\n};'),
        new RegExp(`makes a workload: no ${place(2)}`),
      ],
      [write('export default async () => ({});'), /wrong shape: it is a promise, and a workload/],
      [write('export default async () => { throw 1; };'), /wrong shape: it is a promise/],
      [write('export default 7;'), /has the wrong shape: it is 7, no object$/],
      [write('export default {};'), /has the wrong shape: "name" must be/],
      [write('export const workload = null, other = 1;'), /exports no workload/],
    ];
    for (const [path, message] of refused) {
      await expect(findWorkload(path), message.source).rejects.toThrow(message);
    }
  });

  it('says where it does not parse, and takes an empty file for what it is', async () => {
    const files: Readonly<Record<string, string>> = {
      'plain.mjs': '// one\nexport const workload = {\n  name: "x",\n  b: = 3,\n};\n',
      'typed.ts': '\n\nexport const workload = { name: };\n',
      'outer.mjs': `\n${importing('{ missing } from', './plain-too.mjs')}`,
      'plain-too.mjs': 'export const other = 1;',
      'empty.ts': '',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    // As Node loads them, which is not as the test runner does.
    const module = JSON.stringify(new URL('find-workload.ts', import.meta.url).href);
    const script = `const { findWorkload } = await import(${module});
      for (const path of ['plain.mjs', 'typed.ts', 'outer.mjs', 'empty.ts']) {
        await findWorkload('./' + path).catch(({ message }) => console.log(message));
      }`;
    const args = ['--input-type=module', '--eval', script];
    const { stdout } = await execa('node', args, { cwd: folder });
    expect(stdout.split('\n')).toEqual([
      "./plain.mjs cannot be loaded: Unexpected token '=' (plain.mjs:4)",
      expect.stringMatching(/^\.\/typed\.ts cannot be loaded: .*expected.* \(typed\.ts:3\)$/i),
      expect.stringMatching(/^\.\/outer\.mjs cannot be loaded: .*'missing' \(outer\.mjs:2\)$/),
      expect.stringMatching(/^\.\/empty\.ts exports no workload: /),
    ]);
  }, 60_000);

  it('is refused for a member that is wrong or missing, by its name', async () => {
    const refused: readonly [Readonly<Record<string, string | undefined>>, string][] = [
      [{ name: undefined }, '"name" must be a name in small letters, digits and -, but is missing'],
      [
        { name: '"My own"' },
        '"name" must be a name in small letters, digits and -, but is "My own"',
      ],
      [{ description: '7' }, '"description" must be a text, but is 7'],
      [{ object: undefined }, '"object" must be a text, but is missing'],
      [{ model: '""' }, '"model" must be a text, but is ""'],
      [{ fs: '"read"' }, '"fs" must be a list of the names of its operations, but is "read"'],
      [{ fs: '[]' }, '"fs" must be a list'],
      [{ fs: '[7]' }, '"fs" must be a list'],
      [{ facts: undefined }, '"facts" must be an object, but is missing'],
      [{ facts: '{ finds: [], cannotFind: [] }' }, '"facts.complexity" must be a text'],
      [{ facts: '{ complexity: "x", finds: [] }' }, '"facts.cannotFind" must be a list of texts'],
      [{ facts: '{ complexity: "x", finds: [1] }' }, '"facts.finds" must be a list of texts'],
      [{ size: undefined }, '"size" must be a function, but is missing'],
      [{ createGenerator: '{}' }, '"createGenerator" must be a function, but is {}'],
      [{ createProbe: undefined }, '"createProbe" must be a function, but is missing'],
      [{ createFinalGenerator: 'null' }, '"createFinalGenerator" must be a function, but is null'],
      [{ checkers: '7' }, '"checkers" must be an object, or left out, but is 7'],
      [{ checkers: '{ add: [{ name: "x" }] }' }, '"checkers.add" must be a list of checkers'],
      [
        { checkers: '{ add: [{ name: "x", check() {} }] }' },
        'checkers: name, description, check, but is [{"name":"x"}]',
      ],
      [{ checkers: '{ remove: [{ name: "x" }] }' }, '"checkers.remove" must be a list of'],
      [{ checkers: '{ remove: [{ name: "x", why: "y" }] }' }, 'there is no checker x to remove'],
      [
        { checkers: '{ add: [{ name: "faults", description: "d", check() {} }] }' },
        'two checkers called faults',
      ],
    ];
    for (const [changes, message] of refused) {
      const path = write(moduleWith(changes));
      await expect(findWorkload(path), message).rejects.toThrow(message);
      await expect(findWorkload(path)).rejects.toThrow('has the wrong shape: ');
    }
  });

  it('is refused when its functions give what cannot be used, or throw', async () => {
    const size = (changes: string): Readonly<Record<string, string>> => ({
      size: `() => ({ keyCount: 1, opsPerKey: 2, unknownPerKey: null, notes: [], ${changes} })`,
    });
    const refused: readonly [Readonly<Record<string, string>>, string][] = [
      [{ size: '() => 7' }, 'size: it gave 7, no object'],
      [size('keyCount: 0'), 'size: "keyCount" must be a whole number above 0, but is 0'],
      [size('opsPerKey: 1.5'), 'size: "opsPerKey" must be a whole number above 0, but is 1.5'],
      [
        size('unknownPerKey: undefined'),
        'size: "unknownPerKey" must be a whole number above 0, or',
      ],
      [size('notes: "why"'), 'size: "notes" must be a list of texts, but is "why"'],
      [{ size: '() => { throw new Error("too small"); }' }, 'size: too small'],
      [{ createGenerator: '() => null' }, 'createGenerator: it gave null, no generator'],
      [{ createGenerator: '() => ({ op() {} })' }, '"update" must be a function of the generator'],
      [{ createGenerator: '() => ({ ...asking, op() {} })' }, 'createGenerator: its op gave undef'],
      [{ createGenerator: '() => ({ ...asking, op: () => ({ type: "done" }) })' }, 'endless'],
      [
        { createGenerator: '() => ({ ...asking, op: () => ({ type: "x" }) })' },
        '"type" must be op',
      ],
      [{ fs: '["write"]' }, 'createGenerator: "f" must be one of "fs" (write), but is "read"'],
      [{ createProbe: '() => ({ f: "cas" })' }, 'createProbe: "f" must be one of "fs"'],
      [{ createProbe: '() => ({ f: "read", key: 7 })' }, '"key" must be a text, or left out, but'],
      [{ createProbe: '() => ({ f: "read" })' }, 'createProbe: "value" must be the argument, null'],
      [{ createFinalGenerator: '() => 7' }, 'createFinalGenerator: it gave 7, no generator'],
      [{ createFinalGenerator: '({ keys }) => keys.x.y' }, 'createFinalGenerator: Cannot read'],
    ];
    for (const [changes, message] of refused) {
      const path = write(moduleWith(changes));
      await expect(findWorkload(path), message).rejects.toThrow(message);
      await expect(findWorkload(path)).rejects.toThrow('does not work: ');
    }
  });

  it('is refused when its model does not take what it asks, before a run', async () => {
    const own = (step: string) => async () => {
      const path = write('');
      const model = `{ name: 'own', functions: ['read', 'write'], init: [],\n step: ${step} }`;
      const name = JSON.stringify(`./${basename(path)}`);
      writeFileSync(path, `${moduleWith({ model: name })}\nexport const model = ${model};`);
      return findWorkload(path);
    };
    const step = 'does not work: model: the step of the model own, operation 0 (read)';
    await expect(own('() => { throw new Error("no"); }')).rejects.toThrow(step);
    await expect(own('() => { throw new Error("no"); }')).rejects.toThrow(
      /: no \(\S*mine-\d+\.mjs:16\)$/,
    );
    await expect(own('(state) => { state.push(1); return state; }')).rejects.toThrow(step);
    await expect(own('() => false')).rejects.toThrow(step);
    expect(await own('(state) => state')()).toMatchObject({ name: 'mine' });
    const adds = ask
      .replaceAll('asking', 'adding')
      .replace('"read", value: null', '"add", value: "x"');
    const asksCounter = {
      ...{ object: '"counter"', fs: '["add"]', model: '"counter"' },
      ...{ createGenerator: '() => adding', createFinalGenerator: '() => adding' },
    };
    await expect(findWorkload(write(`${adds}\n${moduleWith(asksCounter)}`))).rejects.toThrow(
      'does not work: model: ',
    );
  });

  it('is refused for its model, or for the name of another', async () => {
    const refused: readonly [Readonly<Record<string, string>>, RegExp][] = [
      [{ model: '"registr"' }, /the model of .*: there is no model registr; there are/],
      [{ model: '"./none.mjs"' }, /the model of .*: there is no model file \.\/.*none\.mjs/],
      [{ fs: '["read", "push"]' }, /asks push, which its model register does not know; it knows/],
      [{ name: '"queue"' }, /has the name of one that there is: queue/],
    ];
    for (const [changes, message] of refused) {
      await expect(findWorkload(write(moduleWith(changes))), message.source).rejects.toThrow(
        message,
      );
    }
  });
});
