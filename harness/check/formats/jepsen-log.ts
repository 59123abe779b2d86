/**
 * Reads the lines that Jepsen's own log has for each operation: process, type, f, value, and maybe
 * an error, behind the name of the logger. [Jepsen]
 *
 * `INFO  jepsen.util - 3	:ok	:read	nil`. Lines of other loggers and stack traces are left out,
 * which is noted; any other line is refused.
 */
import type { HistoryFile } from '../history-file.ts';
import { EdnError, EdnForms } from './edn-forms.ts';
import { EventHistory, type EventRules, untold } from './event-history.ts';
import { valueIn } from './jepsen-edn.ts';
import { linesOf } from './text-lines.ts';

const logger = /\bjepsen\.util(?:\s+-)?\s(.*)$/;
const entry = /^\s*(\d+|:[^\s]+)\s+:(invoke|ok|fail|info)\s+:([^\s]+)(?:\s+(.*))?$/;
/** Blank, of another logger, or of a stack trace. */
const otherLine =
  /^\s|^$|\b(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\b.*\s(?!jepsen\.util\b)[\w.$-]+ - /;

/** Throws HistoryFileError. */
export async function readJepsenLog(
  name: string,
  chunks: AsyncIterable<Buffer>,
  rules: EventRules,
): Promise<HistoryFile> {
  const history = new EventHistory(name, rules);
  let line = 0;
  let others = 0;
  for await (const text of linesOf(chunks, name)) {
    line += 1;
    const rest = logger.exec(text)?.[1];
    if (rest !== undefined) addEntry(history, rest, line);
    else if (text.trim() !== '') {
      if (!otherLine.test(text)) {
        throw history.malformed(
          line,
          'no line of a log of Jepsen, such as "INFO  jepsen.util - …"',
        );
      }
      others += 1;
    }
  }
  if (others === 0) return history.finish();
  return history.finish([`${others} lines of the log are no operations and were left out`]);
}

function addEntry(history: EventHistory, text: string, line: number): void {
  const [, process = '', type = '', f = '', rest = ''] = entry.exec(text) ?? [];
  if (type !== 'invoke' && type !== 'ok' && type !== 'fail' && type !== 'info') {
    throw history.malformed(
      line,
      'jepsen.util must be followed by a process, a type, an operation and its value, such as ' +
        '"3 :invoke :write 2"',
    );
  }
  if (process.startsWith(':')) {
    history.skip(line);
    return;
  }
  // What stands behind other types is why, not what.
  const isTold = type === 'invoke' || type === 'ok';
  try {
    const value = isTold ? parseValue(rest, line) : null;
    history.add({ ...untold, line, type, process: Number(process), f, value });
  } catch (error) {
    if (error instanceof EdnError) throw history.malformed(line, error.message);
    throw error;
  }
}

function parseValue(text: string, line: number): unknown {
  const plain = text.trim();
  if (plain === 'nil') return null;
  if (/^-?\d{1,15}$/.test(plain)) return Number(plain);
  const values = parseValues(plain, line);
  if (values.length > 0) return valueIn(values[0], line);
  throw new EdnError(line, 'the value is missing; where there is none, nil stands');
}

/** What stands one behind the other in a line. */
function parseValues(text: string, line: number): readonly unknown[] {
  let values: unknown = [];
  const forms = new EdnForms((members) => {
    values = members.get('values');
  });
  try {
    forms.addText(`{:values [${text}\n]}`);
    forms.finish();
  } catch (error) {
    throw error instanceof EdnError ? new EdnError(line, error.message) : error;
  }
  return Array.isArray(values) ? values : [];
}
