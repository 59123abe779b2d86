/**
 * A line of a node's log in words: what happened and the error, where the line is a JSON object.
 *
 * A verdict is read by people. The line as it is stands in the file, and in the details.
 */

/** Where loggers put what happened, and what went wrong. */
const happened = ['msg', 'message', 'event'] as const;
const wentWrong = ['error', 'err', 'exception', 'reason', 'why'] as const;

/** `failed: a term has at most one leader`; the line as it is when it says nothing of the kind. */
export function describeLogLine(line: string): string {
  if (!line.startsWith('{')) return line;
  let fields: unknown;
  try {
    fields = JSON.parse(line);
  } catch {
    return line;
  }
  if (!isRecord(fields)) return line;
  const parts = [firstText(fields, happened), firstText(fields, wentWrong)];
  const words = parts.filter((part) => part !== null);
  return words.length === 0 ? line : words.join(': ');
}

function firstText(
  fields: Readonly<Record<string, unknown>>,
  names: readonly string[],
): string | null {
  for (const name of names) {
    const value = fields[name];
    const text = isRecord(value) ? value['message'] : value;
    if (typeof text === 'string' && text !== '') return text;
  }
  return null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
