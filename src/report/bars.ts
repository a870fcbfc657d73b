import * as Plot from '@observablehq/plot';
import {
  type Chart,
  compose,
  element,
  label,
  number,
  type Panel,
  plot,
  SMALL,
  textWidth,
} from './canvas.js';
import { runtimeColours } from './colours.js';
import type { Estimate, Measure, SummaryRow } from './tables.js';

/** What the error bars are: standard deviation, 95 % interval of the mean, least and most. */
export const SPREADS = ['sd', 'ci', 'range'] as const;
export type Spread = (typeof SPREADS)[number];

const TITLES: Readonly<Record<Measure, string>> = {
  functions: 'Functions of the host kernel that ran for the container',
  syscalls: 'System calls that the host kernel served for the container',
  complexity_sum: 'Complexity of these functions, summed up',
  complexity_max: 'Complexity of the most complex of these functions',
};

const AXES: Readonly<Record<Measure, string>> = {
  functions: 'functions',
  syscalls: 'system calls',
  complexity_sum: 'sum of the scores of GNU complexity',
  complexity_max: 'score of GNU complexity',
};

const SPREAD_WORDS: Readonly<Record<Spread, string>> = {
  sd: '± one standard deviation',
  ci: '95 % interval of the mean',
  range: 'from the least to the most',
};

/** The ends of an error bar; undefined where the spread is not known. */
export function ends(estimate: Estimate, spread: Spread): readonly [number, number] | undefined {
  const { mean, sd, min, max, low, high } = estimate;
  const [from, to] = {
    sd: sd === undefined ? [] : [mean - sd, mean + sd],
    ci: [low, high],
    range: [min, max],
  }[spread];
  return from === undefined || to === undefined || from === to ? undefined : [from, to];
}

interface Bar {
  readonly runtime: string;
  readonly published: string;
  readonly mean: number;
  readonly from: number;
  readonly to: number;
  readonly top: number;
  readonly spread: boolean;
}

interface Cluster {
  readonly application: string;
  readonly runtimes: readonly string[];
  readonly bars: readonly Bar[];
}

/** Of several published figures of one experiment, the latest that has this measure. */
function latest(rows: readonly SummaryRow[], measure: Measure): SummaryRow[] {
  const found = new Map<string, SummaryRow>();
  for (const row of rows) {
    const key = `${row.application}\n${row.runtime}`;
    const before = found.get(key);
    if (row.measures[measure] === undefined) continue;
    if (before === undefined || before.published < row.published) found.set(key, row);
  }
  return [...found.values()];
}

function clusters(rows: readonly SummaryRow[], measure: Measure, spread: Spread): Cluster[] {
  const applications = [...new Set(rows.map(({ application }) => application))].sort();
  return applications.map((application) => {
    const own = rows
      .filter((row) => row.application === application)
      .sort((a, b) => (a.runtime < b.runtime ? -1 : a.runtime > b.runtime ? 1 : 0));
    const bars = own.map((row) => {
      const estimate = row.measures[measure]!;
      const [from, to] = ends(estimate, row.published === '' ? spread : 'sd') ?? [];
      const { mean } = estimate;
      return {
        runtime: row.runtime,
        published: row.published,
        mean,
        from: Math.max(0, from ?? mean),
        to: to ?? mean,
        top: Math.max(mean, to ?? mean),
        spread: from !== undefined,
      };
    });
    return { application, runtimes: [...new Set(own.map(({ runtime }) => runtime))], bars };
  });
}

const HEIGHT = 300;
const LEFT = 56;
const PANEL_GAP = 28;
const HEAD = 34;
const FOOT = 28;
const ROW_WIDTH = 1400;
const WIDEST_BAND = 72;

/** Clusters side by side, in as many rows as they need. */
function inRows(all: readonly Cluster[], band: number): Cluster[][] {
  const rows: Cluster[][] = [];
  let room = 0;
  for (const cluster of all) {
    const width = cluster.runtimes.length * band + PANEL_GAP;
    if (rows.length === 0 || room < width) {
      rows.push([]);
      room = ROW_WIDTH - LEFT;
    }
    rows[rows.length - 1].push(cluster);
    room -= width;
  }
  return rows;
}

