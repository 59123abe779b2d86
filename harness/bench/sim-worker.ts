/**
 * One of the processes of `npm run bench:sim --jobs N`, forked by sim.ts: each request in turn is
 * measured and answered. It ends when its parent lets go of it.
 */
import { measureSeeds, type SeedsAsked } from './sim-seeds.ts';

process.on('message', (asked: SeedsAsked) => {
  void measureSeeds(asked).then((figures) => process.send?.(figures));
});
