import { readFileSync } from 'node:fs';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import fc from 'fast-check';
import t from 'tap';
import { barChart, ends } from '../../src/report/bars.js';
import { type Chart, inline, label, standalone, wrap } from '../../src/report/canvas.js';
import { curveChart, spreadOut } from '../../src/report/curves.js';
import { countSubsystems, subsystemChart } from '../../src/report/subsystems.js';
import { type CurveRow, curveRows, type SummaryRow, summaryRows } from '../../src/report/tables.js';
import { upsetChart } from '../../src/report/upset.js';

const FONTS = [400, 600].map((weight) =>
  readFileSync(`node_modules/@fontsource/inter/files/inter-latin-${weight}-normal.woff2`),
);
const HOSTILE = `</text><script>alert("1")</script>&\u0000\u001b[31m'`;

t.before(() => initWasm(readFileSync('node_modules/@resvg/resvg-wasm/index_bg.wasm')));

function row(
  runtime: string,
  mean: number,
  sd: number | undefined,
  more: Partial<SummaryRow> = {},
): SummaryRow {
  const spread = sd === undefined ? [undefined, undefined] : [mean - sd, mean + sd];
  return {
    runtime,
    application: 'node-express',
    kernel: '6.1.0',
    runs: sd === undefined ? 1 : 10,
    measures: {
      functions: { mean, sd, min: mean, max: mean, low: spread[0], high: spread[1] },
    },
    union: undefined,
    chao2: undefined,
    coverage: undefined,
    verdict: '',
    lostEvents: undefined,
    requests: undefined,
    published: '',
    ...more,
  };
}

/** All texts of a picture, as a reader sees them. */
function texts(chart: Chart): string[] {
  return [...chart.body.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
}

/** The picture is well-formed, and nothing in it is drawn outside of it. */
function isWhole(t: Pick<typeof import('tap').default, 'ok'>, chart: Chart, what: string): void {
  const svg = standalone(chart).replace(/<rect[^>]*fill="#ffffff"[^>]*>/, '');
  const picture = new Resvg(svg, { font: { loadSystemFonts: false, fontBuffers: FONTS } });
  const box = picture.getBBox()!;
  t.ok(box.x >= 0 && box.y >= 0, `${what}: begins inside`);
  t.ok(
    box.x + box.width <= chart.width,
    `${what}: ends inside, ${box.x + box.width} of ${chart.width}`,
  );
  t.ok(box.y + box.height <= chart.height, `${what}: ends above the edge`);
  picture.free();
}

/** The plain bars of a plot: their heights by their fill. */
function heights(chart: Chart): Map<string, number> {
  const bars = [...chart.body.matchAll(/<g [^>]*aria-label="bar"[^>]*>.*?<\/g>/g)];
  return new Map(
    bars.map(([g]) => [
      /fill="(#\w+|none)"/.exec(g)?.[1] ?? '',
      Number(/ height="([\d.]+)"/.exec(g)?.[1]),
    ]),
  );
}

t.test('bars are as high as their figures, from zero', (t) => {
  const chart = barChart([row('runc', 800, undefined), row('kata', 200, undefined)], 'functions')!;
  const drawn = heights(chart);
  t.equal(drawn.size, 2);
  const [runc, kata] = [drawn.get('#0072b2')!, drawn.get('#009e73')!];
  t.ok(Math.abs(runc / kata - 4) < 0.001, `${runc} : ${kata}`);
  for (const text of ['800', '200', 'runc', 'kata', 'node-express', 'functions', '0']) {
    t.ok(texts(chart).includes(text), text);
  }
  t.ok(texts(chart).some((text) => text.includes('One run each')));
  t.notMatch(chart.body, /stroke="#ffffff"/, 'no error bar of one run');
  isWhole(t, chart, 'two bars');
  t.end();
});

t.test('error bars are the spread that is asked for', (t) => {
  const estimate = { mean: 10, sd: 2, min: 5, max: 16, low: 9, high: 12 };
  t.same(ends(estimate, 'sd'), [8, 12]);
  t.same(ends(estimate, 'ci'), [9, 12]);
  t.same(ends(estimate, 'range'), [5, 16]);
  t.equal(ends({ ...estimate, sd: undefined }, 'sd'), undefined);
  t.equal(ends({ ...estimate, sd: 0 }, 'sd'), undefined, 'none of no length');
  const chart = barChart([row('runc', 800, 30), row('kata', 20, 40)], 'functions')!;
  t.match(chart.description, 'runc 800 (770 to 830)');
  t.match(chart.description, 'kata 20 (0 to 60)', 'not below zero');
  t.ok(texts(chart).some((text) => text.includes('Means of 10 runs each')));
  isWhole(t, chart, 'with error bars');
  t.end();
});

t.test('published figures stand beside ours, named as such', (t) => {
  const published = [
    row('runc', 499, 6, { published: '2019-02' }),
    row('runc', 488, undefined, { published: '2018-08' }),
    row('katafc', 380, 44, { published: '2019-02' }),
    row('runc', 385, 6, { published: '2019-02', application: 'redis-test' }),
  ];
  const chart = barChart([row('runc', 809, undefined)], 'functions', { published })!;
  const all = texts(chart);
  for (const text of ['809', '499', '380', 'katafc']) t.ok(all.includes(text), text);
  t.notOk(all.includes('488'), 'the latest');
  t.notOk(all.includes('385'), 'of our applications only');
  t.ok(all.join(' ').includes('published in Feb 2019, another kernel'));
  t.equal(chart.body.match(/stroke-dasharray="3 2"/g)?.length, 2);
  isWhole(t, chart, 'published');
  t.equal(barChart(published, 'complexity_max'), undefined, 'nothing to draw');
  t.end();
});

t.test('many runtimes and applications take more lines', (t) => {
  const rows = ['a', 'b', 'c', 'd'].flatMap((application) =>
    Array.from({ length: 12 }, (_, i) => row(`runtime-${i}`, 100 * i + 1, 5, { application })),
  );
  const chart = barChart(rows, 'functions')!;
  t.ok(chart.width <= 1430, `${chart.width}`);
  isWhole(t, chart, 'many');
  t.end();
});

t.test('names and figures of any kind leave a whole picture', (t) => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1 }),
    fc.constant(HOSTILE),
    fc.constant('runc'),
  );
  const mean = fc.oneof(
    fc.integer({ min: 0, max: 2_000_000 }),
    fc.double({ min: 0, max: 5000, noNaN: true }),
  );
  const rows = fc.array(fc.tuple(name, name, mean, fc.option(fc.nat(9000), { nil: undefined })), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(rows, (all) => {
      const chart = barChart(
        all.map(([runtime, application, value, sd]) => row(runtime, value, sd, { application })),
        'functions',
      )!;
      new Resvg(standalone(chart)).free();
      return (
        !/NaN|Infinity|undefined|<script/.test(chart.body) &&
        chart.body ===
          barChart(
            all.map(([runtime, application, value, sd]) =>
              row(runtime, value, sd, { application }),
            ),
            'functions',
          )!.body
      );
    }),
    { numRuns: 40 },
  );
  t.end();
});