function months(rows: readonly SummaryRow[]): string {
  const names = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun'];
  names.push('Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec');
  const said = [...new Set(rows.map(({ published }) => published))].sort().map((date) => {
    const [year, month] = date.split('-');
    return `${names[Number(month) - 1] ?? ''} ${year}`.trim();
  });
  return said.join(' and ');
}

function subtitle(own: readonly SummaryRow[], published: readonly SummaryRow[], spread: Spread) {
  const parts: string[] = [];
  const kernels = [...new Set(own.map(({ kernel }) => kernel).filter((k) => k !== ''))].sort();
  if (kernels.length > 0) parts.push(`Linux ${kernels.map((k) => label(k)).join(', ')}.`);
  const runs = [...new Set(own.map((row) => row.runs).filter((n) => n !== undefined))].sort(
    (a, b) => a - b,
  );
  if (runs.length > 0) {
    const [least, most] = [runs[0], runs[runs.length - 1]];
    if (most === 1) parts.push('One run each: no spread is known.');
    else {
      const each = least === most ? `${least} runs` : `${least} to ${most} runs`;
      parts.push(`Means of ${each} each; error bars: ${SPREAD_WORDS[spread]}.`);
    }
  }
  if (published.length > 0) {
    parts.push(
      `Dashed outlines: published in ${months(published)}, another kernel and another method, with one standard deviation.`,
    );
  }
  return parts.join(' ');
}

/**
 * The published form of chart: applications side by side, one bar for each runtime, with error bars. Published
 * figures of the same applications stand beside ours as dashed outlines. Undefined when no row has the measure.
 */
