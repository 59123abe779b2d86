/**
 * The errors that clients met, grouped: by the checker `errors` where it ran, else by the figures.
 */
import { z } from 'zod';
import { describeCount } from './figures.ts';
import { type Html, html, shorten } from './html.ts';
import type { ResultsRecord } from './run-record.ts';

const groupsMax = 30;
const namesMax = 6;

const schema = z.object({
  groups: z.array(
    z.object({
      type: z.enum(['fail', 'info']),
      code: z.string().nullable(),
      count: z.number(),
      byF: z.record(z.string(), z.number()),
      byNode: z.record(z.string(), z.number()),
      first: z.object({ message: z.string() }),
    }),
  ),
});

type ErrorGroup = z.infer<typeof schema>['groups'][number];

export function errorsTable(results: ResultsRecord): Html {
  const groups = groupsOf(results);
  if (groups.length === 0) return html`<p class="muted">None.</p>`;
  const hidden = groups.length - groupsMax;
  return html`<div class="scroll"><table class="roomy">
    <thead><tr><th class="number">Count</th><th>Outcome</th><th>Code</th><th>What</th><th>Where</th>
      <th>For example</th></tr></thead>
    <tbody>${groups.slice(0, groupsMax).map(
      ({ count, type, code, byF, byNode, first }) => html`<tr>
        <td class="number">${describeCount(count)}</td>
        <td><span class="key ${type}">${type}</span></td>
        <td class="mono nowrap">${shorten(code ?? 'none', 60)}</td>
        <td>${describeCounts(byF)}</td><td>${describeCounts(byNode)}</td>
        <td class="muted">${shorten(first.message, 240)}</td></tr>`,
    )}</tbody></table></div>
    ${hidden > 0 && html`<p class="caption">${hidden} more kinds are in results.json.</p>`}`;
}

/** Most frequent first. */
function groupsOf({ checkers, stats }: ResultsRecord): readonly ErrorGroup[] {
  const parsed = schema.safeParse(checkers.find(({ name }) => name === 'errors')?.details);
  if (parsed.success) return parsed.data.groups;
  return stats.errors.flatMap(({ type, f, code, count, example: message }) => {
    if (type === 'ok') return [];
    return [{ type, code, count, byF: { [f]: count }, byNode: {}, first: { message } }];
  });
}

/** `read 12, write 3`; the name alone where there is one. */
function describeCounts(byName: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(byName).sort(([, a], [, b]) => b - a);
  if (sorted.length === 1) return shorten(sorted[0]?.[0] ?? '', 40);
  const words = sorted
    .slice(0, namesMax)
    .map(([name, count]) => `${shorten(name, 40)} ${describeCount(count)}`);
  return sorted.length > namesMax ? `${words.join(', ')}, …` : words.join(', ');
}
