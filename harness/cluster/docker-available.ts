/**
 * For tests that need a container engine: whether to skip them here, and what to say then.
 *
 * On a person's machine without an engine they are skipped; with CI=true they run, and fail.
 */
import { connectEngine } from './docker-engine.ts';

/** Why docker tests are skipped; null when they are to run. */
export async function whySkipDockerTests(): Promise<string | null> {
  if (process.env['CI'] === 'true') return null;
  try {
    await connectEngine();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
