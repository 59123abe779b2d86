/**
 * The log as JSON lines on standard output, one per event.
 */
import { pino } from 'pino';
import type { Log, LogLevel } from '../host.ts';

export const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'fatal'];

/** Written at once, so that the last words before a crash are not lost. */
export function createJsonLog(level: LogLevel, node: string): Log {
  const destination = pino.destination({ fd: 1, sync: true });
  // Nobody reads any more: a server does not stop for that.
  destination.on('error', () => {});
  const logger = pino({ level, base: { node } }, destination);
  return {
    event: (eventLevel, name, fields) => logger[eventLevel]({ ...fields }, name),
  };
}
