import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { NodeInfo } from '../server-node.ts';
import { HttpListener } from './http-listener.ts';
import { Metrics, type MetricsSource } from './metrics.ts';
import type { PeerLinkStatus } from './peer-links.ts';
import { freeAddress } from './test-address.ts';
import { testNodeInfo } from './test-node-info.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const peer: PeerLinkStatus = {
  ...{ peer: 'n2', connected: true, refusal: null, droppedCount: 3, bufferedBytes: 9 },
};

async function createHttp(changes: Partial<NodeInfo> = {}, peers: PeerLinkStatus[] = [peer]) {
  const state = { info: { ...testNodeInfo, ...changes } };
  const source: MetricsSource = {
    info: () => state.info,
    peers: () => peers,
    clients: () => ({ connected: 2, turnedAway: 1 }),
  };
  const metrics = new Metrics({ cluster: 'test', node: 'n1' });
  const http = new HttpListener(metrics, source, { event: () => {} });
  const address = await freeAddress();
  await http.listen(address);
  closers.push(() => http.close());
  return { metrics, state, address, base: `http://${address.host}:${address.port}` };
}

test('a node that serves and knows a leader is healthy', async () => {
  const { base } = await createHttp();
  const response = await fetch(`${base}/health`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toContain('application/json');
  expect(await response.json()).toMatchObject({
    ...{ status: 'ok', reasons: [], refusals: [], id: 'n1', role: 'leader', term: 7 },
    ...{ leaderId: 'n1', commitIndex: 41, appliedIndex: 40 },
  });
});

test('a node that does not is not, and says why', async () => {
  const refused = { ...peer, connected: false, refusal: 'another cluster' };
  const { base } = await createHttp({ leaderId: null, serving: false }, [refused]);
  const response = await fetch(`${base}/health`);
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({
    status: 'unavailable',
    reasons: ['it repairs its log, stops or has ended', 'no leader is known'],
    refusals: ['n2: another cluster'],
  });
});

test('a node that is no member is told apart from one that waits for a leader', async () => {
  const { base } = await createHttp({ id: 'n5', leaderId: null });
  expect(await (await fetch(`${base}/health`)).json()).toMatchObject({
    reasons: [expect.stringMatching(/^it is no member of the cluster, .* RAFT.ADD on the leader/)],
  });
});

test('metrics tell of roles, indexes, followers, queues, syncs and the process', async () => {
  const { base, metrics, state } = await createHttp();
  metrics.observeSync(0.4);
  metrics.observeSync(3);
  const read = async () => (await fetch(`${base}/metrics`)).text();
  const text = await read();
  const labels = 'node="n1",cluster="test"';
  const value = (shown: string, name: string, extra = '') => {
    const lines = shown.split('\n').filter((line) => line.startsWith(`${name}{`));
    const wanted = lines.filter((line) => line.includes(extra));
    expect([name, extra, wanted.length]).toEqual([name, extra, 1]);
    for (const label of labels.split(',')) expect(wanted[0]).toContain(label);
    return Number(wanted[0]?.split(' ').at(-1));
  };
  expect(value(text, 'rafture_term')).toBe(7);
  expect(value(text, 'rafture_commit_index')).toBe(41);
  expect(value(text, 'rafture_applied_index')).toBe(40);
  expect(value(text, 'rafture_first_log_index')).toBe(3);
  expect(value(text, 'rafture_last_log_index')).toBe(43);
  expect(value(text, 'rafture_snapshot_index')).toBe(2);
  expect(value(text, 'rafture_role', 'role="leader"')).toBe(1);
  expect(value(text, 'rafture_role', 'role="follower"')).toBe(0);
  expect(value(text, 'rafture_follower_match_index', 'peer="n2"')).toBe(41);
  expect(value(text, 'rafture_follower_mode', 'peer="n3",mode="snapshot"')).toBe(1);
  expect(value(text, 'rafture_waiting_writes')).toBe(4);
  expect(value(text, 'rafture_waiting_reads')).toBe(6);
  expect(value(text, 'rafture_log_syncs_total')).toBe(6);
  expect(value(text, 'rafture_overloads_total')).toBe(12);
  expect(value(text, 'rafture_clients')).toBe(2);
  expect(value(text, 'rafture_peer_dropped', 'peer="n2"')).toBe(3);
  expect(value(text, 'rafture_disk_sync_seconds_count')).toBe(2);
  expect(value(text, 'rafture_disk_sync_seconds_bucket', 'le="0.0005"')).toBe(1);
  expect(value(text, 'process_resident_memory_bytes')).toBeGreaterThan(1_000_000);

  state.info = { ...state.info, followers: [], role: 'follower', term: 8 };
  const later = await read();
  expect(value(later, 'rafture_term')).toBe(8);
  expect(value(later, 'rafture_log_syncs_total')).toBe(6);
  expect(value(later, 'rafture_role', 'role="leader"')).toBe(0);
  expect(later).not.toContain('rafture_follower_match_index{');
});

test('other paths and methods are refused', async () => {
  const { base } = await createHttp();
  expect((await fetch(`${base}/`)).status).toBe(404);
  expect((await fetch(`${base}/metrics/x`)).status).toBe(404);
  const post = await fetch(`${base}/metrics`, { method: 'POST', body: 'x'.repeat(1000) });
  expect(post.status).toBe(405);
  expect(post.headers.get('allow')).toBe('GET, HEAD');
  const head = await fetch(`${base}/health`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});

test('headers without end and nonsense are cut off', async () => {
  const { address, base } = await createHttp();
  for (const request of [`GET /health HTTP/1.1\r\nX: ${'y'.repeat(20_000)}`, 'nonsense\r\n\r\n']) {
    const socket = connect(address);
    let answer = '';
    socket.on('data', (bytes) => {
      answer += bytes.toString();
    });
    socket.on('error', () => {});
    socket.write(request);
    await new Promise<void>((resolve) => socket.on('close', () => resolve()));
    expect(answer).toMatch(/^(HTTP\/1\.1 4|$)/);
  }
  expect((await fetch(`${base}/health`)).status).toBe(200);
});
