import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { noCrashPoints } from '../crash-points.ts';
import { FileDisk } from '../host/file-disk.ts';
import type { PeerIdentity } from '../host.ts';
import { configurationOf } from '../raft/configuration.ts';
import { DiskError, type Done } from './disk.ts';
import {
  identityFile,
  type RecoveredIdentity,
  recoverIdentity,
  temporaryIdentityFile,
} from './identity.ts';
import { IdentityError } from './identity-format.ts';
import { type Loss, TestCrash, TestMachine } from './snapshot-test-disk.ts';

const initialConfiguration = configurationOf(['n1', 'n2', 'n3']);
const losses: readonly Loss[] = ['everything', 'nothing', 'some'];
const directories = ['0123456789abcdef', 'fedcba9876543210', '0000000000000000'] as const;

interface Given {
  readonly clusterId?: string;
  readonly nodeId?: string;
  readonly failures?: DiskError[];
}

function recover(machine: TestMachine, given: Given = {}): RecoveredIdentity {
  const { clusterId = 'c', nodeId = 'n1', failures } = given;
  const { disk, random, crashPoints } = machine.host();
  const failed = (error: DiskError): void => {
    if (failures === undefined) throw error;
    failures.push(error);
  };
  const options = { clusterId, nodeId, initialConfiguration, random, crashPoints, failed };
  return recoverIdentity(disk, options);
}

function finish(machine: TestMachine, operation: (done: Done) => void): void {
  const outcomes: (DiskError | null)[] = [];
  operation((error) => outcomes.push(error));
  machine.run();
  expect(outcomes).toEqual([null]);
}

function start(machine: TestMachine, given: Given = {}): RecoveredIdentity {
  const recovered = recover(machine, given);
  finish(machine, recovered.repair);
  return recovered;
}

function peer(nodeId: string, directoryId: string = directories[0], clusterId = 'c'): PeerIdentity {
  return { clusterId, nodeId, directoryId };
}

function admit(machine: TestMachine, recovered: RecoveredIdentity, who: PeerIdentity) {
  const answers: (string | null)[] = [];
  recovered.policy.admit(who, (refusal) => answers.push(refusal));
  machine.run();
  expect(answers).toHaveLength(1);
  return answers[0];
}

