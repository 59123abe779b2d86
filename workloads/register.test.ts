import { forking, losing, refusing, stale } from './planted-stores.ts';
import { register } from './register.ts';
import { registerStore } from './test-objects.ts';
import { itIsAWorkload } from './workload-suite.ts';

itIsAWorkload({
  workload: register,
  store: registerStore,
  uniqueFs: ['write'],
  readFs: ['read'],
  bugs: [
    { name: 'a lost write', store: losing(registerStore, 'write'), kinds: ['lost-write'] },
    {
      name: 'a refused write that happens',
      store: refusing(registerStore, 'write'),
      kinds: ['failed-write-read'],
    },
    { name: 'a stale read', store: stale(registerStore, 'read'), kinds: ['stale-read'] },
    {
      name: 'two registers behind one key',
      store: forking(registerStore),
      kinds: ['stale-read', 'split-brain', 'non-monotonic-read'],
    },
  ],
});
