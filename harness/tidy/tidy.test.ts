import { describe, expect, it } from 'vitest';
import { missingEntries } from './lockfile.ts';
import { readProject, type SourceFile } from './source-files.ts';
import { rules } from './tidy.ts';

/** For each rule files that break it, one problem each. */
const planted: Readonly<Record<string, readonly SourceFile[]>> = {
  'arrows between folders': [
    { path: 'checker/a.ts', text: "import { b } from '../harness/b.ts';" },
    { path: 'checker/b.ts', text: "import fs from 'node:fs';" },
    { path: 'server/raft/c.ts', text: "import { d } from '../kv/d.ts';" },
    { path: 'server/d.ts', text: "import { e } from './host/e.ts';" },
    { path: 'server/kv/d.ts', text: "import { connect } from 'node:net';" },
    { path: 'harness/run/e.ts', text: "import { f } from '../../server/node.ts';" },
    { path: 'harness/simulation/e.ts', text: "import { f } from '../../server/main.ts';" },
    { path: 'harness/run/g.ts', text: "const w = await import('../../workloads/index.ts');" },
    { path: 'workloads/h.ts', text: "import { i } from '../harness/run/loop.ts';" },
  ],
  'banned calls': [
    { path: 'server/raft/a.ts', text: 'const a = Math.random();' },
    { path: 'server/raft/b.ts', text: 'const b = await c;' },
    { path: 'checker/c.ts', text: 'const d = Date.now();' },
    { path: 'server/node.ts', text: 'setTimeout(() => {}, 1);' },
  ],
  'lengths of files and lines': [
    { path: 'harness/a.ts', text: 'a;\n'.repeat(401) },
    { path: 'harness/b.ts', text: `${'b'.repeat(101)}\n` },
  ],
  'names of files': [{ path: 'harness/utils.ts', text: '' }],
  'header comments': [{ path: 'harness/a.ts', text: 'const a = 1;' }],
  'stray marks': [
    { path: 'harness/a.ts', text: '// TODO later' },
    { path: 'harness/b.ts', text: 'const b = c as any;' },
    { path: 'README.md', text: 'See `/home/me/main`.' },
  ],
  'hosts in the lockfile': [{ path: 'package-lock.json', text: '{"resolved": "x"}' }],
  'links in Markdown': [{ path: 'server/README.md', text: '[a](./missing.ts)' }],
  citations: [
    { path: 'server/a.ts', text: '/** [Raft §5.4] */' },
    { path: 'server/b.ts', text: '/** [Raft §5.4.2] */' },
  ],
};

describe('tidy', () => {
  const project = readProject();

  for (const [name, rule] of Object.entries(rules)) {
    it(`the project keeps its ${name}`, () => {
      expect(rule(project)).toEqual([]);
    });

    it(`a breach of the ${name} is seen`, () => {
      for (const file of planted[name] ?? []) {
        expect(rule([file]), `${file.path}: ${file.text.slice(0, 60)}`).toHaveLength(1);
      }
      expect(planted[name]).toBeDefined();
    });
  }

  it('a citation of a section that the paper does not have is seen', () => {
    const readme = { path: 'README.md', text: '- **[Raft]** the extended paper\n' };
    const check = (text: string): readonly string[] | undefined =>
      rules['citations']?.([readme, { path: 'server/a.ts', text }]);
    expect(check('[Raft §5.4.2] [Raft §5.1, §5.2]')).toEqual([]);
    expect(check('[Raft §5.9]')).toHaveLength(1);
    expect(check('[Raft §5.1, §13]')).toHaveLength(1);
  });

  it('what stands in a comment is no banned call', () => {
    const text = '/** await Math.random() */\n// Date\nconst a = 1;';
    expect(rules['banned calls']?.([{ path: 'checker/a.ts', text }])).toEqual([]);
  });

  it('a platform binary that the registry does not carry gets an entry in the lockfile', () => {
    const optionalDependencies = { 'tool-darwin-arm64': '1.2.3', 'tool-linux-x64': '1.2.3' };
    const packages = { '': { optionalDependencies }, 'node_modules/tool-linux-x64': {} };
    expect(missingEntries({ packages })).toEqual({
      'node_modules/tool-darwin-arm64': {
        version: '1.2.3',
        optional: true,
        os: ['darwin'],
        cpu: ['arm64'],
      },
    });
  });
});
