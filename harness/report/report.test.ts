import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Op } from '../../checker/history.ts';
import type { CheckerResult } from '../checker.ts';
import { availability } from '../checkers/availability.ts';
import { errors } from '../checkers/errors.ts';
import { MadeHistory } from '../checkers/made-run.ts';
import { chromiumAdvice, chromiumArguments, findChromium } from './chromium.ts';
import { renderReport } from './report.ts';
import type { RunRecord } from './run-record.ts';
import { type SampleOptions, sampleRun } from './sample-run.ts';

const hostile = `</script><img src=x onerror="window.pwned=1"><b onmouseover=alert(1)>'"&\u0000`;

test('a page holds every word of the verdict without a browser running anything', () => {
  const page = renderReport(sampleRun({ seed: 1, verdict: 'invalid' }));
  expect(page).toContain('<h1>Not linearizable</h1>');
  expect(page).toContain('nothing wrote 40 again');
  expect(page).toContain('Byzantine behaviour');
  expect(page.indexOf('<h1>')).toBeLessThan(page.indexOf('<section'));
});

test('the same run gives the same page, byte for byte', () => {
  const run = sampleRun({ seed: 1 });
  expect(renderReport(run)).toBe(renderReport(structuredClone(run)));
});

test('a page of a hundred thousand operations stays small', () => {
  const page = renderReport(sampleRun({ seed: 1, operations: 100_000 }));
  expect(page.length).toBeLessThan(1_500_000);
}, 60_000);

test('a run without faults says so in its verdict', () => {
  const page = renderReport(sampleRun({ seed: 1, verdict: 'fault-free' }));
  expect(page).toContain('No faults were asked for');
});

test('a long history is read from its beginning once, and never held', () => {
  const { ops, ...run } = sampleRun({ seed: 1 });
  const all = [...ops];
  let reads = 0;
  function* once(): Generator<Op> {
    reads++;
    yield* all;
  }
  const streamed = { [Symbol.iterator]: once };
  expect(renderReport({ ...run, ops: streamed })).toBe(renderReport({ ...run, ops: all }));
  expect(reads).toBe(1);
});

test('a run of thousands of faults has a page of a few, and says where the others are', () => {
  const { results, ...run } = sampleRun({ seed: 1 });
  const faults = Array.from({ length: 500 }, () => results.faults).flat();
  const leaders = Array.from({ length: 500 }, () => results.leaders).flat();
  const page = renderReport({ ...run, results: { ...results, faults, leaders } });
  expect(page).toContain('id="fault-200"');
  expect(page).not.toContain('id="fault-201"');
  expect(page).toContain('2,300 more are in results.json');
  expect(page).toContain('Nor are the last 1,900 faults.');
  expect(page.length).toBeLessThan(1_500_000);
});

test('a run that broke off before anything happened still has a page', () => {
  const { test: record, results } = sampleRun({ seed: 1, verdict: 'fault-free' });
  const empty: RunRecord = {
    test: { ...record, versions: {}, options: {} },
    results: { ...results, valid: 'unknown', checkers: [], linearizability: null, leaders: [] },
    ops: [],
    logs: [],
  };
  expect(renderReport(empty)).toContain('This is not a pass.');
});

/**
 * With what the checkers themselves say of a short run: n5 is killed, asked twice meanwhile, and
 * back; its client is refused a read and a write.
 */
function withServiceCheckers(
  run: RunRecord,
  words = 'n5 does not listen',
  availabilityMin: number | null = null,
): RunRecord {
  const refused = { node: 'n5', process: 5, end: 'fail', code: 'refused', message: words } as const;
  const history = new MadeHistory()
    .times(10)
    .begin('kill', { down: ['n5'] })
    .times(8)
    .times(1, refused)
    .times(1, { ...refused, f: 'write' })
    .times(2, { process: 2, node: 'n2', end: 'info', code: 'timeout' })
    .end('kill')
    .wait(40)
    .times(3)
    .times(5, { process: 5, node: 'n5' })
    .times(1, { process: 3, node: 'n3', end: 'fail', code: 'refused' });
  for (const fault of history.faults) fault.description = words;
  const checked = history.run({ availabilityMin });
  const checkers = [availability, errors].map((checker) => checker.check(checked) as CheckerResult);
  const { results } = run;
  return { ...run, results: { ...results, checkers: [...results.checkers, ...checkers] } };
}

