/**
 * The images of a cluster: a base (Node, nft, the reaper) and on it the sources under test.
 *
 * Tags are hashes of what is inside, so that nothing is built twice and planted bugs get images of
 * their own. Images outlive a run on purpose; old ones are removed when newer ones push them out.
 */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DockerError, type Engine, imageLabel, statusOf } from '../docker-engine.ts';
import { collectHostBinaries, whyNoHostImages } from './binaries.ts';
import { collectDependencies, importedPackages, reachedSources } from './dependencies.ts';
import { type ContextFile, createContextStream, hashContext } from './tar.ts';

/** Where images come from; `auto` takes this machine's binaries when they will do. */
export type ImageSource = 'auto' | 'host' | 'registry';

export interface BaseImage {
  readonly tag: string;
  /** Of this machine's binaries, or of a public image. */
  readonly kind: 'host' | 'registry';
  /** What it is made of, for the console and the report. */
  readonly how: string;
}

export interface ImagePlan {
  readonly kind: 'base' | 'server' | 'disk' | 'links';
  readonly dockerfile: string;
  readonly files: readonly ContextFile[];
  readonly buildArguments: Readonly<Record<string, string>>;
}

/** Where the sources lie in the server image. */
export const imageSourceRoot = '/rafture';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** How many images of a kind are kept: planted bugs make many of the second. */
const keptImages = { base: 3, server: 12, disk: 3, links: 3 } as const;

