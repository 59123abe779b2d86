/**
 * `npm run bench:faults`: how fast faults begin and end, and clusters come and go.
 *
 * Nothing is judged here: a target that is not met only shows in the table.
 */
import { tmpdir } from 'node:os';
import { type FaultFlags, help, type MeasuredCluster, parseFaultFlags } from './faults-flags.ts';
import { type FaultTimes, measureFaults } from './faults-measure.ts';
import { describeFaultFigures, type FaultFigures } from './faults-table.ts';
import { BenchFlagError, exitCodes } from './harness-flags.ts';
import { describeMachine } from './server-machine.ts';

/** Progress: beside the result, which alone goes to standard output. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The reason, where the cluster cannot be had here. */
async function measure(kind: MeasuredCluster, flags: FaultFlags): Promise<FaultTimes | string> {
  try {
    return await measureFaults(kind, flags, say);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function run(flags: FaultFlags): Promise<number> {
  const machine = describeMachine(tmpdir());
  const measured: [MeasuredCluster, FaultTimes | string][] = [];
  for (const kind of flags.clusters) measured.push([kind, await measure(kind, flags)]);
  const figures: FaultFigures = Object.fromEntries(measured);
  if (flags.json) {
    console.log(JSON.stringify({ machine, flags, figures }, null, 2));
  } else {
    const { cores, processor, kernel, node, load } = machine;
    const where = `${cores} cores (${processor}), ${kernel}; Node ${node}`;
    console.log(`${where}; load average before: ${load.join(' ')}`);
    console.log(`${flags.nodes} nodes; ${flags.partitions} partitions, ${flags.kills} kills\n`);
    console.log(describeFaultFigures(figures).join('\n'));
  }
  const isMeasured = measured.some(([, times]) => typeof times !== 'string');
  return isMeasured ? exitCodes.measured : exitCodes.failed;
}

async function main(): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => process.exit(exitCodes.interrupted));
  }
  try {
    const flags = parseFaultFlags(process.argv.slice(2));
    if (flags !== null) return await run(flags);
    console.log(help);
    return exitCodes.measured;
  } catch (error) {
    say(`bench:faults: ${error instanceof Error ? error.message : String(error)}`);
    return error instanceof BenchFlagError ? exitCodes.badArguments : exitCodes.failed;
  }
}

process.exitCode = await main();