export function barChart(
  rows: readonly SummaryRow[],
  measure: Measure,
  { spread = 'sd', published = [] }: { spread?: Spread; published?: readonly SummaryRow[] } = {},
): Chart | undefined {
  const own = rows.filter((row) => row.measures[measure] !== undefined);
  if (own.length === 0) return undefined;
  const applications = new Set(own.map(({ application }) => application));
  const beside = latest(
    published.filter(({ application }) => applications.has(application)),
    measure,
  );
  const all = clusters([...own, ...beside], measure, spread);
  const runtimes = [...new Set(all.flatMap((cluster) => cluster.runtimes))];
  const colours = runtimeColours(runtimes);
  const most = Math.max(...all.flatMap(({ bars }) => bars.map(({ top }) => top)));
  const figureWidth = textWidth(number(most, most < 20 ? 1 : 0)) + 5;
  const least = Math.max(
    40,
    beside.length > 0 ? 2 * figureWidth + 4 : figureWidth,
    ...runtimes.map((runtime) => textWidth(label(runtime, 14)) + 14),
  );
  const bands = all.reduce((sum, cluster) => sum + cluster.runtimes.length, 0);
  const room = ROW_WIDTH - LEFT - all.length * (PANEL_GAP + 8);
  const band = Math.max(least, Math.min(WIDEST_BAND, Math.floor(room / bands)));
  const inset = 4;
  const half = band / 2;
  const lines = inRows(all, band);
  const plots = lines.map((line) =>
    line.map((cluster, index) => {
      const left = index === 0 ? LEFT : 4;
      const width = left + cluster.runtimes.length * band + 4;
      const place = (bar: Bar) =>
        bar.published === ''
          ? { insetLeft: inset, insetRight: beside.length > 0 ? half + 1 : inset, shift: -half / 2 }
          : { insetLeft: half + 3, insetRight: inset, shift: half / 2 };
      const drawn = cluster.bars.map((bar) => ({ bar, ...place(bar) }));
      const shiftOf = (bar: Bar, shift: number) =>
        beside.length > 0 ? (bar.published === '' ? shift + inset / 2 : shift) : 0;
      const content = plot({
        width,
        height: HEIGHT,
        marginLeft: left,
        marginRight: 4,
        marginTop: HEAD,
        marginBottom: FOOT,
        x: {
          type: 'band',
          domain: [...cluster.runtimes],
          label: null,
          padding: 0,
          tickFormat: (runtime: string) => label(runtime, 14),
          tickSize: 0,
        },
        y: { domain: [0, most * 1.06], nice: true, label: null, grid: true, ticks: 6 },
        marks: [
          index === 0
            ? Plot.axisY({ label: null, tickSize: 0, ticks: 6 })
            : Plot.axisY({ label: null, tickSize: 0, ticks: 6, tickFormat: () => '' }),
          ...drawn.flatMap(({ bar, insetLeft, insetRight, shift }) => {
            const ours = bar.published === '';
            const dx = shiftOf(bar, shift);
            const x = { x: () => bar.runtime, dx };
            return [
              Plot.barY([bar], {
                x: 'runtime',
                y: 'mean',
                insetLeft,
                insetRight,
                fill: ours ? colours.get(bar.runtime)!.fill : 'none',
                stroke: 'currentColor',
                strokeWidth: 0.8,
                ...(ours ? {} : { strokeDasharray: '3 2' }),
              }),
              ...(bar.spread ? whisker(bar, x, ours, band / 2 - 4) : []),
              Plot.text([bar], {
                ...x,
                y: 'top',
                text: () => number(bar.mean, most < 20 ? 1 : 0),
                dy: -7,
                fill: 'currentColor',
                ...(ours ? { fontWeight: 600 } : { fillOpacity: 0.78 }),
              }),
            ];
          }),
          Plot.ruleY([0], { stroke: 'currentColor' }),
        ],
      });
      return { cluster, content, width, left };
    }),
  );
  const width = Math.max(
    560,
    ...plots.map((line) => 24 + line.reduce((sum, p) => sum + p.width + PANEL_GAP, -PANEL_GAP)),
  );
  return compose(
    {
      name: measure.replace('_', '-'),
      title: TITLES[measure],
      subtitle: subtitle(own, beside, spread),
      description: all.map(inWords).join('; '),
      width,
    },
    (top) => {
      const panels: Panel[] = [];
      const axis = element('text', { 'font-size': SMALL, 'fill-opacity': 0.78 }, AXES[measure]);
      panels.push({ x: 12, y: top + 8, content: axis });
      for (const [row, line] of plots.entries()) {
        let x = 12;
        const y = top + 14 + row * HEIGHT;
        for (const { cluster, content, width: wide, left } of line) {
          panels.push({ x, y, content });
          const name = label(cluster.application);
          const heading = element('text', { 'font-weight': 600 }, name);
          panels.push({ x: x + left, y: y + 18, content: heading });
          x += wide + PANEL_GAP;
        }
      }
      return { panels, height: 14 + plots.length * HEIGHT };
    },
  );
}

/** An error bar that is seen on any colour: a dark line with a light one below it. */
function whisker(
  bar: Bar,
  x: { x: () => string; dx: number },
  ours: boolean,
  inset: number,
): Plot.Markish[] {
  const lines = [
    { stroke: '#ffffff', strokeWidth: ours ? 3.5 : 0 },
    { stroke: ours ? '#000000' : 'currentColor', strokeWidth: 1.3 },
  ];
  return lines
    .filter(({ strokeWidth }) => strokeWidth > 0)
    .flatMap((line) => [
      Plot.ruleX([bar], { ...x, y1: 'from', y2: 'to', ...line }),
      Plot.tickY([bar], { ...x, y: 'from', insetLeft: inset, insetRight: inset, ...line }),
      Plot.tickY([bar], { ...x, y: 'to', insetLeft: inset, insetRight: inset, ...line }),
    ]);
}

function inWords({ application, bars }: Cluster): string {
  const each = bars.map(({ runtime, mean, published, from, to, spread }) => {
    const value = number(mean, 1);
    const between = spread ? ` (${number(from, 1)} to ${number(to, 1)})` : '';
    return `${label(runtime)} ${value}${between}${published === '' ? '' : `, published ${published}`}`;
  });
  return `${label(application)}: ${each.join(', ')}`;
}
