import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { messageTypes } from '../seeds/sim-trace-message.ts';
import { chromiumAdvice, chromiumArguments, findChromium } from './chromium.ts';
import { sampleRun } from './sample-run.ts';
import { renderSpaceTime } from './space-time.ts';
import type { SpaceTimeData } from './space-time-data.ts';
import { spaceTimeOf } from './space-time-run.ts';

const hostile = `</script><img src=x onerror="window.pwned=1">'"&\u0000`;
const typeOf = (name: string): number => messageTypes.findIndex((each) => each.name === name);

/** Three nodes for a second; n1 leads, n2 is killed, n3 is cut off. */
function sampleData(over: Partial<SpaceTimeData> = {}): SpaceTimeData {
  const [append, beat, vote] = ['appendEntries', 'heartbeat', 'requestVote'].map(typeOf);
  const row = (...numbers: (number | undefined)[]): number[] => numbers.map((each) => each ?? -1);
  return {
    ...{ title: 'reference-register', word: 'invalid', summary: hostile, repeat: 'npx rafture' },
    ...{ nodes: ['n1', 'n2', 'n3'], endUs: 1_000_000, types: messageTypes, leftOut: 3 },
    messages: [
      row(100_000, 5000, 0, 1, vote, 0, 0, 1, 0, 0, 0),
      row(200_000, 20_000, 0, 1, append, 0, 0, 1, 7, 1, 2, 6, 0),
      row(210_000, 0, 0, 2, append, 1, 0, 1, 7, 1, 2, 6, 0),
      row(220_000, 30_000, 0, 1, append, 0, 2, 1, 3, 1, 1, 2, 0),
      row(230_000, 4000, 0, 1, beat, 0, 0, 1, 9, 1, 0, 8, 0),
    ],
    roles: [
      [0, 110_000, 1_000_000, 'leader', 1],
      [1, 110_000, 500_000, 'follower', 1],
    ],
    downs: [[1, 500_000, 700_000, 'is killed']],
    marks: [[500_000, 1, 'is killed']],
    progress: [[225_000, 0, 0, 9, 1]],
    faults: [
      {
        f: 'kill',
        description: 'one: n2',
        fromUs: 500_000,
        toUs: 700_000,
        nodes: [1],
        tookEffect: true,
      },
    ],
    operations: [
      {
        ...{ process: 4, node: 0, fromUs: 195_000, toUs: 240_000, outcome: 'ok' },
        ...{ words: 'op 7: read of key 0: ok 3', isWitness: true },
      },
    ],
    violationUs: 240_000,
    ...over,
  };
}

test('the same run gives the same page, and nothing in it can leave the page', () => {
  const page = renderSpaceTime(sampleData());
  expect(page).toBe(renderSpaceTime(sampleData()));
  expect(page).not.toContain('<img src=x');
  expect(page).toContain('The last 3 messages are not here');
});

test('of a run that is not linearizable it knows the operations that show it, and when', () => {
  const run = sampleRun({ seed: 1, verdict: 'invalid' });
  const kept = sampleData();
  const data = spaceTimeOf(run, kept, 1_000_000);
  expect(data.word).toBe('invalid');
  expect(data.operations.length).toBeGreaterThan(10);
  const named = data.operations.filter(({ isWitness }) => isWitness);
  expect(named.length).toBeGreaterThan(0);
  expect(data.violationUs).toBe(Math.max(...named.map(({ toUs }) => toUs ?? 0)));
  const valid = spaceTimeOf(sampleRun({ seed: 1 }), kept, 1_000_000);
  expect(valid.violationUs).toBe(null);
});

const executablePath = findChromium();

