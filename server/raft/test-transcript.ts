/**
 * An interpreter for transcripts: schedules that a person writes down, step by step, on real cores.
 *
 * Nothing happens that a line does not say: time passes, messages arrive and writes complete by
 * command. Output is what the log printer says of each step, and whether a promise was broken. The
 * commands are listed below.
 */
import { describeInput, describeStatus } from './describe.ts';
import { TranscriptCluster } from './test-transcript-cluster.ts';
import { TranscriptError } from './test-transcript-network.ts';
import type { TranscriptNode } from './test-transcript-node.ts';

const transcriptHelp = `
set NAME=NUMBER ..                  for the next cluster: bytes of entries in a message (1: one
                                    entry), window (messages), trailing (entries), chunks (of a
                                    snapshot), lag (entries that a new voter may lack)
cluster n1 n2 .. [learners n4 ..]   new cores, with nothing on their disks
ticks n1 COUNT                      time passes for one of them
quietly COMMAND                     as COMMAND, and nothing is said
settle                              all messages arrive, in order, until none is left; says nothing
deliver [n1->n2] [COUNT]            messages arrive: the first of a link, or all that are under way
drop n1->n2 [COUNT]                 messages are lost; n1->* are those of all links of n1
late n1->n2 [COUNT]                 messages are held back ..
double n1->n2 [COUNT]               .. or come, and are held back too ..
come n1->n2 [COUNT]                 .. until now: they are under way again
cut n1 n2 .. | n3 .. / cut n1->n2   no message crosses from one side to the other
heal                                every message arrives again
wait                                an election timeout passes for all but leaders, nobody stands
stand n1                            its own election timeout is over: it stands
elect n1                            wait, stand, settle
propose n1 WORD ..                  commands for its log
read n1                             a read wants a read index
hold n1 / write n1 / unhold n1      its disk is slow / its oldest write completes / it is fast again
hold n1 chunks / store n1           so are the chunks of a leader's snapshot / they are stored
crash n1 / restart n1               what was not written is lost
term n1 50                          its disk says this term when it restarts, and no vote
wipe n1 [joins]                     all is lost, and it starts as at first, or to be added
snapshot n1                         of what it has applied; the log before it goes
change n1 voters=n1,n2 [learners=] [expect=INDEX]   the members shall be these
transfer n1 [n2]                    leadership is to go from n1 to n2, or to whoever is furthest
status / followers n1 / durable n1  what it says of itself / of those that it leads / of its disk
log n1 / applied n1 / messages      its log on disk / its state / what is under way`;

type Command = (cluster: TranscriptCluster, args: readonly string[]) => void;

const everyLink = '*->*';

/** `[n1->n2] [COUNT]`. */
function linkAndCount(args: readonly string[]): readonly [string, number] {
  const link = args.find((arg) => arg.includes('->')) ?? everyLink;
  const count = Number(args.find((arg) => /^[0-9]+$/.test(arg)) ?? Number.POSITIVE_INFINITY);
  return [link, count];
}

/** A command about one server. */
function on(
  act: (cluster: TranscriptCluster, node: TranscriptNode, rest: readonly string[]) => void,
): Command {
  return (cluster, [id = '', ...rest]) => act(cluster, cluster.node(id), rest);
}

