/**
 * The simulated Host: what a life of a node gets in the place of a machine.
 *
 * Everything that calls back into the server's code goes through the life, everything that is
 * random comes from the seed, and a life that has ended can touch nothing any more.
 */
import type { CrashPoints } from '../../server/crash-points.ts';
import type { Host, Log, Timers } from '../../server/host.ts';
import type { Trace } from '../../server/trace.ts';
import type { RandomSource } from '../run/random.ts';
import type { SimulatedDisk } from './disk.ts';
import type { Life } from './life.ts';
import type { SimulatedNetwork } from './network.ts';
import type { VirtualEvent, VirtualTime } from './virtual-time.ts';

/** A timer fires up to this much late, as a busy machine's does. */
const timerLatenessUs = 300;

export interface HostSurroundings {
  readonly time: VirtualTime;
  readonly disk: SimulatedDisk;
  readonly network: SimulatedNetwork;
  readonly log: Log;
  readonly crashPoints: CrashPoints;
  readonly trace: Trace | null;
  /** The stream with this name. */
  readonly randomStream: (name: string) => RandomSource;
}

export function createSimulatedHost(life: Life, surroundings: HostSurroundings): Host {
  const { time, disk, network, log, crashPoints, trace, randomStream } = surroundings;
  const name = `node/${life.node}/life/${life.number}`;
  const whileItLives = (effect: () => void): void => {
    if (life.phase !== 'ended') effect();
  };
  return {
    disk: disk.mount(life),
    network: network.attach(life),
    timers: createTimers(life, time, randomStream(`${name}/timers`)),
    random: { next: randomStream(`${name}/random`) },
    log: {
      event: (level, event, fields) => whileItLives(() => log.event(level, event, fields)),
    },
    crashPoints: { ...crashPoints, reach: (point) => whileItLives(() => crashPoints.reach(point)) },
    trace: trace && { event: (event) => whileItLives(() => trace.event(event)) },
  };
}

function createTimers(life: Life, time: VirtualTime, random: RandomSource): Timers {
  const pending = new Map<number, VirtualEvent>();
  let nextId = 1;
  return {
    now: () => time.nowUs / 1000,
    after: (delayMs, callback) => {
      const id = nextId++;
      // A timer that fires while the node is frozen may still be cancelled before it is resumed.
      const fire = (): void => {
        if (pending.delete(id)) callback();
      };
      const delayUs = Math.max(0, delayMs) * 1000 + random() * timerLatenessUs;
      pending.set(
        id,
        time.schedule(delayUs, () => life.deliver(fire)),
      );
      return id;
    },
    cancel: (id) => {
      const event = pending.get(id);
      if (event === undefined) return;
      pending.delete(id);
      time.cancel(event);
    },
  };
}