describe.skipIf(executablePath === null)(
  `in Chromium (${executablePath ?? chromiumAdvice})`,
  () => {
    let browser: Browser;
    let folder: string;

    beforeAll(async () => {
      if (executablePath === null) throw new Error(chromiumAdvice);
      folder = mkdtempSync(join(tmpdir(), 'rafture-space-time-'));
      browser = await chromium.launch({ executablePath, args: [...chromiumArguments] });
    }, 60_000);

    afterAll(async () => {
      await browser?.close();
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    });

    async function open(
      data: SpaceTimeData,
      view: { width?: number; colorScheme?: 'light' | 'dark'; hash?: string } = {},
    ): Promise<{ readonly page: Page; readonly trouble: string[] }> {
      const { width = 1280, colorScheme = 'light', hash = '' } = view;
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
      const path = join(folder, 'space-time.html');
      writeFileSync(path, renderSpaceTime(data));
      const trouble: string[] = [];
      page.on('pageerror', (error) => trouble.push(String(error)));
      page.on('console', (message) => {
        if (message.type() === 'error') trouble.push(message.text());
      });
      await page.goto(pathToFileURL(path).href + hash);
      await page.waitForFunction('document.body.dataset.shown !== undefined');
      return { page, trouble };
    }

    const shown = (page: Page): Promise<number> =>
      page.evaluate('Number(document.body.dataset.shown)');
    const settle = (page: Page): Promise<unknown> =>
      page.evaluate(
        'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))',
      );

    /** How many pixels of the canvas are of this colour, or nearly. */
    const pixelsNear = (page: Page, name: string): Promise<number> =>
      page.evaluate(`(() => {
      const canvas = document.querySelector('#diagram');
      const style = getComputedStyle(document.documentElement);
      const text = style.getPropertyValue('--${name}').trim();
      const wanted = [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16));
      const { width, height } = canvas;
      const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
      let count = 0;
      for (let at = 0; at < data.length; at += 4) {
        const isFar = wanted.some((value, part) => Math.abs(data[at + part] - value) > 20);
        if (!isFar && data[at + 3] > 120) count++;
      }
      return count;
    })()`);

    for (const colorScheme of ['light', 'dark'] as const) {
      test(`opens at the violation with its arrows, without trouble, ${colorScheme}`, async () => {
        const { page, trouble } = await open(sampleData(), { colorScheme });
        expect(await shown(page)).toBe(3);
        for (const name of ['append', 'invalid', 'leader', 'ok']) {
          expect(await pixelsNear(page, name), name).toBeGreaterThan(20);
        }
        expect(await page.evaluate("'pwned' in globalThis")).toBe(false);
        expect(trouble).toEqual([]);
        await page.close();
      });
    }

    test('filters by type and by node; heartbeats are hidden at first', async () => {
      const { page, trouble } = await open(sampleData());
      await page.getByRole('button', { name: 'Whole run' }).click();
      await settle(page);
      expect(await shown(page)).toBe(4);
      await page.getByRole('button', { name: /heartbeat/ }).click();
      await settle(page);
      expect(await shown(page)).toBe(5);
      await page.getByRole('button', { name: /append/ }).click();
      await settle(page);
      expect(await shown(page)).toBe(2);
      expect(await pixelsNear(page, 'append')).toBe(0);
      await page.getByRole('button', { name: 'n2', exact: true }).click();
      await settle(page);
      expect(await shown(page)).toBe(0);
      expect(await page.locator('#lanes b').allTextContents()).toEqual(['clients', 'n1', 'n3']);
      expect(trouble).toEqual([]);
      await page.close();
    });

    test('tells what is pointed at', async () => {
      const { page } = await open(sampleData());
      const box = await page.locator('#diagram').boundingBox();
      const heads = await page
        .locator('#lanes b')
        .evaluateAll((all: { readonly style: { readonly left: string } }[]) =>
          all.map(({ style }) => Number.parseFloat(style.left)),
        );
      if (box === null) throw new Error('there is no diagram');
      // 160 ms are in view, 120 ms of them before the violation.
      const yOf = (us: number): number => box.y + ((us - 120_000) / 160_000) * box.height;
      const [, first = 0, second = 0] = heads;
      await page.mouse.move(box.x + (first + second) / 2, yOf(210_000));
      await settle(page);
      const detail = page.locator('#detail');
      expect(await detail.textContent()).toContain('n1 → n2: appendEntries; sent 0.200 s, arrived');
      expect(await detail.textContent()).toContain('previous index 7, previous term 1, entries 2');
      await page.mouse.move(box.x + first + (second - first) * 0.3, yOf(229_000));
      await settle(page);
      expect(await detail.textContent()).toContain('an old one that came again');
      await page.mouse.move(box.x + (heads[0] ?? 0), yOf(235_000));
      await settle(page);
      expect(await detail.textContent()).toContain('op 7: read of key 0: ok 3');
      await page.close();
    });

    test('moves and zooms by keys and wheel, to faults and to a moment named', async () => {
      const { page } = await open(sampleData(), { hash: '#0.5' });
      const range = page.locator('#range');
      expect(await range.textContent()).toBe('0.440 s, 120 ms');
      await page.locator('#diagram').press('+');
      await settle(page);
      expect(await range.textContent()).toContain('72 ms');
      await page.locator('#diagram').hover();
      await page.mouse.wheel(0, 200);
      await settle(page);
      expect(await range.textContent()).not.toContain('0.464 s');
      await page.getByRole('link', { name: 'To the violation' }).click();
      await settle(page);
      expect(await range.textContent()).toBe('0.120 s, 160 ms');
      await page.getByRole('button', { name: 'fault ▸' }).click();
      await settle(page);
      expect(await range.textContent()).toBe('0.420 s, 160 ms');
      await page.close();
    });

    test('has room on a telephone', async () => {
      const { page, trouble } = await open(sampleData(), { width: 390 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
      const box = await page.locator('#diagram').boundingBox();
      expect(box?.height).toBeGreaterThan(300);
      expect(trouble).toEqual([]);
      await page.close();
    });

    test('a hundred thousand messages can be looked through', async () => {
      const append = typeOf('appendEntries');
      const messages = Array.from({ length: 100_000 }, (_, at) => [
        ...[at * 200, 1500, at % 3, (at + 1) % 3, append, 0, 0, 1, at, 1, 1, at, 0],
      ]);
      const many = sampleData({ messages, endUs: 20_000_000 });
      const { page, trouble } = await open(many, { hash: '#10' });
      expect(await shown(page)).toBeLessThan(1000);
      const slowest = await page.evaluate(`(async () => {
      const frame = () => new Promise((done) => requestAnimationFrame(done));
      let longest = 0;
      for (let step = 0; step < 20; step++) {
        const before = performance.now();
        const key = new KeyboardEvent('keydown', { key: 'PageDown' });
        document.querySelector('#diagram').dispatchEvent(key);
        await frame();
        await frame();
        longest = Math.max(longest, performance.now() - before);
      }
      return longest;
    })()`);
      expect(slowest).toBeLessThan(1000);
      await page.getByRole('button', { name: 'Whole run' }).click();
      await settle(page);
      expect(await shown(page)).toBe(100_000);
      expect(trouble).toEqual([]);
      await page.close();
    }, 60_000);
  },
);
