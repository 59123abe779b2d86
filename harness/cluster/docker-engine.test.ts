/** Tests of the words for an engine that cannot be had; the engine itself is docker.test.ts's. */
import { expect, test } from 'vitest';
import { noAnswer } from './docker-engine.ts';

test('a socket that may not be opened has a remedy of its own', () => {
  const refused = Object.assign(new Error('connect EACCES /s.sock'), { code: 'EACCES' });
  const { code, message, remedy } = noAnswer('/s.sock', refused);
  expect(code).toBe('no-engine');
  expect(message).toMatch(
    /^the container engine's socket \/s\.sock may not be opened \(EACCES\): /,
  );
  expect(remedy).toContain('run as root, or join the group of the socket');
  expect(message).not.toContain('install Docker');
});

test('where nobody answers it helps to install Docker and to start it', () => {
  const gone = Object.assign(new Error('connect ENOENT /s.sock'), { code: 'ENOENT' });
  const { message, remedy } = noAnswer('/s.sock', gone);
  expect(message).toBe(
    `no container engine answers at /s.sock (connect ENOENT /s.sock): ${remedy}`,
  );
  expect(remedy).toContain('install Docker and start it');
});