export async function prepareBaseImage(
  engine: Engine,
  source: ImageSource,
  onProgress: (line: string) => void,
): Promise<BaseImage> {
  let whyNotHost = 'not asked for';
  if (source !== 'registry') {
    try {
      return await prepareHostBase(engine, onProgress);
    } catch (error) {
      whyNotHost = messageOf(error);
      if (source === 'host') {
        throw new DockerError('no-image', `--images host is not possible: ${whyNotHost}`, error);
      }
      onProgress(`no images from this machine's binaries: ${whyNotHost}`);
    }
  }
  try {
    return await prepareRegistryBase(engine, onProgress);
  } catch (error) {
    const also = source === 'auto' ? `; nor from this machine: ${whyNotHost}` : '';
    const why = messageOf(error);
    throw new DockerError('no-image', `no image from a registry: ${why}${also}`, error);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function prepareHostBase(
  engine: Engine,
  onProgress: (line: string) => void,
): Promise<BaseImage> {
  const whyNot = whyNoHostImages(engine.architecture);
  if (whyNot !== null) throw new Error(whyNot);
  const binaries = await collectHostBinaries();
  const files = binaries.files.map((file) => ({ ...file, path: `rootfs/${file.path}` }));
  const tag = await ensureImage(engine, await planBase('host.Dockerfile', files), onProgress);
  return { tag, kind: 'host', how: `images from this machine's own binaries (${binaries.what})` };
}

async function prepareRegistryBase(
  engine: Engine,
  onProgress: (line: string) => void,
): Promise<BaseImage> {
  const plan = await planBase('registry.Dockerfile', []);
  const from = /^FROM (\S+)/m.exec(plan.dockerfile)?.[1] ?? 'a public image';
  return {
    tag: await ensureImage(engine, plan, onProgress),
    kind: 'registry',
    how: `images from a registry (${from})`,
  };
}

async function planBase(name: string, files: readonly ContextFile[]): Promise<ImagePlan> {
  return {
    kind: 'base',
    dockerfile: await readFile(join(root, 'docker', name), 'utf8'),
    files: [
      ...files,
      { path: 'reaper.ts', executable: false, from: { file: join(root, 'docker/reaper.ts') } },
    ],
    buildArguments: {},
  };
}

/** The image of the link proxy: what docker/link-proxy.ts reaches, at the same paths as here. */
export async function prepareLinkImage(
  engine: Engine,
  base: BaseImage,
  onProgress: (line: string) => void,
): Promise<string> {
  const reached = await reachedSources(join(root, 'docker/link-proxy.ts'));
  const plan: ImagePlan = {
    kind: 'links',
    dockerfile: await readFile(join(root, 'docker/links.Dockerfile'), 'utf8'),
    files: [...reached].map(([path, text]) => ({
      path: relative(root, path),
      executable: false,
      from: { text },
    })),
    buildArguments: { BASE: base.tag },
  };
  return ensureImage(engine, plan, onProgress);
}

/** The image of the server whose sources lie at `<sourceRoot>/server`. */
export async function prepareServerImage(
  engine: Engine,
  options: {
    readonly base: BaseImage;
    readonly sourceRoot: string;
    readonly onProgress: (line: string) => void;
  },
): Promise<string> {
  const paths = await sourceFiles(join(options.sourceRoot, 'server'));
  const sources = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  // A copy of the sources has no packages of its own: those of this checkout serve it.
  const reached = await reachedSources(join(options.sourceRoot, 'server/main.ts'));
  const packages = await collectDependencies(root, importedPackages([...reached.values()]));
  const files: ContextFile[] = paths.map((path, index) => ({
    path: relative(options.sourceRoot, path),
    executable: false,
    from: { text: sources[index] ?? '' },
  }));
  const manifest = '{"name":"system-under-test","private":true,"type":"module"}\n';
  const plan: ImagePlan = {
    kind: 'server',
    dockerfile: await readFile(join(root, 'docker/server.Dockerfile'), 'utf8'),
    files: [
      // The folder has to be there even when nothing is in it.
      { path: 'node_modules/.keep', executable: false, from: { text: '' } },
      ...packages,
      { path: 'package.json', executable: false, from: { text: manifest } },
      ...files,
    ],
    buildArguments: { BASE: options.base.tag },
  };
  return ensureImage(engine, plan, options.onProgress);
}

/** All but tests and what only they read. */
async function sourceFiles(directory: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    const isTest = /(?:\.test\.ts$|^testdata\/|\/testdata\/)/.test(relative(directory, path));
    if (entry.isFile() && !isTest) found.push(path);
  }
  return found.sort();
}

/** The tag of the image; built when the engine does not have it. */
export async function ensureImage(
  engine: Engine,
  plan: ImagePlan,
  onProgress: (line: string) => void,
): Promise<string> {
  const more = [plan.dockerfile, engine.architecture, JSON.stringify(plan.buildArguments)];
  const tag = `rafture-${plan.kind}:${await hashContext(plan.files, more)}`;
  if (await hasImage(engine, tag)) return tag;
  onProgress(`building the image ${tag}`);
  await buildImage(engine, plan, tag);
  await removeOldImages(engine, plan.kind);
  return tag;
}

async function hasImage(engine: Engine, tag: string): Promise<boolean> {
  try {
    await engine.docker.getImage(tag).inspect();
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

async function buildImage(engine: Engine, plan: ImagePlan, tag: string): Promise<void> {
  const dockerfile: ContextFile = {
    path: 'Dockerfile',
    executable: false,
    from: { text: plan.dockerfile },
  };
  const context = createContextStream([dockerfile, ...plan.files]);
  const output = await engine.docker.buildImage(context, {
    t: tag,
    rm: true,
    forcerm: true,
    buildargs: { ...plan.buildArguments },
    labels: { [imageLabel]: plan.kind },
  });
  const lines = await new Promise<readonly unknown[]>((resolve, reject) => {
    engine.docker.modem.followProgress(output, (error: Error | null, said: unknown[]) => {
      if (error === null) resolve(said);
      else reject(error);
    });
  });
  // A failed build is no failed request: the engine says so in one of the lines.
  const failure = textsOf(lines, 'error')[0];
  if (failure === undefined) return;
  const last = textsOf(lines, 'stream').join('').trim().split('\n').slice(-3).join(' | ');
  throw new DockerError(
    'no-image',
    `the ${plan.kind} image was not built: ${failure} (after: ${last})`,
  );
}

function textsOf(lines: readonly unknown[], field: string): readonly string[] {
  return lines.flatMap((line) => {
    const text: unknown =
      typeof line === 'object' && line !== null ? Reflect.get(line, field) : undefined;
    return typeof text === 'string' ? [text] : [];
  });
}

/** An image in use refuses to go, which is as it should be. */
async function removeOldImages(engine: Engine, kind: ImagePlan['kind']): Promise<void> {
  const images = await engine.docker.listImages({ filters: { label: [`${imageLabel}=${kind}`] } });
  const old = images.toSorted((a, b) => b.Created - a.Created).slice(keptImages[kind]);
  for (const image of old) {
    const name = image.RepoTags?.[0] ?? image.Id;
    await engine.docker
      .getImage(name)
      .remove()
      .catch(() => {});
  }
}