test('a new directory draws an id of its own, and has it for good', () => {
  const machine = new TestMachine(1);
  const { identity, policy } = start(machine);
  expect(identity).toMatchObject({ clusterId: expect.stringMatching(/^c#/), nodeId: 'n1' });
  expect(identity.directoryId).toMatch(/^[0-9a-f]{16}$/);
  expect(policy.own).toEqual(identity);
  machine.crash('everything');
  expect(start(machine).identity).toEqual(identity);
  const other = start(new TestMachine(2)).identity.directoryId;
  expect(other).toMatch(/^[0-9a-f]{16}$/);
  expect(other).not.toBe(identity.directoryId);
});

test('the initial configuration is the one of the first start', () => {
  const machine = new TestMachine(1);
  start(machine);
  const { disk, random, crashPoints } = machine.host();
  const later = recoverIdentity(disk, {
    ...{ clusterId: 'c', nodeId: 'n1', random, crashPoints },
    initialConfiguration: configurationOf(['n1', 'n2', 'n3', 'n4']),
    failed: () => undefined,
  });
  expect(later.initialConfiguration).toEqual(initialConfiguration);
});

test('a directory of another node or cluster is refused', () => {
  const machine = new TestMachine(1);
  start(machine);
  expect(() => recover(machine, { nodeId: 'n2' })).toThrow(
    /belongs to node n1 of cluster c, not to node n2 of cluster c: use the directory of this node/,
  );
  expect(() => recover(machine, { clusterId: 'd' })).toThrow(IdentityError);
});

test('a log or snapshot without an identity is refused, and a log of a former version', () => {
  for (const file of ['wal-0000000000000001', 'snapshot-0000000000000001-0000000000000001']) {
    const machine = new TestMachine(1);
    machine.place(file, Buffer.from('x'));
    expect(() => recover(machine)).toThrow(`the data directory holds "${file}" but no file`);
  }
  const former = new TestMachine(1);
  former.place('wal', Buffer.from('x'));
  expect(() => recover(former)).toThrow(/former version .* start with an empty data directory/);
  expect(former.files()).toEqual(['wal']);
});

test('an id of a cluster or a node has 1 to 200 characters and no hash sign', () => {
  for (const bad of ['', 'a#b', 'x'.repeat(201)]) {
    expect(() => recover(new TestMachine(1), { nodeId: bad })).toThrow(IdentityError);
    expect(() => recover(new TestMachine(1), { clusterId: bad })).toThrow(IdentityError);
  }
});

test('every flip of bits in any one byte, every truncation and every addition is refused', () => {
  const machine = new TestMachine(1);
  const recovered = start(machine);
  admit(machine, recovered, peer('n2'));
  recovered.forget('n3', 5);
  machine.run();
  const good = machine.bytesOf(identityFile);
  const refused = (bytes: Uint8Array): void => {
    machine.place(identityFile, bytes);
    expect(() => recover(machine)).toThrow(/"identity" is damaged.*restore the data directory/);
  };
  for (let position = 0; position < good.length; position += 1) {
    for (const bits of [1, 2, 4, 8, 16, 32, 64, 128, 255]) {
      const flipped = Buffer.from(good);
      flipped.writeUInt8(good.readUInt8(position) ^ bits, position);
      refused(flipped);
    }
    refused(good.subarray(0, position));
  }
  refused(Buffer.concat([good, Buffer.from('\n')]));
  machine.place(identityFile, good);
  expect(recover(machine).knownPeers()).toEqual(['n2']);
});

test('a crash at any step of the first start leaves no identity or a whole one', () => {
  for (const loss of losses) {
    for (let steps = 0; ; steps += 1) {
      const machine = new TestMachine(steps);
      const { identity, repair } = recover(machine);
      let done = false;
      repair(() => {
        done = true;
      });
      for (let step = 0; step < steps && machine.step(); step += 1);
      machine.crash(loss);
      const whole = machine.files().includes(identityFile);
      const again = start(machine);
      expect(machine.files()).toEqual([identityFile]);
      if (whole) expect(again.identity).toEqual(identity);
      if (!done) continue;
      expect(whole).toBe(true);
      break;
    }
  }
});

test('a name that is read from memory at a start is durable after the repair', () => {
  const machine = new TestMachine(1);
  const { identity, repair } = recover(machine);
  repair(() => undefined);
  while (!machine.files().includes(identityFile)) machine.step();
  machine.endProcess();
  expect(start(machine).identity).toEqual(identity);
  machine.crash('everything');
  expect(start(machine).identity).toEqual(identity);
});

test('half an identity that was being written is removed at the next start', () => {
  const machine = new TestMachine(1);
  const { identity } = start(machine);
  machine.place(temporaryIdentityFile, Buffer.from('x'.repeat(1000)));
  expect(start(machine).identity).toEqual(identity);
  expect(machine.files()).toEqual([identityFile]);
});

test('it passes its crash points, at the first start only', () => {
  const machine = new TestMachine(1);
  admit(machine, start(machine), peer('n2'));
  start(machine);
  expect(machine.reached).toEqual(['identity.before-write', 'identity.after-write']);
  for (const point of machine.reached) {
    const crashing = new TestMachine(1);
    crashing.crashAt = point;
    expect(() => start(crashing)).toThrow(TestCrash);
    crashing.crash('everything');
    expect(crashing.files()).toEqual(point === 'identity.after-write' ? [identityFile] : []);
    start(crashing);
  }
});

test('peers of another cluster, under the own id, or without a proper identity are refused', () => {
  const machine = new TestMachine(1);
  const recovered = start(machine);
  expect(admit(machine, recovered, peer('n2', directories[0], 'd'))).toMatch(
    /belongs to cluster d, this node to cluster c/,
  );
  expect(admit(machine, recovered, peer('n1'))).toMatch(/this node's own id, n1/);
  for (const bad of [peer(''), peer('n2', ''), peer('n2', '0123456789ABCDEF'), peer('n2', 'x')]) {
    expect(admit(machine, recovered, bad)).toMatch(/malformed/);
  }
  expect(recovered.knownPeers()).toEqual([]);
});

test('a peer that was wiped is refused under its id, until it has been removed', () => {
  const machine = new TestMachine(1);
  let recovered = start(machine);
  expect(admit(machine, recovered, peer('n2', directories[0]))).toBeNull();
  expect(admit(machine, recovered, peer('n2', directories[0]))).toBeNull();
  machine.crash('everything');
  recovered = start(machine);
  const refusal = admit(machine, recovered, peer('n2', directories[1]));
  expect(refusal).toMatch(/wiped or replaced.*RAFT.REMOVE.*RAFT.ADD/);
  expect(admit(machine, recovered, peer('n3', directories[1]))).toBeNull();
  recovered.forget('n2');
  recovered.forget('n2');
  machine.run();
  machine.crash('everything');
  recovered = start(machine);
  expect(recovered.knownPeers()).toEqual(['n3']);
  expect(admit(machine, recovered, peer('n2', directories[1]))).toBeNull();
  expect(admit(machine, recovered, peer('n2', directories[0]))).toMatch(/wiped or replaced/);
});

test('a removal that is applied once more after a start does not forget who came since', () => {
  const machine = new TestMachine(1);
  let recovered = start(machine);
  expect(admit(machine, recovered, peer('n2', directories[0]))).toBeNull();
  recovered.forget('n2', 10);
  recovered.forget('n3', 10);
  expect(admit(machine, recovered, peer('n2', directories[1]))).toBeNull();
  machine.crash('everything');
  recovered = start(machine);
  recovered.forget('n2', 10);
  recovered.forget('n2', 9);
  machine.run();
  expect(admit(machine, recovered, peer('n2', directories[2]))).toMatch(/wiped/);
  recovered.forget('n2', 11);
  expect(admit(machine, recovered, peer('n2', directories[2]))).toBeNull();
});

test('who comes again after its removal, twice, waits both times until that is durable', () => {
  const machine = new TestMachine(1);
  const recovered = start(machine);
  expect(admit(machine, recovered, peer('n2'))).toBeNull();
  // What is durable has it still; the write that is under way takes it out.
  recovered.forget('n2');
  const answers: (string | null)[] = [];
  const knock = () => recovered.policy.admit(peer('n2'), (refusal) => answers.push(refusal));
  knock();
  knock();
  expect(answers).toEqual([]);
  machine.run();
  expect(answers).toEqual([null, null]);
  machine.crash('everything');
  expect(start(machine).knownPeers()).toEqual(['n2']);
});

test('who ran on under a removed name is forgotten when it is added again, and only then', () => {
  const machine = new TestMachine(1);
  let recovered = start(machine);
  expect(admit(machine, recovered, peer('n2', directories[0]))).toBeNull();
  expect(recovered.readmit('n2', 8)).toBe(false);
  recovered.forget('n2', 10);
  // It does not know that it was removed, and knocks again.
  expect(admit(machine, recovered, peer('n2', directories[0]))).toBeNull();
  expect(recovered.readmit('n2', 10)).toBe(false);
  expect(recovered.readmit('n2', 12)).toBe(true);
  expect(admit(machine, recovered, peer('n2', directories[1]))).toBeNull();
  machine.crash('everything');
  recovered = start(machine);
  // The log is applied once more: who came since stays known.
  recovered.forget('n2', 10);
  expect(recovered.readmit('n2', 12)).toBe(false);
  machine.run();
  expect(admit(machine, recovered, peer('n2', directories[2]))).toMatch(/wiped/);
});

test('of many removals the newest are kept', () => {
  const machine = new TestMachine(1);
  const recovered = start(machine);
  for (let index = 1; index <= 1100; index += 1) recovered.forget(`p${index}`, index);
  machine.run();
  expect(start(machine).knownPeers()).toEqual([]);
  const text = machine.bytesOf(identityFile).toString();
  expect(text).toContain('["p1100",1100]');
  expect(text).toContain('["p77",77]');
  expect(text).not.toContain('["p76",76]');
});

test('a peer with the name of a property is a peer like any other', () => {
  const machine = new TestMachine(1);
  expect(admit(machine, start(machine), peer('__proto__'))).toBeNull();
  const again = start(machine);
  expect(again.knownPeers()).toEqual(['__proto__']);
  expect(admit(machine, again, peer('__proto__', directories[1]))).toMatch(/wiped/);
});

test('strangers cannot make the memory grow without end', () => {
  const machine = new TestMachine(1);
  const recovered = start(machine);
  const answers: (string | null)[] = [];
  for (let count = 0; count < 1030; count += 1) {
    recovered.policy.admit(peer(`p${count}`), (refusal) => answers.push(refusal));
  }
  machine.run();
  expect(answers.filter((refusal) => refusal === null)).toHaveLength(1024);
  expect(start(machine).knownPeers()).toHaveLength(1024);
});

test('many that come at once share a write, and none is let in before it is durable', () => {
  const machine = new TestMachine(1);
  const recovered = start(machine);
  let syncs = 0;
  machine.fault = (operation) => {
    if (operation === 'sync') syncs += 1;
    return null;
  };
  const admitted: string[] = [];
  for (const id of ['n2', 'n3', 'n4', 'n5']) {
    recovered.policy.admit(peer(id), (refusal) => {
      expect(refusal).toBeNull();
      admitted.push(id);
    });
  }
  // Of those that came under one name from two directories, only one gets in.
  recovered.policy.admit(peer('n5', directories[1]), (refusal) => expect(refusal).toMatch(/wiped/));
  expect(admitted).toEqual([]);
  machine.run();
  expect(admitted).toEqual(['n2', 'n3', 'n4', 'n5']);
  expect(syncs).toBe(2);
});

test('a disk that fails is told once, and nobody new is let in any more', () => {
  for (const operation of ['writeAt', 'truncate', 'sync', 'rename', 'syncDirectory']) {
    const machine = new TestMachine(1);
    const failures: DiskError[] = [];
    const recovered = start(machine, { failures });
    expect(admit(machine, recovered, peer('n2'))).toBeNull();
    machine.fault = (failing, file) =>
      failing === operation ? new DiskError('EIO', file, 'bad sector') : null;
    expect(admit(machine, recovered, peer('n3'))).toMatch(/its disk failed: bad sector/);
    recovered.forget('n9', 5);
    machine.run();
    machine.fault = () => null;
    expect(admit(machine, recovered, peer('n3'))).toMatch(/its disk failed: bad sector/);
    expect(admit(machine, recovered, peer('n4'))).toMatch(/its disk failed: bad sector/);
    expect(admit(machine, recovered, peer('n2'))).toBeNull();
    expect(failures.map(({ code }) => code)).toEqual(['EIO']);
  }
});

const action = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('admit' as const),
      id: fc.nat(2),
      directory: fc.nat(2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('forget' as const), id: fc.nat(2) }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('step' as const), count: fc.nat(8) }) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('crash' as const), loss: fc.constantFrom(...losses) }),
  },
);

