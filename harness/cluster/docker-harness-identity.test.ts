import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { describeHarness, harnessState } from './docker-harness-identity.ts';

describe('the identity of a harness', () => {
  test('this one is alive', () => {
    expect(harnessState(describeHarness())).toBe('alive');
  });

  test('another process under the same number is not the same harness', () => {
    const other = describeHarness().replace(/[^/]*$/, '1');
    expect(harnessState(other)).toBe('gone');
  });

  test('a number that no process has is a harness that is gone', () => {
    expect(harnessState(`${hostname()}/4194305/1`)).toBe('gone');
  });

  test('nothing is known of a harness on another machine, nor of none', () => {
    expect(harnessState('elsewhere.example/1/1')).toBe('unknown');
    expect(harnessState('')).toBe('unknown');
  });
});
