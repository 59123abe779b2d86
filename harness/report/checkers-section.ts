/**
 * The checkers of a run: what each found, what it could not see, and which did not run at all.
 */
import type { CheckerResult } from '../checker.ts';
import { describeMany } from './figures.ts';
import { type Html, html, shorten } from './html.ts';
import type { RunRecord } from './run-record.ts';
import { isOfWitness, wordOf } from './verdict-words.ts';

const summaryLengthMax = 1200;
const blindLengthMax = 400;

export function checkersSection({ results }: RunRecord): Html {
  const violation = results.linearizability?.valid === false ? results.linearizability : null;
  return html`<section id="checkers">
    <h2>Checkers</h2>
    <p class="lead">The verdict is the worst of these: invalid, then unknown, then valid. No
      checker sees everything: what each could not see in this run stands with it.</p>
    <div class="card checkers">${results.checkers.map((checker) => {
      const { name, valid, summary, blind } = checker;
      const word = wordOf(valid);
      return html`<div class="checker"><span><span class="pill ${word}">${word}</span></span>
        <strong>${name}</strong><div>${
          violation !== null && isOfWitness(summary, violation.witness)
            ? html`<a href="#violation">The operations that cannot be ordered</a>`
            : shorten(summary, summaryLengthMax)
        }${blind.length > 0 && blindSpots(checker)}</div></div>`;
    })}${results.removedCheckers.map(
      ({ name, why }) => html`<div class="checker removed">
        <span><span class="pill plain">not run</span></span>
        <strong>${name}</strong><div>${shorten(why, summaryLengthMax)}</div></div>`,
    )}</div>
  </section>`;
}

/** Closed at first; the number of them is always to be seen. */
function blindSpots({ blind }: CheckerResult): Html {
  return html`<details class="blind"><summary>could not see ${describeMany(blind.length, 'thing')}
    </summary><ul>${blind.map((spot) => html`<li>${shorten(spot, blindLengthMax)}</li>`)}</ul>
    </details>`;
}