test('a run whose results tell nothing of availability has no section of it', () => {
  const run = sampleRun({ seed: 1 });
  const details = { bound: 'soon', phases: 7 };
  const broken = { name: 'availability', valid: true, summary: '', details, blind: [] } as const;
  const checkers = [...run.results.checkers, broken];
  for (const results of [run.results, { ...run.results, checkers }]) {
    const page = renderReport({ ...run, results });
    expect(page.includes('id="availability"')).toBe(false);
    expect(page.includes('#availability"')).toBe(false);
  }
  const page = renderReport(withServiceCheckers(run));
  expect(page).toContain('<a href="#availability">');
});

const executablePath = findChromium();
if (executablePath === null && process.env['CI'] !== 'true') {
  console.warn(`skipped: tests of the report in a browser (${chromiumAdvice})`);
}

const isSkipped = executablePath === null && process.env['CI'] !== 'true';

describe.skipIf(isSkipped)('in a browser', { timeout: 30_000 }, () => {
  let browser: Browser;
  let folder: string;

  beforeAll(async () => {
    if (executablePath === null) throw new Error(chromiumAdvice);
    folder = mkdtempSync(join(tmpdir(), 'rafture-report-'));
    browser = await chromium.launch({ executablePath, args: [...chromiumArguments] });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });

  interface Opened {
    readonly page: Page;
    /** Errors on the console, uncaught errors, and requests for anything but the page itself. */
    readonly trouble: string[];
  }

  async function open(
    sample: SampleOptions,
    view: { width?: number; height?: number; colorScheme?: 'light' | 'dark' } = {},
    change: (run: RunRecord) => RunRecord = (run) => run,
  ): Promise<Opened> {
    const { width = 1280, height = 900, colorScheme = 'light' } = view;
    const page = await browser.newPage({ viewport: { width, height }, colorScheme });
    const path = join(folder, `${Math.abs(sample.seed)}-${sample.verdict ?? 'valid'}.html`);
    writeFileSync(path, renderReport(change(sampleRun(sample))));
    const url = pathToFileURL(path).href;
    const trouble: string[] = [];
    page.on('pageerror', (error) => trouble.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') trouble.push(message.text());
    });
    page.on('request', (request) => {
      if (request.url() !== url && !request.url().startsWith('data:')) trouble.push(request.url());
    });
    await page.goto(url);
    await page.locator('html[data-plots=ready]').waitFor({ state: 'attached' });
    return { page, trouble };
  }

  test('it opens from disk without an error and without asking for anything else', async () => {
    for (const verdict of ['valid', 'invalid', 'unknown', 'fault-free'] as const) {
      const { page, trouble } = await open({ seed: 1, verdict });
      expect(trouble).toEqual([]);
      await page.close();
    }
  });

  test('the verdict is the first thing on the screen', async () => {
    for (const [verdict, headline] of [
      ['valid', 'Linearizable'],
      ['invalid', 'Not linearizable'],
      ['unknown', 'Unknown'],
    ] as const) {
      const { page } = await open({ seed: 1, verdict }, { width: 390, height: 844 });
      const heading = page.getByRole('heading', { level: 1 });
      expect(await heading.textContent()).toBe(headline);
      const box = await heading.boundingBox();
      expect(box?.y).toBeLessThan(300);
      await page.close();
    }
  });

  test('each fault is a band in both plots, at its own place on the time axis', async () => {
    const { page } = await open({ seed: 1 });
    const { results } = sampleRun({ seed: 1 });
    for (const plot of ['#latency', '#rate']) {
      const bands = page.locator(`${plot} .band`);
      expect(await bands.count()).toBe(results.faults.length);
      const first = await bands.first().boundingBox();
      const area = await page.locator(`${plot} .u-over`).boundingBox();
      const from = ((first?.x ?? 0) - (area?.x ?? 0)) / (area?.width ?? 1);
      const fault = results.faults[0];
      expect(from).toBeCloseTo((fault?.begin.timeNs ?? 0) / results.stats.durationNs, 1);
      expect(first?.height).toBeGreaterThan(100);
    }
    expect(await page.locator('.track-item.fault').count()).toBe(results.faults.length);
    expect(await page.locator('.band.no-effect').count()).toBe(2);
  });

  test('points are really drawn, and vanish when their outcome is switched off', async () => {
    const { page } = await open({ seed: 1 });
    const inked = (): Promise<number> =>
      page.locator('#latency canvas').evaluate((canvas: unknown) => {
        const drawing = canvas as {
          width: number;
          height: number;
          getContext(kind: '2d'): {
            getImageData(x: number, y: number, w: number, h: number): { data: number[] };
          };
        };
        const { data } = drawing.getContext('2d').getImageData(0, 0, drawing.width, drawing.height);
        return data.filter((value, index) => index % 4 === 3 && value > 120).length;
      });
    const before = await inked();
    await page.getByRole('button', { name: /^ok/ }).click();
    await expect.poll(inked).toBeLessThan(before - 1000);
  });

  test('dragging over one plot looks closer in all of them, and Show all goes back', async () => {
    const { page } = await open({ seed: 1 });
    await page.locator('#latency').scrollIntoViewIfNeeded();
    const area = await page.locator('#latency .u-over').boundingBox();
    if (area === null) throw new Error('no plot');
    const widthOf = async (plot: string): Promise<number> =>
      (await page.locator(`${plot} .band`).first().boundingBox())?.width ?? 0;
    const before = [await widthOf('#latency'), await widthOf('#rate')];
    const y = area.y + 100;
    await page.mouse.move(area.x + 20, y);
    await page.mouse.down();
    await page.mouse.move(area.x + area.width * 0.4, y, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => widthOf('#rate')).toBeGreaterThan((before[1] ?? 0) * 1.5);
    expect(await widthOf('#latency')).toBeGreaterThan((before[0] ?? 0) * 1.5);
    await page.getByRole('button', { name: 'Show all' }).click();
    await expect.poll(() => widthOf('#rate')).toBeCloseTo(before[1] ?? 0, 0);
  });

  test('a violation is drawn as lanes, numbered, with the stuck operation in red', async () => {
    const { page } = await open({ seed: 1, verdict: 'invalid' });
    expect(await page.locator('svg.lanes .lane').count()).toBe(5);
    expect(await page.locator('svg.lanes .bar').count()).toBe(6);
    expect(await page.locator('svg.lanes .bar.open').count()).toBe(1);
    expect(await page.locator('svg.lanes .point text').allTextContents()).toEqual([...'12345']);
    const stuck = page.locator('svg.lanes .bar.stuck');
    expect(await stuck.locator('> text').textContent()).toBe('read 40');
    const colour = await page.evaluate(
      "getComputedStyle(document.querySelector('.bar.stuck rect')).fill",
    );
    expect(colour).toBe('rgb(194, 32, 58)');
    await stuck.click();
    expect(page.url()).toMatch(/#op-812$/);
    expect(await page.locator('tr:target').textContent()).toContain('returned 40');
  });

  test('nothing that the system under test says can run, or change the page', async () => {
    const { page, trouble } = await open({ seed: 1, verdict: 'invalid', hostile }, {}, (run) =>
      withServiceCheckers(run, hostile),
    );
    expect(trouble).toEqual([]);
    expect(await page.locator('#availability').textContent()).toContain('</script><img');
    expect(await page.evaluate('window.pwned')).toBe(undefined);
    expect(await page.locator('img, b[onmouseover]').count()).toBe(0);
    expect(await page.locator('.violation-sentence').textContent()).toContain('</script><img');
    // A second wall: even markup that came through would not run under the page's policy.
    await page.evaluate(
      "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.pwned=1\">')",
    );
    await expect.poll(() => trouble.length).toBeGreaterThan(0);
    expect(await page.evaluate('window.pwned')).toBe(undefined);
  });

  test('at the width of a phone nothing scrolls sideways but the drawings themselves', async () => {
    for (const sample of [
      { seed: 1, verdict: 'invalid' },
      { seed: 2, verdict: 'invalid', hostile: `${'long'.repeat(40)}${hostile}` },
    ] as const) {
      const judge = (run: RunRecord): RunRecord => withServiceCheckers(run, hostile);
      const { page } = await open(sample, { width: 360, height: 740 }, judge);
      await page.evaluate(
        'for (const one of document.querySelectorAll("details")) one.open = true',
      );
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      const plot = await page.locator('#latency .uplot').boundingBox();
      expect(plot?.width).toBeGreaterThan(250);
      expect((plot?.x ?? 0) + (plot?.width ?? 0)).toBeLessThanOrEqual(360);
      await page.close();
    }
  });

  test('it is dark where the system is dark, and plots follow a change', async () => {
    const { page } = await open({ seed: 1 }, { colorScheme: 'dark' });
    const background = (): Promise<unknown> =>
      page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(await background()).toBe('rgb(13, 16, 21)');
    await page.emulateMedia({ colorScheme: 'light' });
    expect(await background()).toBe('rgb(245, 246, 248)');
  });

  test('what a checker could not see is told in number, and in words when opened', async () => {
    const { page } = await open({ seed: 1 });
    const rows = page.locator('.checker');
    const names = await rows.locator('strong').allTextContents();
    expect(names).toEqual(['linearizable', 'faults', 'convergence']);
    const summaries = page.locator('.checker summary');
    expect(await summaries.allInnerTexts()).toEqual(['could not see 2 things']);
    const spot = page.getByText('each may have happened, or not');
    expect(await spot.isVisible()).toBe(false);
    await summaries.click();
    expect(await spot.isVisible()).toBe(true);
    expect(await rows.last().textContent()).toMatch(
      /not run\s+convergence\s*the system tells nobody/,
    );
    expect(await page.locator('#scope .caption').textContent()).toContain('2 things more');
  });

  const rowsOf = async (page: Page, table: string): Promise<string[]> => {
    const rows = await page.locator(`${table} tbody tr`).all();
    const cells = rows.map(async (row) => (await row.locator('td').allTextContents()).join(' | '));
    return (await Promise.all(cells)).map((text) => text.replaceAll(/\s+/g, ' ').trim());
  };

  test('availability is shown by phase, node and fault, as its checker counted it', async () => {
    const { page } = await open({ seed: 1 }, {}, withServiceCheckers);
    const cards = ['1', '2', '3'].map((nth) => `#availability .card:nth-child(${nth})`);
    expect(await rowsOf(page, cards[0] ?? '')).toEqual([
      'before any fault | 10 | 100 % | 100 % of 9',
      'during faults | 12 | 66.6 % | 80 % of 10',
      'after a healing, until something succeeds | 1 | 100 % | 100 % of 1',
      'between and after faults | 8 | 87.5 % | 87.5 % of 8',
    ]);
    const nodes = await rowsOf(page, cards[1] ?? '');
    expect(nodes[1]).toMatch(/^n2 \| 2 \| 0 % \| 2 during the kill/);
    expect(nodes[4]).toBe('n5 | 5 | 100 % |');
    expect(await rowsOf(page, cards[2] ?? '')).toEqual([
      '| kill n5 does not listen | n1 n2 n3 n4 | 80 % of 10 | 42 ms | n5 48 ms',
    ]);
    const lead = await page.locator('#availability .lead').textContent();
    expect(lead).toContain('No bound was stated');
    const bar = page.locator(`${cards[0]} tr:nth-child(2) .share`);
    expect(await bar.getAttribute('aria-label')).toBe('8 served, 2 failed, 2 unknown');
  });

  test('a bound on availability is told, and each fault leads to its evidence', async () => {
    const { page } = await open({ seed: 1 }, {}, (run) => {
      const judged = withServiceCheckers(run, 'n5', 0.95);
      const [first, ...others] = judged.results.faults;
      if (first === undefined) throw new Error('no fault');
      const begun = { ...first, begin: { ...first.begin, index: 20 } };
      return { ...judged, results: { ...judged.results, faults: [...others, begun] } };
    });
    const lead = await page.locator('#availability .lead').textContent();
    expect(lead).toContain('At least 95 % had to be served');
    await page.locator('#availability a', { hasText: '5' }).click();
    expect(await page.locator('tr:target').getAttribute('id')).toBe('fault-5');
  });

  test('errors are grouped by their code, with what was asked and where', async () => {
    const { page } = await open({ seed: 1 }, {}, withServiceCheckers);
    expect(await rowsOf(page, '#operations .wide')).toEqual([
      '3 | fail | refused | read 2, write 1 | n5 2, n3 1 | n5 does not listen',
      '2 | info | timeout | read | n2 | no more was told',
    ]);
    const old = await open({ seed: 1 });
    const rows = await rowsOf(old.page, '#operations .wide');
    expect(rows.some((row) => /^\d+ \| fail \| not-leader \| write \| \| n3 has/.test(row))).toBe(
      true,
    );
  });

  test('the operation that fits nowhere is in view on a narrow screen too', async () => {
    const { page } = await open({ seed: 1, verdict: 'invalid' }, { width: 390, height: 844 });
    const edges = await page.evaluate(
      "['.bar.stuck', '.lanes-box'].map((of) => " +
        'document.querySelector(of).getBoundingClientRect().right)',
    );
    const [bar = Number.NaN, box = Number.NaN] = edges as readonly number[];
    expect(bar).toBeLessThan(box);
    expect(await page.evaluate("document.querySelector('.lanes-box').scrollLeft")).not.toBe(0);
  });

  test('the configuration is in words', async () => {
    const { page } = await open({ seed: 1 });
    const names = await page.locator('#configuration dt').allTextContents();
    expect(names).toContain('Deadline of an operation, ms');
    expect(names).toContain('Version of Node');
    expect(names).not.toContain('deadline-ms');
  });

  test('the configuration says why there are so many keys and operations', async () => {
    const { page } = await open({ seed: 1 });
    expect(await page.locator('#configuration .caption').allTextContents()).toEqual([
      '120 operations per key: a longer history of one key is slow to check',
    ]);
  });

  test('the line that repeats the run is there to copy', async () => {
    const { page } = await open({ seed: 1 });
    expect(await page.locator('#repeat').textContent()).toBe(sampleRun({ seed: 1 }).test.repeat);
    const button = page.locator('#copy-repeat');
    await button.click();
    await expect.poll(() => button.textContent()).toMatch(/Copied|Selected/);
  });

  test('a page of a hundred thousand operations is ready within seconds', async () => {
    const { page, trouble } = await open({ seed: 9, operations: 100_000 });
    expect(trouble).toEqual([]);
    expect(await page.locator('#time .caption').textContent()).toContain('of 100,000 points');
    const size = readFileSync(join(folder, '9-valid.html')).length;
    expect(size).toBeLessThan(1_500_000);
  });
});
