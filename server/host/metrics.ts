/**
 * What a node measures of itself, in the text format of Prometheus.
 *
 * The numbers are the node's own, read when somebody asks; only the syncs of the disk are counted
 * as they happen. A registry of its own, so that two nodes in one process do not mix.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Role } from '../raft/entry.ts';
import type { FollowerStatus } from '../raft/ready.ts';
import type { NodeCounters, NodeInfo } from '../server-node.ts';
import type { PeerLinkStatus } from './peer-links.ts';

export interface MetricsSource {
  info(): NodeInfo;
  peers(): readonly PeerLinkStatus[];
  clients(): { readonly connected: number; readonly turnedAway: number };
}

const roles: readonly Role[] = ['follower', 'preCandidate', 'candidate', 'leader', 'learner'];
const modes: readonly FollowerStatus['mode'][] = ['probe', 'replicate', 'snapshot'];

const gauges: readonly (readonly [string, string, (info: NodeInfo) => number])[] = [
  ['serving', '1 while the node takes commands', (info) => Number(info.serving)],
  ['has_leader', '1 while a leader is known', (info) => Number(info.leaderId !== null)],
  ['term', 'Current term', (info) => info.term],
  ['commit_index', 'Newest entry known to be committed', (info) => info.commitIndex],
  ['applied_index', 'Newest entry that was applied', (info) => info.appliedIndex],
  ['durable_index', 'Newest entry on the own disk', (info) => info.durableIndex],
  ['first_log_index', 'Oldest entry that the log holds', (info) => info.firstLogIndex],
  ['last_log_index', 'Newest entry of the log', (info) => info.lastLogIndex],
  ['snapshot_index', 'Last entry in the newest snapshot', (info) => info.snapshotIndex],
  ['configuration_index', 'Id of the configuration in force', (info) => info.configuration.index],
  ['voters', 'Voters in force', (info) => info.configuration.configuration.voters.length],
  ['learners', 'Learners in force', (info) => info.configuration.configuration.learners.length],
  ['keys', 'Keys in the store', (info) => info.keyCount],
  ['sessions', 'Open client sessions', (info) => info.sessionCount],
  ['waiting_writes', 'Writes without an answer', (info) => info.waitingWrites],
  ['waiting_reads', 'Reads without an answer', (info) => info.waitingReads],
];

const counters: readonly (readonly [keyof NodeCounters, string, string])[] = [
  ['elections', 'elections_total', 'Elections that this node began'],
  ['leaderChanges', 'leader_changes_total', 'Times that another leader became known'],
  ['writesAccepted', 'writes_accepted_total', 'Writes taken into the log'],
  ['entriesApplied', 'entries_applied_total', 'Entries applied'],
  ['readsServed', 'reads_served_total', 'Linearizable reads answered'],
  ['fsyncs', 'log_syncs_total', 'Times that the log was made durable'],
  ['bytesWritten', 'log_written_bytes_total', 'Bytes written to the log'],
  ['messagesSent', 'messages_sent_total', 'Messages to peers'],
  ['messagesReceived', 'messages_received_total', 'Messages from peers'],
  ['snapshotsTaken', 'snapshots_taken_total', 'Snapshots of the own state'],
  ['snapshotsInstalled', 'snapshots_installed_total', 'Snapshots received and installed'],
  ['overloads', 'overloads_total', 'Commands turned away because a queue was full'],
];

const prefix = 'rafture_';
/** Seconds; from a disk with a cache of its own to one in trouble. */
const syncBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2];

type LabelledGauge = Gauge<string>;

export class Metrics {
  readonly #registry = new Registry();
  readonly #gauges = new Map<string, LabelledGauge>();
  readonly #counters = new Map<string, Counter>();
  readonly #syncs: Histogram;

