/**
 * The reaper: it runs in a container and removes what a run has made once its harness is gone.
 *
 * The harness holds the other end of its standard input. When that ends, for whatever reason, every
 * container, network and volume with the run's label goes, the reaper's own container last. It
 * needs no network and no packages: only the engine's socket and the id of the run.
 */
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

interface EngineReply {
  readonly status: number;
  readonly body: string;
}

const roundsMax = 120;
const emptyRoundsMin = 3;
const pauseMs = 500;

const run = process.env['RAFTURE_RUN'] ?? '';
if (run === '') throw new Error('RAFTURE_RUN is not set: there is no run to look after');
const labelFilter = encodeURIComponent(JSON.stringify({ label: [`rafture.run=${run}`] }));

const reply = await callEngine('GET', '/_ping');
if (reply.status !== 200) throw new Error(`the engine answers ${reply.status}: ${reply.body}`);
process.stdout.write('watching\n');

// A signal meant for the harness must not take the reaper along.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

for await (const _ of process.stdin) {
  // The harness says nothing; that it is there is all that counts.
}
await reap();
process.exit(0);

/** Nothing must be left several times in a row: the engine may still be making what was asked. */
async function reap(): Promise<void> {
  let emptyRounds = 0;
  for (let round = 0; round < roundsMax && emptyRounds < emptyRoundsMin; round++) {
    const left = await reapOnce();
    emptyRounds = left === 0 ? emptyRounds + 1 : 0;
    if (left > 0) process.stdout.write(`removed or tried: ${left}\n`);
    if (emptyRounds < emptyRoundsMin) await delay(pauseMs);
  }
}

/** Returns how much there was. Containers go first: they hold the networks and the volumes. */
async function reapOnce(): Promise<number> {
  const containers = (await list(`/containers/json?all=true&filters=${labelFilter}`, 'Id')).filter(
    (id) => !isSelf(id),
  );
  await Promise.all(containers.map((id) => remove(`/containers/${id}?force=true&v=true`)));
  const networks = await list(`/networks?filters=${labelFilter}`, 'Id');
  await Promise.all(networks.map((id) => remove(`/networks/${id}`)));
  const volumes = await list(`/volumes?filters=${labelFilter}`, 'Name');
  await Promise.all(volumes.map((name) => remove(`/volumes/${encodeURIComponent(name)}`)));
  return containers.length + networks.length + volumes.length;
}

/** A container's host name is the beginning of its id, unless it is told otherwise. */
function isSelf(id: string): boolean {
  const hostname = process.env['HOSTNAME'] ?? '';
  return hostname !== '' && id.startsWith(hostname);
}

async function list(path: string, field: string): Promise<readonly string[]> {
  const { status, body } = await callEngine('GET', path);
  if (status !== 200) return [];
  const parsed: unknown = JSON.parse(body);
  const items: unknown = Array.isArray(parsed) ? parsed : fieldOf(parsed, 'Volumes');
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown) => {
    const name = fieldOf(item, field);
    return typeof name === 'string' ? [name] : [];
  });
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** A failure is met again in the next round. */
async function remove(path: string): Promise<void> {
  await callEngine('DELETE', path).catch(() => {});
}

function callEngine(method: string, path: string): Promise<EngineReply> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: '/var/run/docker.sock', method, path }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, body });
      });
      response.on('error', reject);
    });
    call.on('error', reject);
    call.end();
  });
}
