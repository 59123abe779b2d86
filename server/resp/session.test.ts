import { expect, test } from 'vitest';
import type { Reply } from '../kv/command.ts';
import { LonelyNode, ScriptedNode, TestClient } from './test-node.ts';

function createScripted() {
  const node = new ScriptedNode();
  const client = new TestClient(node);
  const answer = (position: number, reply: Reply = { type: 'ok' }) =>
    node.asked[position]?.reply(reply);
  const kinds = () => node.asked.map(({ command }) => command.type);
  return { node, client, asked: node.asked, answer, kinds };
}

test('replies keep the order of the commands, in whichever order the node answers', () => {
  const { asked, client, answer } = createScripted();
  client.send('SET a 1\r\nSET b 2\r\nPING\r\nSET c 3\r\n');
  expect(asked).toHaveLength(3);
  answer(2);
  answer(1, { type: 'integer', value: 7 });
  expect(client.take()).toBe('');
  answer(0, { type: 'bulk', value: null });
  expect(client.take()).toBe('$-1\r\n:7\r\n+PONG\r\n+OK\r\n');
});

test('a read waits for the writes before it, and a write for the reads', () => {
  const { kinds, client, answer } = createScripted();
  client.send('SET a 1\r\nGET a\r\nLLEN b\r\nINCR a\r\n');
  expect(kinds()).toEqual(['set']);
  answer(0);
  expect(kinds()).toEqual(['set', 'get', 'listLength']);
  answer(1);
  expect(kinds()).toHaveLength(3);
  answer(2);
  expect(kinds()).toEqual(['set', 'get', 'listLength', 'increment']);
});

test('a stale read waits for the writes of its own connection, and for nobody else', () => {
  const { node, client, answer } = createScripted();
  client.send('SET a 1\r\nRAFT.STALE GET a\r\nGET a\r\nRAFT.STALE GET a\r\n');
  expect(node.staleCount).toBe(0);
  answer(0);
  expect(client.take()).toBe('+OK\r\n$5\r\nstale\r\n');
  expect(node.staleCount).toBe(2);
  answer(1);
  expect(client.take()).toBe('+OK\r\n$5\r\nstale\r\n');
});

test('what an operator asks for is done by itself, in its place', () => {
  const { node, kinds, client, answer } = createScripted();
  client.send('SET a 1\r\nRAFT.SNAPSHOT\r\nRAFT.TRANSFER n2\r\nSET a 2\r\n');
  expect(node.administered).toHaveLength(0);
  answer(0);
  expect(node.administered.map(({ command }) => command.type)).toEqual(['snapshot']);
  node.administered[0]?.reply({ type: 'snapshot', lastIncludedIndex: 8 });
  expect(node.administered.map(({ command }) => command.type)).toEqual(['snapshot', 'transfer']);
  expect(kinds()).toHaveLength(1);
  node.administered[1]?.reply({ type: 'error', code: 'BUSY', text: 'another one is under way' });
  expect(kinds()).toHaveLength(2);
  expect(client.take()).toBe(
    '+OK\r\n+the snapshot holds the log up to entry 8 and is durable\r\n' +
      '-BUSY another one is under way\r\n',
  );
});

test('each answer is in the protocol of when it was asked for', () => {
  const { client, answer } = createScripted();
  client.send('GET a\r\nHELLO 3\r\nGET a\r\nRESET\r\nGET a\r\n');
  for (const position of [0, 1, 2]) answer(position, { type: 'bulk', value: null });
  expect(client.take()).toMatch(/^\$-1\r\n%7\r\n[\s\S]+\r\n_\r\n\+RESET\r\n\$-1\r\n$/);
});

test('after a protocol error what came before is still answered, then the end', () => {
  const { client, answer } = createScripted();
  client.send('SET a 1\r\n*1\r\n:bad\r\nSET b 2\r\n');
  expect(client.closeCount).toBe(0);
  answer(0);
  expect(client.take()).toBe("+OK\r\n-ERR Protocol error: expected '$', got ':'\r\n");
  expect(client.closeCount).toBe(1);
  client.send('PING\r\n');
  expect(client.take()).toBe('');
});

test('QUIT is answered, and nothing behind it is done', () => {
  const { asked, client, answer } = createScripted();
  client.send('SET a 1\r\nQUIT\r\nSET b 2\r\n');
  expect(asked).toHaveLength(1);
  answer(0);
  expect(client.take()).toBe('+OK\r\n+OK\r\n');
  expect(client.closeCount).toBe(1);
});

