/// <reference lib="dom" />
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import t from 'tap';
import { sh } from '../helpers/run.js';
import { HOSTILE, makeHundredRuns, makeTables } from '../helpers/runs.js';

// The page in a real browser, headless. Debian's package chromium; skipped where it is missing, but in CI.

const CHROMIUM = '/usr/bin/chromium';
const skip = existsSync(CHROMIUM) || process.env.CI ? false : `no ${CHROMIUM} here`;

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

t.test('the page in Chromium', { skip, timeout: 240_000 }, async (t) => {
  const root = t.testdir();
  makeTables(root);
  const made = sh(
    `cd ${root} && report-runs --summary summary.csv --curves curves.csv -o report.html results`,
  );
  t.equal(made.status, 0);
  const browser: Browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  t.teardown(() => browser.close());

  /** The page, and all that went wrong in it or was asked for outside of it. */
  async function open(
    options: Parameters<Browser['newPage']>[0] = {},
    hash = '',
    file = 'report.html',
  ) {
    const page = await browser.newPage(options);
    const wrong: string[] = [];
    page.on('console', (message) => wrong.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => wrong.push(`error: ${error.message}`));
    page.on('dialog', (dialog) => wrong.push(`dialog: ${dialog.message()}`));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith('data:') && !url.endsWith(`/${file}`)) wrong.push(`request: ${url}`);
    });
    await page.goto(`file://${resolve(root)}/${file}${hash}`);
    return { page, wrong };
  }

  const found = (page: Page) => page.locator('#found').textContent();
  const rows = (page: Page) =>
    page.$$eval('#matrix > tbody > tr:not(.detail) > th', (cells) =>
      cells.map((cell) => cell.textContent),
    );
  /** Waits until the filter has been applied: it is, in the next frame. */
  const settled = (page: Page) =>
    page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done))));

  await t.test('search, filter and sort', async (t) => {
    const { page, wrong } = await open();
    t.equal(await found(page), '61 functions');
    t.equal((await rows(page)).length, 61);
    await page.fill('#query', 'F_1');
    await settled(page);
    t.equal(await found(page), '11 of 61 functions', 'without regard to case');
    await page.fill('#query', 'no such function');
    await settled(page);
    t.equal(await found(page), '0 of 61 functions');
    await page.click('button[type=reset]');
    await settled(page);
    t.equal(await found(page), '61 functions');

    // Groups by application and runtime: kata and runc of node-express, runc of redis-test.
    await page.click('#filter summary');
    await page.selectOption('[data-group="0"]', 'yes');
    await page.selectOption('[data-group="1"]', 'no');
    await settled(page);
    t.equal(await found(page), '10 of 61 functions', "kata's own");
    t.same(
      (await rows(page)).sort(),
      Array.from({ length: 10 }, (_, i) => `f_5${i}`),
    );
    await page.click('button[type=reset]');
    await page.fill('#least', '45');
    await settled(page);
    t.same((await rows(page)).sort(), ['f_5', 'f_6', 'f_7', 'f_8', 'f_9']);
    await page.click('button[type=reset]');
    await page.selectOption('#subsystem', { label: 'mm (30)' });
    await settled(page);
    t.equal(await found(page), '30 of 61 functions');
    await page.click('button[type=reset]');
    await page.check('#differ');
    await settled(page);
    t.equal(await found(page), '61 functions', 'no function is in all');
    await page.click('button[type=reset]');
    await settled(page);

    await page.click('#matrix thead button[data-sort="2"]');
    const scores = await page.$$eval('#matrix > tbody > tr > td:nth-child(3)', (cells) =>
      cells.map((cell) => Number(cell.textContent)),
    );
    t.same(
      scores,
      [...scores].sort((a, b) => b - a),
      'the most complex first',
    );
    const sorted = page.locator('#matrix thead th[aria-sort="descending"]');
    t.match(await sorted.textContent(), /^Complexity/);
    await page.click('#matrix thead button[data-sort="2"]');
    t.equal(await page.locator('th[aria-sort="ascending"]').count(), 1);
    t.same(wrong, []);
    await page.close();
  });

  await t.test('what is known of a function', async (t) => {
    const { page, wrong } = await open();
    const cells = page
      .locator('#matrix > tbody > tr', {
        has: page.getByRole('button', { name: 'f_49', exact: true }),
      })
      .locator('td.cell');
    t.same(await cells.allInnerTexts(), ['●', '1', '·']);
    t.same(
      await cells
        .getByRole('img')
        .evaluateAll((signs) => signs.map((sign) => sign.getAttribute('aria-label'))),
      ['reached in 3 of 3 runs', 'reached in 1 of 3 runs', 'not reached'],
      'in words',
    );
    await page.getByRole('button', { name: 'f_49', exact: true }).click();
    const detail = (await page.locator('#detail').allInnerTexts()).join(' ').replace(/\s+/g, ' ');
    t.match(detail, /Defined in (fs\/read_write|mm\/memory)\.c, line \d+; complexity \d+/);
    t.match(detail, 'Not reached by: runc, redis-test.');
    t.match(detail, 'kata, node-express, 3 of 3 runs: 9 calls');
    t.match(detail, 'write x64_sys_call __x64_sys_write f_49');
    t.match(detail, 'runc, node-express, 1 of 3 runs: 3 calls');
    t.match(detail, 'read x64_sys_call __x64_sys_read f_49');
    t.equal(
      await page.getByRole('button', { name: 'f_49', exact: true }).getAttribute('aria-expanded'),
      'true',
    );
    t.match(page.url(), /#function=f_49$/, 'the address names it');
    await page.close();

    const linked = await open({}, '#function=f_49');
    await linked.page.waitForSelector('#detail', { timeout: 10_000 });
    t.match(await linked.page.locator('#matrix tr:has(+ #detail) th').textContent(), 'f_49');
    t.same(wrong, []);
    t.same(linked.wrong, []);
    await linked.page.close();
    const nowhere = await open({}, '#function=%E0%A4%A');
    t.equal(await nowhere.page.locator('#detail').count(), 0);
    t.same(nowhere.wrong, []);
    await nowhere.page.close();
  });

  await t.test('by keyboard alone', async (t) => {
    const { page, wrong } = await open();
    const focused = () => page.evaluate(() => document.activeElement?.textContent ?? '');
    await page.keyboard.press('Tab');
    t.equal(await focused(), 'Skip to the figures');
    await page.keyboard.press('/');
    await page.keyboard.type('f_2');
    await settled(page);
    t.equal(await found(page), '11 of 61 functions');
    await page.keyboard.press('ArrowDown');
    t.equal(await focused(), 'f_2');
    await page.keyboard.press('ArrowDown');
    t.equal(await focused(), 'f_20');
    await page.keyboard.press('Enter');
    t.equal(await page.locator('#detail').count(), 1);
    t.equal(await focused(), 'f_20', 'the focus stays');
    await page.keyboard.press('Escape');
    t.equal(await page.locator('#detail').count(), 0);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('ArrowUp');
    t.equal(await page.evaluate(() => document.activeElement?.id), 'query');
    await page.keyboard.press('Escape');
    await settled(page);
    t.equal(await found(page), '61 functions', 'the search is cleared');
    t.same(wrong, []);
    await page.close();
  });

  await t.test('each control has a name, each colour its contrast', async (t) => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, wrong } = await open({ colorScheme });
      const nameless = await page.$$eval('button, input, select, a, [role=region]', (controls) =>
        controls
          .filter((control) => {
            const labels = (control as HTMLInputElement).labels;
            const text =
              control.getAttribute('aria-label') || control.textContent || labels?.[0]?.textContent;
            return !text?.trim();
          })
          .map((control) => control.outerHTML.slice(0, 200)),
      );
      t.same(nameless, []);
      const pale = await page.evaluate(() => {
        const parts = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
        const luminance = ([r, g, b]: number[]) => {
          const [x, y, z] = [r, g, b].map((part) => {
            const p = part / 255;
            return p <= 0.04045 ? p / 12.92 : ((p + 0.055) / 1.055) ** 2.4;
          });
          return 0.2126 * x + 0.7152 * y + 0.0722 * z;
        };
        const behind = (element: Element): number[] => {
          for (let at: Element | null = element; at !== null; at = at.parentElement) {
            const colour = parts(getComputedStyle(at).backgroundColor);
            if (colour.length === 3 || colour[3] > 0) return colour;
          }
          return [255, 255, 255];
        };
        const failing = new Set<string>();
        for (const element of Array.from(document.querySelectorAll('main *, header *, footer *'))) {
          if (element.closest('svg') || element.matches(':disabled')) continue;
          const own = Array.from(element.childNodes).some(
            (node) => node.nodeType === 3 && node.textContent?.trim(),
          );
          if (!own) continue;
          const [a, b] = [
            luminance(parts(getComputedStyle(element).color)),
            luminance(behind(element)),
          ];
          const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          if (ratio < 4.5)
            failing.add(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
        }
        return Array.from(failing);
      });
      t.same(pale, [], colorScheme);
      t.same(wrong, []);
      await page.close();
    }
  });

  await t.test('on a phone nothing is wider than the screen', async (t) => {
    const { page, wrong } = await open({ viewport: { width: 360, height: 740 } });
    await page.getByRole('button', { name: 'f_49', exact: true }).click();
    t.equal(await page.evaluate(() => document.documentElement.scrollWidth), 360);
    const box = await page.locator('#detail .box').boundingBox();
    t.ok(box!.x + box!.width <= 360, 'details fit');
    const small = await page.$$eval(
      '#filter button, #filter select, #filter input[type=search]',
      (all) =>
        all.filter(
          (control) => control.clientHeight > 0 && control.getBoundingClientRect().height < 24,
        ).length,
    );
    t.equal(small, 0, 'controls are large enough to be touched');
    t.same(wrong, []);
    await page.close();
  });

  await t.test('on paper all that the filter leaves', async (t) => {
    const { page, wrong } = await open();
    await page.fill('#query', 'f_1');
    await settled(page);
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    t.equal((await rows(page)).length, 11);
    await page.emulateMedia({ media: 'print' });
    t.equal(await page.locator('#filter').isVisible(), false);
    t.equal(await page.locator('#matrix').isVisible(), true);
    // A4 with the margins that browsers leave.
    await page.setViewportSize({ width: 718, height: 1000 });
    const cut = await page.$$eval('.wide', (frames) =>
      frames
        .filter((frame) => frame.scrollWidth > frame.clientWidth)
        .map((frame) => `${frame.getAttribute('aria-label')}: ${frame.scrollWidth}`),
    );
    t.same(cut, [], 'nothing is wider than the sheet');
    t.ok((await page.pdf({ format: 'A4' })).length > 10_000);
    t.same(wrong, []);
    await page.close();
  });

  // An answer within 200 ms is felt as immediate (web.dev, "Interaction to Next Paint"). Processor time of the
  // page's thread counts, its drawing included: the machine has others to serve.
  await t.test('100 runs of 1,500 functions: each key is answered at once', async (t) => {
    for (const runtimes of [10, 100]) {
      const file = `many-${runtimes}.html`;
      makeHundredRuns(`${root}/many-${runtimes}`, runtimes);
      t.equal(sh(`cd ${root} && report-runs -o ${file} many-${runtimes}`).status, 0);
      const { page, wrong } = await open({}, '', file);
      const session = await page.context().newCDPSession(page);
      await session.send('Performance.enable', { timeDomain: 'threadTicks' });
      const busy = async () => {
        const { metrics } = await session.send('Performance.getMetrics');
        return 1000 * metrics.find(({ name }) => name === 'TaskDuration')!.value;
      };
      for (const [what, act] of [
        ['a letter of a search', () => page.keyboard.press('f')],
        ['sorting', () => page.click('#matrix thead button[data-sort="2"]')],
        ['opening a function', () => page.keyboard.press('Enter')],
        ['turning the page', () => page.click('#next')],
      ] as const) {
        const times: number[] = [];
        for (let i = 0; i < 5; i++) {
          if (what === 'a letter of a search') await page.fill('#query', '');
          if (what === 'opening a function') await page.focus('#matrix tbody button');
          await settled(page);
          const before = await busy();
          await act();
          await settled(page);
          times.push((await busy()) - before);
        }
        const least = Math.min(...times);
        t.ok(least < 200, `${runtimes} runtimes, ${what}`);
        t.comment(`${runtimes} runtimes, ${what}: ${least.toFixed(0)} ms`);
      }
      t.same(wrong, []);
      await page.close();
    }
  });

  await t.test('names are text, whatever is in them', async (t) => {
    const { page, wrong } = await open();
    const text = await page.evaluate(() => document.body.textContent);
    t.ok(text?.includes(HOSTILE));
    t.equal(await page.locator('img').count(), 0);
    t.same(wrong, []);
    await page.close();
  });
});
