import fc from 'fast-check';
import t from 'tap';
import { page, type Report, type ReportRun } from '../../src/report/page.js';
import { Reach } from '../../src/report/reach.js';
import { HOSTILE } from '../helpers/runs.js';

const ASSETS = { style: 'p{}', script: 'void 0', scriptHash: 'sha256-x' };

function reportOf(runs: readonly ReportRun[], more: Partial<Report> = {}): Report {
  const reach = new Reach();
  const about = { score: 2, file: 'mm/x.c', line: 3, subsystem: 'mm' };
  reach.add(reach.group(HOSTILE, HOSTILE), [
    { name: HOSTILE, calls: 1, path: [HOSTILE], syscall: '', ...about },
  ]);
  return { rows: [], charts: [], reach, runs, files: [], tool: 'kernel-surface 0', ...more };
}

function runOf(more: Partial<ReportRun> = {}): ReportRun {
  return {
    place: 'results/a/run-1',
    link: 'a/run-1',
    files: ['run.json'],
    problem: undefined,
    lacking: undefined,
    runtime: 'runc',
    application: 'app',
    functions: 1,
    record: {},
    strip: {},
    ...more,
  };
}

/** The tags of a page that are not closed, or closed where they are not open. */
function unbalanced(text: string): string[] {
  const without = text.replace(/<(script|style)[^>]*>.*?<\/\1>/gs, '');
  const open: string[] = [];
  for (const [tag, slash, name] of without.matchAll(/<(\/?)([a-z][a-z0-9]*)[^>]*>/g)) {
    if (/^(?:meta|link|input|br)$/.test(name) || tag.endsWith('/>')) continue;
    if (slash === '') open.push(name);
    else if (open.pop() !== name) return [`</${name}>`];
  }
  return open;
}

t.test('whatever run.json and strip.json hold', (t) => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant(HOSTILE));
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      text,
      fc.double(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(
        fc.oneof(
          text,
          fc.constantFrom(
            'lines',
            'dropped',
            'hardirq',
            'in',
            'warnings',
            'load',
            'loss',
            'policy',
            '__proto__',
          ),
        ),
        tie('value'),
        { maxKeys: 6 },
      ),
    ),
  })).value;
  fc.assert(
    fc.property(fc.array(fc.tuple(json, json, text, fc.boolean()), { maxLength: 4 }), (all) => {
      const made = page(
        reportOf(
          all.map(([record, strip, name, bad]) =>
            runOf({
              record,
              strip,
              place: name,
              link: name,
              runtime: name,
              problem: bad ? name : undefined,
            }),
          ),
        ),
        ASSETS,
      );
      const scripts = made.match(/<script/g)?.length;
      return scripts === 2 && !made.includes('<img') && unbalanced(made).length === 0;
    }),
    {
      numRuns: 300,
      // A context that every object has.
      examples: [[[[{}, JSON.parse('{"dropped":{"__proto__":{"x":1}}}'), 'x', false]]]],
    },
  );
  t.end();
});

t.test('a page without anything to show is still a page', (t) => {
  const made = page(reportOf([]), ASSETS);
  t.same(unbalanced(made), []);
  t.ok(made.includes('from 0 run directories'));
  t.ok(made.includes('script-src &#39;sha256-x&#39;'));
  t.end();
});

t.test('several kernels are told', (t) => {
  const row = {
    runtime: 'runc',
    application: 'app',
    runs: 1,
    measures: {},
    union: undefined,
    chao2: undefined,
    coverage: undefined,
    verdict: '',
    lostEvents: undefined,
    requests: undefined,
    published: '',
  };
  const rows = ['6.1', '6.12'].map((kernel) => ({ ...row, kernel }));
  t.ok(page(reportOf([], { rows }), ASSETS).includes('the rows are of 6.1, 6.12'));
  t.notOk(page(reportOf([], { rows: rows.slice(1) }), ASSETS).includes('the rows are of'));
  t.end();
});

t.test('what runs warn of stands above the figures', (t) => {
  const warned = page(
    reportOf([
      runOf({ record: { warnings: ['slow disk'] } }),
      runOf({ record: { warnings: ['slow disk'] } }),
      runOf({ record: { warnings: ['not told'] }, problem: 'not valid' }),
    ]),
    ASSETS,
  );
  t.ok(warned.includes('<strong>Warning</strong> of 2 runs: slow disk.'));
  t.ok(warned.includes('1 run is not in these figures'));
  t.notOk(warned.includes('of 1 run: not told'), 'runs that do not count warn of nothing');
  t.end();
});
