import { describe, expect, it } from 'vitest';
import type { CheckedRun, CheckerResult, Validity } from '../checker.ts';
import { exits } from './exits.ts';
import { madeRun } from './made-run.ts';

const judge = (parts: Partial<CheckedRun>): CheckerResult =>
  exits.check(madeRun(parts)) as CheckerResult;

const validityOf = (reason: string): Validity =>
  judge({ unexpectedExits: [{ node: 'n2', reason }] }).valid;

describe('the ends of nodes', () => {
  it('are well when nobody ended by himself', () => {
    expect(judge({})).toMatchObject({ valid: true, summary: 'no node ended by itself, of 5' });
    expect(judge({}).blind).toEqual(['nodes that ran and did nothing any more']);
  });

  it('are told apart by nobody where a fault had to excuse any of them', () => {
    const { valid, blind } = judge({ anyEndExcused: ['n1', 'n3'] });
    expect(valid).toBe(true);
    expect(blind[0]).toMatch(/^ends of n1 and n3 during faults that may end a node: /);
    const reason = 'it ended with exit code 255';
    const broken = judge({ anyEndExcused: ['n1'], unexpectedExits: [{ node: 'n2', reason }] });
    expect(broken.blind[0]).toMatch(/^ends of n1 /);
  });

  it('are a broken promise when a node broke, and say what it said', () => {
    const code = 'it ended with exit code 255';
    const line = '{"level":60,"error":"two leaders (a=1)","name":"InvariantError","msg":"failed"}';
    const reason = `${code}; its last line: ${line}`;
    const result = judge({ unexpectedExits: [{ node: 'n2', reason }] });
    expect(result).toMatchObject({ valid: false, blind: [], details: { exits: [{ reason }] } });
    expect(result.summary).toBe(
      `n2 ended by itself: ${code}; its last line: failed: two leaders (a=1)`,
    );
  });

  it.each([
    ['it ended with exit code 255', false],
    ['it ended with exit code 1', false],
    ['it ended with exit code 0', false],
    ['it exited with code 139', false],
    ['it exited with code 134', false],
    ['it ended with SIGABRT', false],
    ['it ended with SIGSEGV; its last line: what', false],
    ['commitIndex 7 is beyond lastLogIndex 5', false],
    ['it ended with exit code undefined', false],
  ])('are broken by a node of which it is said that %s', (reason, valid) => {
    expect(validityOf(reason)).toBe(valid);
  });

  it.each([
    ['it ended with SIGKILL', 'SIGKILL'],
    ['it exited with code 137', 'SIGKILL'],
    ['it ended with SIGTERM', 'SIGTERM'],
    ['it exited with code 143', 'SIGTERM'],
    ['it exited with code 130', 'SIGINT'],
    ['it exited with code 129', 'SIGHUP'],
    ['it ended with SIGINT', 'SIGINT'],
    ['it ended with SIGHUP', 'SIGHUP'],
    ['it exited with code 125', 'container could not be started'],
    ['it exited with code 126', 'could not be run'],
    ['it exited with code 127', 'command was not found'],
    ['it ended with exit code 249; its last line: another node', 'that of another node'],
    ['it ended with exit code 250; its last line: EADDRINUSE', 'could not listen'],
    ['it ended with exit code 251; its last line: it is in use', 'its data directory'],
    ['it ended with exit code 252; its last line: ENOSPC', 'its disk failed'],
    ['it ended with exit code 254', 'did not understand its arguments'],
  ])('are unknown when they may have come from outside: %s', (reason, why) => {
    const result = judge({ unexpectedExits: [{ node: 'n2', reason }] });
    expect(result.valid).toBe('unknown');
    expect(result.summary).toContain(reason);
    expect(result.summary.slice(result.summary.indexOf(' ('))).toContain(why);
    expect(result.blind).toEqual(['why n2 ended']);
  });

  it('are broken by a node that finds damage where nobody did any', () => {
    const words = 'its last line: wal-1 is corrupt at byte 80';
    expect(validityOf(`it ended with exit code 251; ${words}`)).toBe(false);
    expect(validityOf('it ended with exit code 249; "identity" is damaged')).toBe(false);
    expect(validityOf('it ended with exit code 252; "wal" is damaged')).toBe('unknown');
  });

  it('are broken by damage that only the log of the node speaks of', () => {
    const log = (node: string, ...lines: readonly string[]): CheckedRun['logs'][number] => ({
      ...{ node, path: `${node}/server.log`, lines },
    });
    const words = 'rafture-server: wal-1 is corrupt at byte 80';
    const logs = [log('n1', 'all is well'), log('n2', 'started', words)];
    const exit = { node: 'n2', reason: 'it exited with code 251' };
    const result = judge({ unexpectedExits: [exit], logs });
    expect(result.valid).toBe(false);
    expect(result.summary).toBe(
      `n2 ended by itself: it exited with code 251; n2/server.log, line 2: ${words}`,
    );
    expect(judge({ unexpectedExits: [{ ...exit, node: 'n1' }], logs }).valid).toBe('unknown');
    const full = { ...exit, reason: 'it exited with code 252' };
    expect(judge({ unexpectedExits: [full], logs }).valid).toBe('unknown');
  });

  it('put what is the own fault of a node before the others, and hide none', () => {
    const killed = { node: 'n1', reason: 'it ended with SIGKILL' };
    const broken = { node: 'n3', reason: 'it ended with exit code 255' };
    const result = judge({ unexpectedExits: [killed, killed, broken] });
    expect(result.valid).toBe(false);
    expect(result.summary.startsWith('n3 ended by itself: it ended with exit code 255; n1')).toBe(
      true,
    );
    expect(result.blind).toEqual(['why n1 ended']);
    const many = judge({ unexpectedExits: Array(7).fill(broken) });
    expect(many.summary).toMatch(/; and 2 more$/);
    expect(judge({ unexpectedExits: Array(5).fill(broken) }).summary).not.toContain(' more');
  });

  it('are unknown when the run broke off before anybody asked', () => {
    const result = judge({ brokeOff: 'a socket', recovery: null });
    expect(result).toMatchObject({ valid: 'unknown', blind: ['nodes that ended by themselves'] });
  });
});
