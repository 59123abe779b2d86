/**
 * `npm pack` runs it first: the sources become JavaScript and declarations in dist/.
 *
 * Node strips no types below node_modules, so a package needs what a checkout does not. Only what
 * the entries reach is built: no test and no tool. dist/ is removed again after packing.
 */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const root: string = fileURLToPath(new URL('../..', import.meta.url));
const dist = join(root, 'dist');

/** What is started by its path or imported by name; everything else is imported from these. */
const entries = [
  'checker/index.ts',
  'harness/main.ts',
  'harness/check/check-worker.ts',
  'harness/check/follow-worker.ts',
  'harness/cli/sim-worker.ts',
  'server/main.ts',
  'docker/reaper.ts',
  'docker/link-proxy.ts',
  'docker/disk-agent.ts',
  'harness/cluster/netns-helper.ts',
];

/** Files that are read at run time. */
const assets = [
  'harness/report/page/report-page.js',
  'harness/report/page/report-page.css',
  'harness/report/page/space-time-model.js',
  'harness/report/page/space-time-drawing.js',
  'harness/report/page/space-time.js',
  'harness/report/page/space-time.css',
  'docker/server.Dockerfile',
  'docker/host.Dockerfile',
  'docker/registry.Dockerfile',
  'docker/links.Dockerfile',
  'docker/disk.Dockerfile',
  'docker/disk-registry.Dockerfile',
  'docker/kernel-calls.pl',
];

async function build(): Promise<void> {
  rmSync(dist, { recursive: true, force: true });
  await compile();
  for (const file of assets) {
    mkdirSync(dirname(join(dist, file)), { recursive: true });
    cpSync(join(root, file), join(dist, file));
  }
  for (const file of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
    if (/\.(js|Dockerfile)$/.test(file)) nameJavaScript(join(dist, file));
  }
  const { name, version, type } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify({ name, version, type })}\n`);
}

async function compile(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-build-'));
  try {
    const config = join(folder, 'tsconfig.json');
    const compilerOptions = {
      noEmit: false,
      noEmitOnError: true,
      allowImportingTsExtensions: false,
      rewriteRelativeImportExtensions: true,
      target: 'es2023',
      rootDir: root,
      outDir: dist,
      typeRoots: [join(root, 'node_modules/@types')],
    };
    const files = entries.map((entry) => join(root, entry));
    const project = { extends: join(root, 'tsconfig.json'), compilerOptions, files, include: [] };
    writeFileSync(config, JSON.stringify(project));
    await execa('tsc', ['-p', config], { cwd: root, preferLocal: true, stdio: 'inherit' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The compiler rewrites what is imported; files that are started by their path, such as workers
 * and the server, are named in strings.
 */
function nameJavaScript(path: string): void {
  const text = readFileSync(path, 'utf8');
  const pattern = path.endsWith('.js') ? /(['"`][^'"`\s]*\w)\.ts(?=['"`])/g : /(\w)\.ts\b/g;
  writeFileSync(path, text.replace(pattern, '$1.js'));
}

await build();