function curve(runtime: string, seen: number, more: Partial<CurveRow> = {}): CurveRow[] {
  return Array.from({ length: 8 }, (_, i) => ({
    runtime,
    application: 'node-express',
    unit: 'runs',
    units: i + 1,
    requests: undefined,
    functions: seen * (1 - 0.5 ** (i + 1)),
    kind: i < 3 ? 'rarefied' : i === 3 ? 'observed' : 'extrapolated',
    bound: seen * 1.1,
    ...more,
  }));
}

t.test('accumulation curves', (t) => {
  const chart = curveChart([...curve('runc', 800), ...curve('crun', 790), ...curve('kata', 300)])!;
  const all = texts(chart);
  t.ok(all.includes('runc 750 of at least 880'), all.join('|'));
  t.ok(all.includes('runs'), 'the unit names the axis');
  t.equal(chart.body.match(/stroke-dasharray="5 4"/g)?.length, 3, 'what more units would show');
  isWhole(t, chart, 'curves');
  const load = curve('runc', 800, { unit: 'requests:5', requests: 30 });
  t.ok(texts(curveChart(load)!).includes('requests'));
  t.ok(
    texts(curveChart(curve('runc', 8, { unit: 'windows:20' }))!).includes(
      'windows, 20 of equal length to a run',
    ),
  );
  t.ok(texts(curveChart(curve('runc', 8, { bound: undefined }))!).includes('runc 8'));
  t.equal(curveChart([]), undefined);
  const one = curve('runc', 5).slice(3, 4);
  isWhole(t, curveChart([...one, ...curve(HOSTILE, 9, { application: HOSTILE })])!, 'one point');
  t.end();
});

t.test('labels keep their distance and their order', (t) => {
  t.same(spreadOut([10, 12, 50], 14, 300), [10, 24, 50]);
  t.same(spreadOut([290, 295, 299], 14, 300), [272, 286, 300]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 12 }), (at) => {
      const placed = spreadOut(at, 10, 300);
      const sorted = [...placed].sort((a, b) => a - b);
      const apart = sorted.every((y, i) => i === 0 || y - sorted[i - 1] >= 10);
      const order = at.every((y, i) => at.every((z, j) => y >= z || placed[i] < placed[j]));
      return apart && order && sorted.every((y) => y <= 300);
    }),
  );
  t.end();
});