test('whatever happens: between two removals only one directory of a name is ever let in', () => {
  let admissions = 0;
  fc.assert(
    fc.property(fc.array(action, { minLength: 20, maxLength: 60 }), fc.nat(), (actions, seed) => {
      const machine = new TestMachine(seed);
      let recovered = start(machine);
      /** What was let in under each name since it was last forgotten. */
      const bound = new Map<string, string>();
      for (const next of actions) {
        if (next.type === 'step') {
          for (let count = 0; count < next.count; count += 1) machine.step();
        } else if (next.type === 'crash') {
          machine.crash(next.loss);
          recovered = start(machine);
        } else if (next.type === 'forget') {
          bound.delete(`n${next.id + 2}`);
          recovered.forget(`n${next.id + 2}`);
        } else {
          const { nodeId, directoryId } = peer(`n${next.id + 2}`, directories[next.directory]);
          recovered.policy.admit(peer(nodeId, directoryId), (refusal) => {
            if (refusal !== null) return;
            admissions += 1;
            expect(bound.get(nodeId) ?? directoryId).toBe(directoryId);
            bound.set(nodeId, directoryId);
          });
        }
      }
    }),
    { numRuns: 300 },
  );
  expect(admissions).toBeGreaterThan(500);
});

test('on the real disk too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rafture-identity-'));
  const open = async () => {
    const disk = new FileDisk(folder);
    const recovered = recoverIdentity(disk, {
      ...{ clusterId: 'c', nodeId: 'n1', initialConfiguration, crashPoints: noCrashPoints },
      random: { next: () => 0.123 },
      failed: (error) => {
        throw error;
      },
    });
    await new Promise<void>((resolve, reject) => {
      recovered.repair((error) => (error === null ? resolve() : reject(error)));
    });
    return { disk, ...recovered };
  };
  try {
    const first = await open();
    const refusals = await Promise.all(
      ['n2', 'n3'].map((id) => new Promise((resolve) => first.policy.admit(peer(id), resolve))),
    );
    expect(refusals).toEqual([null, null]);
    first.disk.close();
    const second = await open();
    expect(second.identity).toEqual(first.identity);
    expect(second.knownPeers()).toEqual(['n2', 'n3']);
    expect(second.disk.list()).not.toContain(temporaryIdentityFile);
    second.disk.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('two clusters of one name are told apart by whom they began with', () => {
  const machine = new TestMachine(1);
  const recovered = start(machine);
  const ownCluster = recovered.identity.clusterId;
  expect(admit(machine, recovered, peer('n2', directories[0], ownCluster))).toBeNull();
  const alone = new TestMachine(2);
  const { disk, random, crashPoints } = alone.host();
  const options = { clusterId: 'c', nodeId: 'n6', random, crashPoints, failed: () => undefined };
  const other = recoverIdentity(disk, {
    ...options,
    initialConfiguration: configurationOf(['n6']),
  });
  const stranger = peer('n6', directories[1], other.identity.clusterId);
  expect(admit(machine, recovered, stranger)).toMatch(/another cluster of the name c.*--join/);
  expect(admit(alone, other, peer('n1', directories[0], ownCluster))).toMatch(/another cluster/);
});

/** A node that waits to be added, at its start. */
function joining(machine: TestMachine): RecoveredIdentity {
  const { disk, random, crashPoints } = machine.host();
  const recovered = recoverIdentity(disk, {
    ...{ clusterId: 'c', nodeId: 'n6', initialConfiguration: configurationOf([]) },
    ...{ random, crashPoints },
    failed: (error) => {
      throw error;
    },
  });
  finish(machine, recovered.repair);
  return recovered;
}

test('who joins belongs to the cluster of the first member that it meets, for good', () => {
  const machine = new TestMachine(1);
  const first = joining(machine);
  expect(first.identity.clusterId).toBe('c#');
  expect(admit(machine, first, peer('n1', directories[0], 'c#00000001'))).toBeNull();
  expect(first.identity.clusterId).toBe('c#00000001');
  expect(admit(machine, first, peer('n2', directories[1], 'c#00000002'))).toMatch(/another/);
  machine.crash('everything');
  const second = joining(machine);
  expect(second.identity.clusterId).toBe('c#00000001');
  expect(admit(machine, second, peer('n2', directories[1], 'c#00000002'))).toMatch(/another/);
});

test('of members of two clusters that come at once, who joins lets in those of the first', () => {
  const machine = new TestMachine(1);
  const { policy } = joining(machine);
  const answers = new Map<string, string | null>();
  const knock = (id: string, clusterId: string): void => {
    policy.admit(peer(id, directories[0], clusterId), (refusal) => answers.set(id, refusal));
  };
  // Another one that joins; a write runs by the time that the members come.
  knock('n7', 'c#');
  knock('n1', 'c#00000001');
  knock('n2', 'c#00000002');
  knock('n3', 'c#00000001');
  // Neither is in yet, and the second cluster is out already.
  expect([...answers.keys()]).toEqual(['n2']);
  machine.run();
  expect(answers.get('n2')).toMatch(/another cluster/);
  for (const id of ['n7', 'n1', 'n3']) expect(answers.get(id)).toBeNull();
  machine.crash('everything');
  const { identity, knownPeers } = joining(machine);
  expect(identity.clusterId).toBe('c#00000001');
  expect(knownPeers()).toEqual(['n7', 'n1', 'n3']);
});

test('who is known and turns out to be a member is let in once its cluster is remembered', () => {
  const machine = new TestMachine(1);
  const first = joining(machine);
  expect(admit(machine, first, peer('n1', directories[0], 'c#'))).toBeNull();
  let answered = false;
  first.policy.admit(peer('n1', directories[0], 'c#00000001'), () => {
    answered = true;
  });
  expect(answered).toBe(false);
  machine.run();
  expect(answered).toBe(true);
  machine.crash('everything');
  expect(joining(machine).identity.clusterId).toBe('c#00000001');
});

test('who is refused takes nobody over into its cluster', () => {
  const machine = new TestMachine(1);
  const first = joining(machine);
  expect(admit(machine, first, peer('n7', directories[0], 'c#'))).toBeNull();
  expect(admit(machine, first, peer('n7', directories[1], 'c#00000002'))).toMatch(/wiped/);
  expect(admit(machine, first, peer('n6', directories[1], 'c#00000002'))).toMatch(/own id/);
  expect(first.identity.clusterId).toBe('c#');
  expect(admit(machine, first, peer('n1', directories[0], 'c#00000001'))).toBeNull();
});
