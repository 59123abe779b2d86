/**
 * What a Node process writes when it breaks: the texts of Node, V8 and the C library, as regular
 * expressions for `System.crashPatterns`.
 *
 * A node that was killed writes nothing, so none of these is there in a run that only kills.
 */
export const nodeCrashPatterns: readonly string[] = [
  // Out of memory, and whatever else V8 and Node cannot go on after.
  'FATAL ERROR: ',
  '# Fatal (?:error|JavaScript)',
  '----- Native stack trace -----',
  // The last line of an error that nobody caught, a rejected promise among them.
  'Node\\.js v\\d+\\.\\d+\\.\\d+$',
  'UnhandledPromiseRejection|ERR_UNHANDLED_REJECTION',
  'Assertion (?:.* )?failed',
  '(?:Segmentation fault|Aborted|Bus error|Illegal instruction)(?: \\(core dumped\\))?$',
  'terminate called |stack smashing detected|double free|malloc\\(\\): |free\\(\\): ',
];