t.test('subsystems', (t) => {
  const group = (runtime: string, counts: Record<string, number>) => ({
    runtime,
    application: 'node-express',
    counts: new Map(Object.entries(counts)),
  });
  const chart = subsystemChart([
    group('runc', { mm: 30, fs: 60 }),
    group('kata', { mm: 10, 'arch/x86/kvm': 20 }),
  ])!;
  const all = texts(chart);
  for (const text of ['1: fs', '2: mm', '3: arch/x86/kvm', '90', '30', 'fs 60', 'mm 30']) {
    t.ok(all.includes(text), text);
  }
  isWhole(t, chart, 'subsystems');
  const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`dir/${i}`, 40 - i]));
  const wide = subsystemChart([group('runc', many)])!;
  t.ok(texts(wide).includes('10: 31 others'));
  t.match(wide.description, '31 others 496');
  isWhole(t, wide, 'many subsystems');
  isWhole(t, subsystemChart([group(HOSTILE, { [HOSTILE]: 3 })])!, 'hostile names');
  t.equal(subsystemChart([]), undefined);
  t.same(
    [...countSubsystems(['mm', 'fs', 'mm'])],
    [
      ['mm', 2],
      ['fs', 1],
    ],
  );
  t.end();
});

t.test('UpSet', (t) => {
  const sets = {
    application: 'node-express',
    names: ['kata', 'runc'],
    sizes: [70, 90],
    intersections: [
      { members: [1], size: 50 },
      { members: [0, 1], size: 40 },
      { members: [0], size: 30 },
    ],
  };
  const chart = upsetChart(sets)!;
  const all = texts(chart);
  for (const text of ['50', '40', '30', '70', '90', 'kata', 'runc']) t.ok(all.includes(text), text);
  t.ok(all.join(' ').includes('40 of 120 functions are reached under every runtime'));
  t.equal(chart.name, 'upset-node-express');
  isWhole(t, chart, 'two sets');
  t.equal(
    upsetChart({ ...sets, names: ['runc'], sizes: [1] }),
    undefined,
    'one set is no comparison',
  );

  const names = Array.from({ length: 6 }, (_, i) => `r${i}`);
  const intersections = Array.from({ length: 63 }, (_, i) => ({
    members: names.map((_, bit) => bit).filter((bit) => ((i + 1) >> bit) & 1),
    size: 100 - i,
  }));
  const many = upsetChart({
    application: HOSTILE,
    names,
    sizes: names.map(() => 900),
    intersections,
  })!;
  t.ok(texts(many).join(' ').includes('Not drawn: 39 smaller combinations, 2,223 functions.'));
  t.match(many.name, /^[\w.-]+$/);
  isWhole(t, many, 'many sets');
  t.end();
});

t.test('texts', (t) => {
  t.equal(label('runc'), 'runc');
  t.equal(label('a\u0000\u001b\ud800b'), 'a\ufffd\ufffd\ufffdb');
  t.equal(label('x'.repeat(50), 14), `${'x'.repeat(13)}…`);
  t.same(wrap('aa bb cc', 1), ['aa', 'bb', 'cc']);
  fc.assert(
    fc.property(fc.string(), fc.nat(400), (text, width) => wrap(text, width).join(' ') === text),
  );
  t.end();
});

t.test('inline pictures take the colours of the page', (t) => {
  const chart = barChart([row('runc', 800, 30)], 'functions')!;
  t.notMatch(inline(chart), /<rect[^>]*fill="#ffffff"/);
  t.match(inline(chart), /fill="currentColor"/);
  t.match(inline(chart), /role="img"/);
  t.match(
    standalone(chart),
    /^<svg (?=[^>]* xmlns="http:\/\/www\.w3\.org\/2000\/svg")[^>]*color="#1a1a1a"/,
  );
  t.end();
});

t.test('rows of tables', (t) => {
  const cells = {
    runtime: 'runc',
    application: 'a',
    functions_mean: '3.5',
    functions_sd: '',
    runs: '2',
  };
  const [read] = summaryRows([cells]);
  t.match(read, {
    runtime: 'runc',
    runs: 2,
    measures: { functions: { mean: 3.5, sd: undefined } },
  });
  t.same(Object.keys(read.measures), ['functions']);
  t.throws(() => summaryRows([cells, { ...cells, functions_sd: 'x' }]), {
    message: "row 3: column functions_sd: 'x' is no number",
  });
  t.throws(() => summaryRows([{ ...cells, runtime: '' }]), { message: /^row 2: no runtime/ });
  t.throws(() => summaryRows([{ ...cells, functions_mean: '' }]), {
    message: 'row 2: no figure in it',
  });
  t.throws(() => curveRows([{ runtime: 'r', application: 'a', units: '' }]), {
    message: "row 2: column units: '' is no number",
  });
  t.end();
});
