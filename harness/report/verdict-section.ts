/**
 * The first screen of the report: the verdict in words, the main figures, and what they cover.
 */
import {
  describeBytes,
  describeCount,
  describeDuration,
  describeLatency,
  describeMany,
} from './figures.ts';
import { type Html, html, shorten } from './html.ts';
import type { LogFile, RunRecord, TestRecord } from './run-record.ts';
import {
  describeNotTested,
  describeTested,
  describeVerdict,
  type VerdictWords,
} from './verdict-words.ts';

export function verdictSection(run: RunRecord): Html {
  const { test } = run;
  const { word, headline, reason } = describeVerdict(run);
  return html`<header class="hero ${word}" id="verdict">
    <div class="hero-verdict">
      ${verdictMark(word)}
      <div>
        <p class="eyebrow">${word} · ${test.name} · ${test.cluster.kind} ·
          <time datetime="${test.startedAt}">${readableTime(test.startedAt)}</time></p>
        <h1>${headline}</h1>
        <p class="hero-reason">${shorten(reason, 1200)}</p>
      </div>
    </div>
    <dl class="metrics">${metricsOf(run).map(
      ({ name, value, note }) =>
        html`<div><dt>${name}</dt><dd>${value} <small>${note}</small></dd></div>`,
    )}</dl>
  </header>`;
}

/** A tick, a cross or a question mark in a circle. */
function verdictMark(word: VerdictWords['word']): Html {
  const path = {
    valid: 'M15 27l8 8 15-17',
    invalid: 'M18 18l16 16m0-16l-16 16',
    unknown: 'M20 20a6 6 0 1 1 8.4 5.5c-1.6.8-2.4 1.9-2.4 3.5v1m0 6v.5',
  }[word];
  return html`<svg class="hero-mark" viewBox="0 0 52 52" aria-hidden="true" fill="none"
    stroke="currentColor" stroke-width="3.4" stroke-linecap="round" stroke-linejoin="round">
    <circle cx="26" cy="26" r="23.5"/><path d="${path}"/></svg>`;
}

interface Metric {
  readonly name: string;
  readonly value: string;
  readonly note: string;
}

function metricsOf({ results }: RunRecord): Metric[] {
  const { stats, faults } = results;
  const okLatencies = stats.latencies.filter((latency) => latency.type === 'ok');
  const slowest = Math.max(...okLatencies.map((latency) => latency.p99Ms));
  const share = (count: number): string =>
    stats.invoked === 0 ? '' : `${((100 * count) / stats.invoked).toFixed(1)} %`;
  return [
    {
      name: 'Operations',
      value: describeCount(stats.invoked),
      note: `in ${describeDuration(stats.durationNs)}`,
    },
    { name: 'Ok', value: describeCount(stats.ok), note: share(stats.ok) },
    { name: 'Fail: refused', value: describeCount(stats.fail), note: share(stats.fail) },
    { name: 'Info: unknown', value: describeCount(stats.info), note: share(stats.info) },
    { name: 'Latency, p99 of ok', value: describeLatency(slowest), note: '' },
    {
      name: 'Faults in effect',
      value: String(faults.filter((fault) => fault.tookEffect).length),
      note: faults.length === 0 ? 'none asked for' : `of ${faults.length}`,
    },
  ];
}

export function scopeSection(run: RunRecord): Html {
  const blindCount = run.results.checkers.reduce((sum, { blind }) => sum + blind.length, 0);
  return html`<section id="scope">
    <h2>What this covers</h2>
    <p class="lead">A verdict speaks of what was tried, and of nothing else.</p>
    <div class="columns">
      <div class="card"><h3>Tested</h3>
        <ul class="ticks did">${describeTested(run).map((words) => html`<li>${words}</li>`)}</ul>
      </div>
      <div class="card"><h3>Not tested</h3>
        <ul class="ticks did-not">
          ${describeNotTested(run).map((words) => html`<li>${words}</li>`)}
        </ul>
      </div>
    </div>
    ${
      blindCount > 0 &&
      html`<p class="caption">${describeMany(blindCount, 'thing')} more that the
      checkers could not see: <a href="#checkers">with each of them</a>.</p>`
    }
  </section>`;
}