const commands = new Map<string, Command>([
  ['set', (cluster, args) => cluster.set(args)],
  ['cluster', (cluster, args) => cluster.begin(args)],
  ['settle', (cluster) => cluster.quietly(() => cluster.settle())],
  ['quietly', (cluster, args) => cluster.quietly(() => runCommand(cluster, args))],
  ['deliver', (cluster, args) => cluster.deliver(...linkAndCount(args))],
  ['drop', (cluster, args) => void cluster.network.take(...linkAndCount(args))],
  ['late', (cluster, args) => cluster.network.holdBack(...linkAndCount(args))],
  ['double', (cluster, args) => cluster.network.double(...linkAndCount(args))],
  ['come', (cluster, args) => cluster.network.comeLate(...linkAndCount(args))],
  ['cut', (cluster, args) => cluster.network.cut(args)],
  ['heal', (cluster) => cluster.network.heal()],
  ['wait', (cluster) => cluster.wait()],
  ['stand', on((cluster, node) => cluster.stand(node))],
  ['propose', on((cluster, node, words) => cluster.propose(node, words))],
  ['change', on((cluster, node, members) => cluster.change(node, members))],
  ['hold', on((cluster, node, [what]) => cluster.hold(node, what))],
  ['write', on((cluster, node) => cluster.completeWrite(node))],
  ['store', on((cluster, node) => cluster.storeChunks(node))],
  ['unhold', on((cluster, node) => cluster.unhold(node))],
  ['crash', on((cluster, node) => cluster.crash(node))],
  ['restart', on((cluster, node) => cluster.restart(node))],
  ['term', on((_, node, [term]) => setTerm(node, Number(term)))],
  ['wipe', on((cluster, node, [how]) => cluster.wipe(node, how))],
  ['snapshot', on((cluster, node) => cluster.takeSnapshot(node))],
  [
    'ticks',
    on((cluster, node, [count = '1']) => {
      for (let left = Number(count); left > 0; left -= 1) cluster.step(node, { type: 'tick' });
    }),
  ],
  [
    'elect',
    on((cluster, node) => {
      cluster.quietly(() => cluster.elect(node));
      cluster.say(describeStatus(cluster.running(node).status()));
    }),
  ],
  ['read', on((cluster, node) => cluster.step(node, { type: 'read', ids: [cluster.nextId()] }))],
  [
    'transfer',
    on((cluster, node, [to = null]) => {
      cluster.step(node, { type: 'transfer', id: cluster.nextId(), to });
    }),
  ],
  ['status', (cluster, [id]) => showStatus(cluster, id)],
  ['followers', on(showFollowers)],
  ['durable', on(showDurable)],
  ['log', on(showLog)],
  ['applied', on((cluster, node) => cluster.say(node.applied.join(' ') || 'nothing'))],
  ['messages', showMessages],
]);

function runCommand(cluster: TranscriptCluster, [name = '', ...args]: readonly string[]): void {
  const command = commands.get(name);
  if (command === undefined) {
    throw new TranscriptError(`no command '${name}'; there are:${transcriptHelp}`);
  }
  command(cluster, args);
}

function showStatus(cluster: TranscriptCluster, id: string | undefined): void {
  for (const node of cluster.nodes) {
    if (id !== undefined && id !== node.id) continue;
    const { raft } = node;
    cluster.say(raft === null ? `${node.id} down` : describeStatus(raft.status()));
  }
}

function showFollowers(cluster: TranscriptCluster, node: TranscriptNode): void {
  for (const follower of cluster.running(node).status().followers) {
    const { id, mode, matchIndex, nextIndex, inflightCount } = follower;
    const rest = inflightCount === 0 ? '' : ` inflight=${inflightCount}`;
    cluster.say(`${node.id} of ${id}: ${mode} match=${matchIndex} next=${nextIndex}${rest}`);
  }
}

function showDurable(cluster: TranscriptCluster, node: TranscriptNode): void {
  const { durableIndex, lastLogIndex, lastLogTerm } = cluster.running(node).status();
  cluster.say(`${node.id} durable=${durableIndex} last=${lastLogIndex}@${lastLogTerm}`);
}

function showLog(cluster: TranscriptCluster, { disk }: TranscriptNode): void {
  const { base, entries } = disk;
  const names = entries.map(({ index, term, kind, data }) => {
    const text = kind === 'command' ? ` ${new TextDecoder().decode(data)}` : ` ${kind}`;
    return `${index}@${term}${text}`;
  });
  const behind = base.index === 0 ? '' : `behind ${base.index}@${base.term}: `;
  cluster.say(`${behind}${names.join(', ')}`.trim() || 'empty');
}

function showMessages(cluster: TranscriptCluster): void {
  if (cluster.network.packets.length === 0) cluster.say('nothing is under way');
  for (const { from, to, message } of cluster.network.packets) {
    cluster.say(`${to} <- ${describeInput({ type: 'message', from, message })}`);
  }
}

export class Transcript {
  readonly #cluster = new TranscriptCluster();

  /** Runs one line and returns what there is to say. Throws TranscriptError. */
  run(line: string): string {
    this.#cluster.output = [];
    try {
      runCommand(this.#cluster, line.trim().split(/\s+/));
    } catch (error) {
      throw new TranscriptError(`at '${line}': ${String(error)}`, { cause: error });
    }
    return this.#cluster.output.length === 0 ? 'ok' : this.#cluster.output.join('\n');
  }
}

/** As after many elections that nobody here saw. */
function setTerm(node: TranscriptNode, term: number): void {
  if (node.raft !== null) throw new TranscriptError(`${node.id} runs: crash it first`);
  node.disk.hardState = { currentTerm: term, votedFor: null };
}
