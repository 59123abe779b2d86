/**
 * Who may speak to a life of a node: its policy is asked once for each life that knocks.
 *
 * As with a greeting on a connection: what a peer sends waits until it is answered, and is lost
 * when the peer is refused. A refused one may knock again later, as it would by connecting anew.
 */
import type { PeerIdentity, PeerPolicy } from '../../server/host.ts';
import type { Life } from './life.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What may wait for an answer; more is lost, as behind a connection that is not open. */
const waitingMax = 64;
/** For so long a refused peer is not asked about again. */
const refusedForUs = 500_000;

/** A life that knocks, and what it says of itself. */
export interface Knocking {
  readonly life: Life;
  readonly identity: PeerIdentity;
}

/** What is to be done with a message: exactly one of the two is called. */
export interface Passage {
  readonly enter: () => void;
  readonly turnAway: () => void;
}

type Verdict =
  | { readonly type: 'asked'; readonly waiting: Passage[] }
  | { readonly type: 'welcome' }
  | { readonly type: 'refused'; readonly untilUs: number };

export class Admissions {
  readonly #time: VirtualTime;
  readonly #life: Life;
  readonly #verdicts = new Map<Life, Verdict>();
  #policy: PeerPolicy | null = null;

  constructor(life: Life, time: VirtualTime) {
    this.#life = life;
    this.#time = time;
  }

  /** What this life says of itself; null until it has joined. */
  get own(): PeerIdentity | null {
    return this.#policy?.own ?? null;
  }

  join(policy: PeerPolicy): void {
    if (this.#policy !== null) throw new RangeError(`${this.#life.node} joins a second time`);
    this.#policy = policy;
  }

  /** Whether this life has been asked about, whatever came of it. */
  knows(life: Life): boolean {
    return this.#verdicts.has(life);
  }

  /** Lets the message in, now or once the policy has answered, or turns it away. */
  admit(knocking: Knocking, passage: Passage): void {
    const policy = this.#policy;
    const verdict = this.#verdicts.get(knocking.life) ?? null;
    if (policy === null) passage.turnAway();
    else if (verdict?.type === 'welcome') passage.enter();
    else if (verdict?.type === 'asked') wait(verdict.waiting, passage);
    else if (verdict !== null && this.#time.nowUs < verdict.untilUs) passage.turnAway();
    else this.#ask(policy, knocking, passage);
  }

  /** The lives of this node are asked about anew; one that is being asked about gets its answer. */
  forget(node: string): void {
    for (const [life, { type }] of this.#verdicts) {
      if (life.node === node && type !== 'asked') this.#verdicts.delete(life);
    }
  }

  #ask(policy: PeerPolicy, knocking: Knocking, passage: Passage): void {
    const waiting = [passage];
    this.#verdicts.set(knocking.life, { type: 'asked', waiting });
    let isAnswered = false;
    policy.admit(knocking.identity, (refusal) => {
      if (isAnswered) throw new RangeError(`${this.#life.node} answers twice for one peer`);
      isAnswered = true;
      this.#verdicts.set(
        knocking.life,
        refusal === null
          ? { type: 'welcome' }
          : { type: 'refused', untilUs: this.#time.nowUs + refusedForUs },
      );
      // Each is an event of its own: whoever answers is not to meet them while it still speaks.
      for (const { enter, turnAway } of waiting) {
        const pass = refusal === null ? enter : turnAway;
        this.#time.schedule(1, () => this.#life.deliver(pass));
      }
    });
  }
}

function wait(waiting: Passage[], passage: Passage): void {
  if (waiting.length < waitingMax) waiting.push(passage);
  else passage.turnAway();
}