test('replies to a connection that is gone go nowhere', () => {
  const { asked, client, answer } = createScripted();
  client.send('SET a 1\r\nGET a\r\n');
  client.session.closed();
  answer(0);
  expect(client.take()).toBe('');
  expect(asked).toHaveLength(1);
});

test('a client that sends more than is worked on is paused, and loses nothing', () => {
  const { asked, client, answer } = createScripted();
  const count = 40_000;
  client.send('SET a 1\r\n'.repeat(count));
  expect(client.paused).toBe(true);
  expect(asked.length).toBeLessThan(2000);
  for (let position = 0; position < count; position += 1) answer(position);
  expect(asked).toHaveLength(count);
  expect(client.paused).toBe(false);
  expect(client.take()).toBe('+OK\r\n'.repeat(count));
});

test('who goes on when it is paused is told so and closed, after what was asked before', () => {
  const { asked, client, answer } = createScripted();
  client.send('SET a 1\r\n'.repeat(1024));
  expect(asked).toHaveLength(1024);
  const megabyte = Buffer.from('SET a 2\r\n'.padEnd(1024 * 1024, '\r\n'));
  for (let count = 0; count < 64; count += 1) client.session.receive(megabyte);
  answer(0);
  expect(client.take()).toBe('+OK\r\n');
  client.session.receive(megabyte);
  client.session.receive(megabyte);
  for (let position = 1; position < asked.length; position += 1) answer(position);
  expect(asked).toHaveLength(1025);
  const end = '-ERR Protocol error: too many bytes wait\r\n';
  expect(client.take()).toBe(`${'+OK\r\n'.repeat(1024)}${end}`);
  expect(client.closeCount).toBe(1);
});

test('requests that need no node wait too when too many answers do', () => {
  const { client, answer } = createScripted();
  const count = 60_000;
  client.send(`SET a 1\r\n${'PING\r\n'.repeat(count)}`);
  expect(client.paused).toBe(true);
  answer(0);
  expect(client.paused).toBe(false);
  expect(client.take()).toBe(`+OK\r\n${'+PONG\r\n'.repeat(count)}`);
});

test('reads with long answers are few at a time', () => {
  const { asked, client, answer } = createScripted();
  client.send('SMEMBERS a\r\n'.repeat(100));
  expect(asked.length).toBeLessThan(20);
  for (let position = 0; position < 100; position += 1) answer(position);
  expect(asked).toHaveLength(100);
});

test('while what was written does not leave, nothing more is written, nor lost', () => {
  const client = new TestClient(new LonelyNode());
  client.fullBytes = 0;
  client.send('PING\r\n'.repeat(10_000));
  expect(client.take()).toBe('');
  client.send('QUIT\r\n');
  expect(client.closeCount).toBe(0);
  client.fullBytes = Number.POSITIVE_INFINITY;
  client.session.drained();
  expect(client.take()).toBe(`${'+PONG\r\n'.repeat(10_000)}+OK\r\n`);
  expect(client.closeCount).toBe(1);
});

test('a client that reads slowly gets many large values one after the other', () => {
  const client = new TestClient(new LonelyNode());
  const value = 'x'.repeat(500_000);
  client.send(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$500000\r\n${value}\r\n`);
  expect(client.take()).toBe('+OK\r\n');
  client.fullBytes = 1_000_000;
  client.send('GET k\r\n'.repeat(100));
  let received = '';
  while (client.text.length > 0) {
    expect(client.text.length).toBeLessThan(2_000_000);
    received += client.take();
    client.session.drained();
  }
  expect(received === `$500000\r\n${value}\r\n`.repeat(100)).toBe(true);
});

test('an error of the node is passed on with its code in front', () => {
  const { client, answer } = createScripted();
  client.send('GET a\r\n');
  answer(0, { type: 'error', code: 'MOVED', text: '0 host2:7002' });
  expect(client.take()).toBe('-MOVED 0 host2:7002\r\n');
});

test('an answer that would be larger than a connection carries is refused', () => {
  const { client, answer } = createScripted();
  client.send('LRANGE a 0 -1\r\n');
  answer(0, { type: 'array', items: Array.from({ length: 33 }, () => new Uint8Array(2 ** 20)) });
  expect(client.take()).toMatch(/^-ERR the answer is larger than 33554432 bytes; ask for less/);
});
