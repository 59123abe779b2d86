/**
 * Did the cluster come back: after the last healing a change was applied on every node, and the
 * final operations were answered.
 */
import type { Checker } from '../checker.ts';

const name = 'recovery';

export const recovery: Checker = {
  name,
  description: 'after the last healing every node serves and the final operations are answered',
  check: ({ recovery: recovered, brokeOff }) => {
    if (recovered === null) {
      const summary = `the run broke off before the recovery: ${brokeOff ?? 'nobody knows why'}`;
      return { name, valid: 'unknown', summary, details: {}, blind: ['the state at the end'] };
    }
    const { problem, finalOperations } = recovered;
    return {
      name,
      valid: problem === null ? true : 'unknown',
      summary:
        problem ??
        `after the last healing a change was applied on every node, and ${finalOperations} final ` +
          'operations were answered',
      details: { ...recovered },
      blind:
        problem === null
          ? ['what becomes of the cluster after its last final operation']
          : ['what the nodes that did not come back had kept'],
    };
  },
};