  constructor(labels: { readonly cluster: string; readonly node: string }) {
    const register = this.#registry;
    register.setDefaultLabels(labels);
    collectDefaultMetrics({ register });
    this.#syncs = new Histogram({
      name: `${prefix}disk_sync_seconds`,
      help: 'Duration of fdatasync',
      buckets: syncBuckets,
      registers: [register],
    });
    for (const [name, help] of gauges) this.#gauge(name, help);
    for (const [, name, help] of counters) this.#counter(name, help);
    this.#gauge('role', '1 for the role of this node', 'role');
    this.#gauge('follower_match_index', 'Newest entry that a follower is known to hold', 'peer');
    this.#gauge('follower_next_index', 'Next entry to be sent to a follower', 'peer');
    this.#gauge('follower_inflight', 'Unanswered messages with entries', 'peer');
    this.#gauge('follower_mode', '1 for how a follower is fed', 'peer', 'mode');
    this.#gauge('peer_connected', '1 while there is a link to the peer', 'peer');
    this.#gauge('peer_refused', '1 while one end does not want the other', 'peer');
    this.#gauge('peer_buffered_bytes', 'Bytes that wait for the peer', 'peer');
    this.#gauge('peer_dropped', 'Messages that this link has dropped', 'peer');
    this.#gauge('clients', 'Connections of clients');
    this.#counter('clients_turned_away_total', 'Connections beyond --max-clients');
  }

  observeSync(durationMs: number): void {
    this.#syncs.observe(durationMs / 1000);
  }

  /** Content type and body. */
  async render(source: MetricsSource): Promise<{ readonly type: string; readonly text: string }> {
    const info = source.info();
    for (const [name, , read] of gauges) this.#gauges.get(name)?.set(read(info));
    for (const [key, name] of counters) this.#count(name, info.counters[key]);
    for (const role of roles) {
      this.#gauges.get('role')?.set({ role }, Number(role === info.role));
    }
    this.#setFollowers(info.followers);
    this.#setPeers(source.peers());
    const { connected, turnedAway } = source.clients();
    this.#gauges.get('clients')?.set(connected);
    this.#count('clients_turned_away_total', turnedAway);
    return { type: this.#registry.contentType, text: await this.#registry.metrics() };
  }

  #setFollowers(followers: readonly FollowerStatus[]): void {
    const names = ['match_index', 'next_index', 'inflight', 'mode'] as const;
    // Who is no follower any more must not be shown for ever.
    for (const name of names) this.#gauges.get(`follower_${name}`)?.reset();
    for (const { id: peer, matchIndex, nextIndex, inflightCount, mode } of followers) {
      this.#gauges.get('follower_match_index')?.set({ peer }, matchIndex);
      this.#gauges.get('follower_next_index')?.set({ peer }, nextIndex);
      this.#gauges.get('follower_inflight')?.set({ peer }, inflightCount);
      for (const each of modes) {
        this.#gauges.get('follower_mode')?.set({ peer, mode: each }, Number(each === mode));
      }
    }
  }

  #setPeers(peers: readonly PeerLinkStatus[]): void {
    const names = ['connected', 'refused', 'buffered_bytes', 'dropped'] as const;
    for (const name of names) this.#gauges.get(`peer_${name}`)?.reset();
    for (const { peer, connected, refusal, bufferedBytes, droppedCount } of peers) {
      this.#gauges.get('peer_connected')?.set({ peer }, Number(connected));
      this.#gauges.get('peer_refused')?.set({ peer }, Number(refusal !== null));
      this.#gauges.get('peer_buffered_bytes')?.set({ peer }, bufferedBytes);
      this.#gauges.get('peer_dropped')?.set({ peer }, droppedCount);
    }
  }

  #gauge(name: string, help: string, ...labelNames: readonly string[]): void {
    const registers = [this.#registry];
    this.#gauges.set(
      name,
      new Gauge({ name: prefix + name, help, labelNames: [...labelNames], registers }),
    );
  }

  #counter(name: string, help: string): void {
    const registers = [this.#registry];
    this.#counters.set(name, new Counter({ name: prefix + name, help, registers }));
  }

  /** The node counts itself; here the sum is only repeated. */
  #count(name: string, total: number): void {
    const counter = this.#counters.get(name);
    counter?.reset();
    counter?.inc(total);
  }
}
