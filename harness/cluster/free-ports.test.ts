import { expect, test } from 'vitest';
import { allotPorts } from './free-ports.ts';

test('ports differ, and lie below those that outgoing connections get', async () => {
  const ports = await allotPorts(20);
  expect(new Set(ports).size).toBe(20);
  for (const port of ports) {
    expect(port).toBeGreaterThanOrEqual(20_000);
    expect(port).toBeLessThan(30_000);
  }
});
