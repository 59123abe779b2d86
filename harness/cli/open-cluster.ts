/**
 * The cluster of a run: chosen, its sources planted where a bug or a next version was asked for,
 * and started.
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { plantBug } from '../bugs/bug.ts';
import {
  type ClusterRequest,
  createCluster,
  type SelectedCluster,
  type Selection,
  selectKind,
} from '../cluster/select.ts';
import { whyNoTraces } from '../cluster/traces.ts';
import type { RunConsole } from '../console.ts';
import { neededAbilities } from '../nemesis/needed-abilities.ts';
import { askedFamilies } from './nemesis-settings.ts';
import { isPackaged } from './packaged.ts';
import type { TestSettings } from './settings.ts';
import type { UndoStack } from './undo-stack.ts';

export interface OpenOptions {
  readonly settings: TestSettings;
  readonly console: RunConsole;
  readonly undo: UndoStack;
}

const ownRoot = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
export interface OpenCluster {
  readonly selected: SelectedCluster;
  readonly selection: Selection;
  /** null when the nodes write traces, or a referee watches. */
  readonly whyNoTraces: string | null;
}

/** Says which cluster it takes, and why. What it made is undone by `undo`. */
export async function openCluster({ settings, console, undo }: OpenOptions): Promise<OpenCluster> {
  const request: ClusterRequest = {
    kind: settings.cluster,
    images: settings.images,
    network: settings.processNetwork,
    system: settings.system,
    nodes: settings.nodes,
    seed: settings.seed,
    world: settings.world,
    runId: randomUUID().slice(0, 8),
    sourceRoot: ownRoot,
    onProgress: (line) => console.note(line),
    traces: false,
    ...preparations(settings),
  };
  const selection = await select(request);
  console.note(
    `cluster: ${selection.kind}${selection.reason === null ? '' : ` (${selection.reason})`}`,
  );
  const sourceRoot = await plant(settings, undo);
  const why = whyNoTraces(settings, selection.kind);
  const traces = why === null;
  const otherVersion = await plantNextVersion(request, sourceRoot, undo);
  const whole = { ...request, sourceRoot, traces, keepsMessages: traces, otherVersion };
  const selected = await createCluster(selection.kind, whole);
  undo.push('tear down the cluster', () => selected.cluster.tearDown());
  return { selected, selection, whyNoTraces: why };
}

/** What the faults that were asked for will use. */
function preparations(
  settings: TestSettings,
): Pick<ClusterRequest, 'prepare' | 'spares' | 'otherVersion'> {
  const prepare = neededAbilities(askedFamilies(settings));
  const spares = prepare.has('spares') ? [`n${settings.nodes.length + 1}`] : [];
  return { prepare, spares, otherVersion: null };
}

async function select(request: ClusterRequest): Promise<Selection> {
  if (!isPackaged || request.kind !== 'auto') return selectKind(request);
  return { kind: 'process', reason: 'docker images are built from a checkout, not a package' };
}

async function plant({ bug }: TestSettings, undo: UndoStack): Promise<string> {
  if (bug === null) return ownRoot;
  const copy = await plantBug(bug, ownRoot);
  undo.push('remove the sources with the bug', () => copy.remove());
  return copy.root;
}

/** The same server under another number: what an upgrade is to, where the faults want one. */
async function plantNextVersion(
  { prepare }: ClusterRequest,
  sourceRoot: string,
  undo: UndoStack,
): Promise<ClusterRequest['otherVersion']> {
  if (!prepare.has('versions')) return null;
  const edit = {
    file: 'server/version.ts',
    find: "serverVersion = '",
    replace: "serverVersion = 'next-after-",
  };
  const copy = await plantBug({ id: 'next-version', edits: [edit] }, sourceRoot);
  undo.push('remove the sources of the next version', () => copy.remove());
  return { name: 'next', sourceRoot: copy.root };
}
