/**
 * One run with a person at the terminal: Ctrl-C once to stop it, twice to give up, and whatever
 * happens what it made is undone.
 */
import { createRunConsole } from '../console.ts';
import { exitCodes } from './exit-codes.ts';
import { Interruption } from './interruption.ts';
import { onLastResort } from './last-resort.ts';
import type { TestSettings } from './settings.ts';
import { runSession } from './test-session.ts';
import { UndoStack } from './undo-stack.ts';

export interface OneRun {
  readonly exitCode: number;
  readonly interrupted: boolean;
  /** Where its results are; null when there was not even a history. */
  readonly folder: string | null;
}

export async function runOnce(settings: TestSettings): Promise<OneRun> {
  const undo = new UndoStack();
  const runConsole = createRunConsole();
  const interruption = new Interruption(
    () => runConsole.askedToStop(),
    () => {
      runConsole.note('giving up; cleaning up');
      void undo.unwind().finally(() => process.exit(exitCodes.interrupted));
    },
  );
  const takeBack = onLastResort(() => undo.unwind());
  let folder: string | null = null;
  try {
    const exitCode = await runSession({
      ...{ settings, console: runConsole, interruption, undo },
      onFolder: (path) => {
        folder = path;
      },
    });
    return { exitCode, interrupted: interruption.asked, folder };
  } finally {
    runConsole.stop();
    for (const problem of await undo.unwind()) console.error(`rafture: ${problem}`);
    interruption.dispose();
    takeBack();
  }
}