export function configurationSection({ test, results }: RunRecord): Html {
  return html`<section id="configuration">
    <h2>Configuration</h2>
    <p class="lead">This line repeats the run, with the same choices of operations and faults.</p>
    <div class="card">
      <div class="command"><code id="repeat">${test.repeat}</code>
        <button class="button" id="copy-repeat" type="button" hidden>Copy</button></div>
      <dl class="settings">${settingsOf(test).map(
        ([name, value]) => html`<div><dt>${name}</dt><dd>${shorten(value, 400)}</dd></div>`,
      )}</dl>
      ${
        results.traceHash !== undefined &&
        html`<p class="caption">Trace hash <code>${results.traceHash}</code>: equal for two runs
        that went the same way.</p>`
      }
      ${test.sizeNotes.map((note) => html`<p class="caption">${shorten(note, 400)}</p>`)}
    </div>
  </section>`;
}

/** Of what has a short name in the record of the run; others keep it. */
const settingWords: Readonly<Record<string, string>> = {
  'deadline-ms': 'Deadline of an operation, ms',
  'recovery-limit': 'Limit of the recovery, s',
  check: 'When the history is checked',
  trace: 'Trace of the nodes',
  availability: 'Availability that was asked for',
  images: 'Images',
  node: 'Version of Node',
  platform: 'Platform',
};

function settingsOf(test: TestRecord): (readonly [string, string])[] {
  const { cluster } = test;
  const faults = test.nemesis.length === 0 ? 'none' : test.nemesis.join(', ');
  const unpaced = test.nemesis.length === 0 ? 'none' : 'as the script says';
  const optional = (value: number | null, words: string): string =>
    value === null ? words : describeCount(value);
  return [
    ['Seed', String(test.seed)],
    ['System', test.bug === null ? test.system : `${test.system}, with planted bug ${test.bug}`],
    ['Workload', test.workload],
    ['Cluster', `${cluster.kind}: ${cluster.description}`],
    ['Why this cluster', cluster.reason ?? 'asked for by name'],
    ['Nodes', test.nodes.join(', ')],
    ['Clients', describeCount(test.concurrency)],
    ['Operations per second', optional(test.rate, 'as fast as they go')],
    ['Time limit', test.timeLimitS === null ? 'none' : `${test.timeLimitS} s`],
    ['Keys at a time', describeCount(test.keys)],
    ['Operations per key', optional(test.opsPerKey, 'no limit')],
    ['Faults', faults],
    ['Operations between faults', optional(test.nemesisEvery, unpaced)],
    ...Object.entries(test.options).map(
      ([name, value]) => [settingWords[name] ?? name, String(value)] as const,
    ),
    ...Object.entries(test.versions).map(
      ([name, value]) => [settingWords[name] ?? `Version of ${name}`, value] as const,
    ),
  ];
}

export function filesSection({ test, logs, hasSpaceTime }: RunRecord): Html {
  const diagram = { path: 'space-time.html', note: 'every message between the nodes, drawn' };
  const files = [
    ...(hasSpaceTime === true ? [diagram] : []),
    { path: 'history.jsonl', note: 'every operation, in order' },
    { path: 'nemesis.jsonl', note: 'the evidence of every fault' },
    { path: 'results.json', note: 'the verdict, for programs' },
    { path: 'test.json', note: 'the configuration' },
  ];
  return html`<section id="files">
    <h2>Files</h2>
    <p class="lead">They lie beside this page, in the folder of the run.</p>
    <div class="card">
      <ul class="files">${files.map(
        ({ path, note }) =>
          html`<li><a href="${path}">${path}</a><br><span class="muted">${note}</span></li>`,
      )}${logs.map((log) => logItem(log))}</ul>
      ${logs.length === 0 && html`<p class="caption">No logs of ${test.nodes.join(', ')}.</p>`}
    </div>
  </section>`;
}

function logItem({ path, node, bytes }: LogFile): Html {
  // A relative reference: './' keeps a name with a colon from being read as a scheme.
  const href = `./${path.split('/').map(encodeURIComponent).join('/')}`;
  return html`<li><a href="${href}">${path}</a><br>
    <span class="muted">log of ${node}, ${describeBytes(bytes)}</span></li>`;
}

/** `21 November 2026, 08:45:12 UTC`; the text as it is when it is no time. */
function readableTime(text: string): string {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return text;
  const format = new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'long',
    timeStyle: 'medium',
    timeZone: 'UTC',
  });
  return `${format.format(time).replace(' at ', ', ')} UTC`;
}
