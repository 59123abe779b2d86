/**
 * What a node may be called: the same wherever ids are given, on the command line and by clients,
 * so that what could be started can be added and removed, and an id fits into any line of text.
 */

export const nodeIdRule = '1 to 64 of the characters A-Z a-z 0-9 . _ -';

const pattern = /^[A-Za-z0-9._-]{1,64}$/;

export function isNodeId(text: string): boolean {
  return pattern.test(text);
}
