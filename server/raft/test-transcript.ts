/**
 * An interpreter for transcripts: schedules that a person writes down, step by step, on real cores.
 *
 * Nothing happens that a line does not say: time passes, messages arrive and writes complete by
 * command. Output is what the log printer says of each step. The commands are listed below.
 */
import { describeInput, describeStatus } from './describe.ts';
import { TranscriptCluster, TranscriptError } from './test-transcript-cluster.ts';

export const transcriptHelp = `
cluster n1 n2 .. [learners n4 ..]   new cores, with nothing on their disks
ticks n1 COUNT                      time passes for one of them
quietly COMMAND                     as COMMAND, and nothing is said
settle                              all messages arrive, in order, until none is left; says nothing
deliver [n1->n2] [COUNT]            messages arrive: of this link, or all that are under way
drop n1->n2                         messages of this link are lost
cut n1 n2 .. | n3 ..                no message crosses from one side to the other
heal                                every message arrives again
wait                                an election timeout passes for all but leaders, nobody stands
stand n1                            its own election timeout is over: it stands
elect n1                            wait, stand, settle
propose n1 WORD ..                  commands for its log
read n1                             a read wants a read index
hold n1 / write n1                  its disk is slow from now on / its oldest write completes
crash n1 / restart n1               what was not written is lost
snapshot n1 / compact n1            of what it has applied, keeping no entry before it
change n1 voters=n1,n2 [learners=]  the members shall be these
transfer n1 n2                      leadership is to go from n1 to n2
status / log n1 / applied n1        what it says of itself / its log / its state
messages                            what is under way`;

export class Transcript {
  readonly #cluster = new TranscriptCluster();

  /** Runs one line and returns what there is to say. Throws TranscriptError. */
  run(line: string): string {
    this.#cluster.output = [];
    const [command = '', ...args] = line.trim().split(/\s+/);
    this.#runCommand(command, args);
    return this.#cluster.output.length === 0 ? 'ok' : this.#cluster.output.join('\n');
  }

  #runCommand(command: string, args: readonly string[]): void {
    const [first = '', second = ''] = args;
    switch (command) {
      case 'cluster':
        this.#cluster.begin(args);
        return;
      case 'ticks':
        for (let count = Number(second || 1); count > 0; count -= 1) {
          this.#cluster.step(this.#cluster.node(first), { type: 'tick' });
        }
        return;
      case 'settle':
        this.#cluster.quietly(() => this.#cluster.settle());
        return;
      case 'quietly':
        this.#cluster.quietly(() => this.#runCommand(first, args.slice(1)));
        return;
      case 'deliver':
        this.#cluster.deliver(args);
        return;
      case 'drop':
        this.#cluster.drop(first);
        return;
      case 'cut':
        this.#cluster.cutLinks(args);
        return;
      case 'heal':
        this.#cluster.heal();
        return;
      case 'elect':
        this.#cluster.quietly(() => this.#cluster.elect(this.#cluster.node(first)));
        this.#cluster.say(
          describeStatus(this.#cluster.running(this.#cluster.node(first)).status()),
        );
        return;
      case 'wait':
        this.#cluster.wait();
        return;
      case 'stand':
        this.#cluster.stand(this.#cluster.node(first));
        return;
      case 'propose':
        this.#cluster.propose(this.#cluster.node(first), args.slice(1));
        return;
      case 'read':
        this.#cluster.step(this.#cluster.node(first), {
          type: 'read',
          ids: [this.#cluster.nextId()],
        });
        return;
      default:
        this.#runOnNode(command, args);
    }
  }

  #runOnNode(command: string, args: readonly string[]): void {
    const [first = '', second = ''] = args;
    switch (command) {
      case 'hold':
        this.#cluster.node(first).holdsWrites = true;
        return;
      case 'write':
        this.#cluster.completeWrite(this.#cluster.node(first));
        return;
      case 'crash':
        this.#cluster.crash(this.#cluster.node(first));
        return;
      case 'restart':
        this.#cluster.restart(this.#cluster.node(first));
        return;
      case 'snapshot':
        this.#cluster.takeSnapshot(this.#cluster.node(first));
        return;
      case 'change':
        this.#cluster.change(this.#cluster.node(first), args.slice(1));
        return;
      case 'transfer':
        this.#cluster.step(this.#cluster.node(first), {
          type: 'transfer',
          id: this.#cluster.nextId(),
          to: second,
        });
        return;
      default:
        this.#show(command, first);
    }
  }

  #show(command: string, id: string): void {
    switch (command) {
      case 'status':
        for (const node of this.#cluster.nodes) {
          if (id !== '' && id !== node.id) continue;
          const { raft } = node;
          this.#cluster.say(raft === null ? `${node.id} down` : describeStatus(raft.status()));
        }
        return;
      case 'log': {
        const { base, entries } = this.#cluster.node(id).disk;
        const names = entries.map(({ index, term, kind, data }) => {
          const text = kind === 'command' ? ` ${new TextDecoder().decode(data)}` : ` ${kind}`;
          return `${index}@${term}${text}`;
        });
        const behind = base.index === 0 ? '' : `behind ${base.index}@${base.term}: `;
        this.#cluster.say(`${behind}${names.join(', ')}`);
        return;
      }
      case 'applied':
        this.#cluster.say(this.#cluster.node(id).applied.join(' ') || 'nothing');
        return;
      case 'messages':
        for (const { from, to, message } of this.#cluster.packets) {
          this.#cluster.say(`${to} <- ${describeInput({ type: 'message', from, message })}`);
        }
        return;
      default:
        throw new TranscriptError(`no command '${command}'; there are:${transcriptHelp}`);
    }
  }
}
