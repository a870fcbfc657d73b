import * as Plot from '@observablehq/plot';
import {
  type Chart,
  compose,
  count,
  element,
  label,
  number,
  type Panel,
  plot,
  SMALL,
  textWidth,
} from './canvas.js';
import { runtimeColours } from './colours.js';
import type { CurveRow } from './tables.js';

const PLOT_WIDTH = 330;
const HEIGHT = 320;
const LEFT = 48;
const HEAD = 34;
const FOOT = 40;
const LINE = 14;
const ROW_WIDTH = 1300;

/** `runs`, or what a window of a run is. */
function unitWords(unit: string): string {
  const [kind, size] = unit.split(':');
  if (kind === 'requests') return `windows of ${count(Number(size), 'request')}`;
  if (kind === 'time') return `windows of ${number(Number(size), 2)} s`;
  if (kind === 'windows') return `windows, ${size} of equal length to a run`;
  return kind;
}

/** Moves labels apart, in order, by as little as leaves `gap` between them, inside of `most`. */
export function spreadOut(at: readonly number[], gap: number, most: number): number[] {
  const order = at.map((_, index) => index).sort((a, b) => at[a] - at[b] || a - b);
  const placed = [...at];
  let least = -Infinity;
  for (const index of order) {
    placed[index] = Math.max(placed[index], least);
    least = placed[index] + gap;
  }
  let limit = most;
  for (const index of order.reverse()) {
    placed[index] = Math.min(placed[index], limit);
    limit = placed[index] - gap;
  }
  return placed;
}

interface Curve {
  readonly runtime: string;
  readonly points: readonly { x: number; y: number }[];
  readonly beyond: readonly { x: number; y: number }[];
  readonly end: { x: number; y: number };
  readonly bound: number | undefined;
}

function curvesOf(rows: readonly CurveRow[], byRequests: boolean): Curve[] {
  const runtimes = [...new Set(rows.map(({ runtime }) => runtime))].sort();
  return runtimes.flatMap((runtime) => {
    const own = rows.filter((row) => row.runtime === runtime).sort((a, b) => a.units - b.units);
    const at = (row: CurveRow) => ({ x: byRequests ? row.requests! : row.units, y: row.functions });
    const seen = own.filter(({ kind }) => kind !== 'extrapolated').map(at);
    if (seen.length === 0) return [];
    const end = seen[seen.length - 1];
    const beyond = own.filter(({ kind }) => kind === 'extrapolated').map(at);
    return [{ runtime, points: seen, beyond: [end, ...beyond], end, bound: own[0].bound }];
  });
}

/**
 * Functions over units, for each application: what was seen, what twice the units would show, and the bound
 * below which the true number cannot be. Undefined without rows.
 */
export function curveChart(rows: readonly CurveRow[]): Chart | undefined {
  if (rows.length === 0) return undefined;
  const applications = [...new Set(rows.map(({ application }) => application))].sort();
  const runtimes = [...new Set(rows.map(({ runtime }) => runtime))].sort();
  const colours = runtimeColours(runtimes);
  const most = Math.max(...rows.map((row) => Math.max(row.functions, row.bound ?? 0)));
  const panels = applications.map((application) => {
    const own = rows.filter((row) => row.application === application);
    const byRequests = own.every(({ requests }) => requests !== undefined);
    const units = [...new Set(own.map(({ unit }) => unitWords(unit)))].sort().join('; ');
    return {
      application,
      curves: curvesOf(own, byRequests),
      axis: byRequests ? 'requests' : units,
    };
  });
  const words = ({ runtime, end, bound }: Curve) =>
    `${label(runtime, 14)} ${number(end.y)}${bound === undefined ? '' : ` of at least ${number(bound)}`}`;
  const right =
    32 + Math.max(...panels.flatMap(({ curves }) => curves.map((c) => textWidth(words(c)))), 40);
  const wide = LEFT + PLOT_WIDTH + right;
  const columns = Math.max(1, Math.min(panels.length, Math.floor(ROW_WIDTH / wide)));
  return compose(
    {
      name: 'accumulation',
      title: 'Functions found, as the measurement goes on',
      subtitle:
        'Mean over all orders of the units. Dashed: what up to twice as many units would show. Dots: at least so many functions are reached (Chao2). A curve that still climbs has not seen them all.',
      description: panels
        .map(({ application, curves }) => `${label(application)}: ${curves.map(words).join(', ')}`)
        .join('; '),
      width: Math.max(520, 24 + columns * wide),
    },
    (top) => ({
      panels: panels.flatMap((panel, index) =>
        drawPanel(panel, {
          x: 12 + (index % columns) * wide,
          y: top + Math.floor(index / columns) * HEIGHT,
          most,
          right,
          words,
          colour: (runtime) => colours.get(runtime)!.line,
          symbol: (runtime) => SYMBOLS[runtimes.indexOf(runtime) % SYMBOLS.length],
        }),
      ),
      height: Math.ceil(panels.length / columns) * HEIGHT,
    }),
  );
}

/** What tells lines apart without their colours. */
const SYMBOLS = ['circle', 'square', 'triangle', 'diamond', 'cross', 'star', 'wye'] as const;

/** Some points to mark on a line, and its end. */
function marked<T extends { x: number }>(points: readonly T[], end: T): T[] {
  const step = Math.ceil(points.length / 4);
  return [
    ...points.filter((_, index) => index % step === step - 1 && index < points.length - 1),
    end,
  ];
}

function drawPanel(
  { application, curves, axis }: { application: string; curves: readonly Curve[]; axis: string },
  about: {
    x: number;
    y: number;
    most: number;
    right: number;
    words: (curve: Curve) => string;
    colour: (runtime: string) => string;
    symbol: (runtime: string) => Plot.SymbolType;
  },
): Panel[] {
  const { x, y, most, right } = about;
  const last = Math.max(
    ...curves.flatMap(({ points, beyond }) => [...points, ...beyond].map((point) => point.x)),
  );
  const options = {
    width: LEFT + PLOT_WIDTH + right,
    height: HEIGHT - 10,
    marginLeft: LEFT,
    marginRight: right,
    marginTop: HEAD,
    marginBottom: FOOT,
    x: { domain: [0, last], label: null },
    y: { domain: [0, most * 1.04], label: null, grid: true },
  };
  const content = plot({
    ...options,
    marks: [
      Plot.axisY({ label: null, tickSize: 0, ticks: 6 }),
      Plot.axisX({
        label: null,
        ticks: 6,
        tickSize: 4,
        tickFormat: (n: number) => (Number.isInteger(n) ? number(n) : ''),
      }),
      Plot.ruleY([0], { stroke: 'currentColor' }),
      ...curves.flatMap(({ runtime, points, beyond, bound, end }) => {
        const stroke = about.colour(runtime);
        const symbol = about.symbol(runtime);
        return [
          ...(bound === undefined
            ? []
            : [
                Plot.ruleY([bound], {
                  x1: end.x,
                  x2: last,
                  stroke,
                  strokeWidth: 2,
                  strokeDasharray: '0.1 5',
                  strokeLinecap: 'round' as const,
                }),
              ]),
          Plot.line(beyond, { x: 'x', y: 'y', stroke, strokeWidth: 1.4, strokeDasharray: '5 4' }),
          Plot.line(points, { x: 'x', y: 'y', stroke, strokeWidth: 2.2 }),
          Plot.dot(marked(points, end), { x: 'x', y: 'y', fill: stroke, r: 4, symbol }),
        ];
      }),
    ],
  });
  const scale = content as unknown as { scale(name: 'y'): { apply(value: number): number } };
  const heights = curves.map(({ beyond, bound }) =>
    scale.scale('y').apply(bound ?? beyond[beyond.length - 1].y),
  );
  const labels = spreadOut(heights, LINE, HEIGHT - FOOT);
  const edge = LEFT + PLOT_WIDTH;
  const signs = plot({
    ...options,
    x: { ...options.x, axis: null },
    y: { ...options.y, axis: null, grid: false },
    marks: curves.map(({ runtime }, index) =>
      Plot.dot([0], {
        x: last,
        y: 0,
        dx: 20,
        dy: labels[index] - scale.scale('y').apply(0),
        fill: about.colour(runtime),
        r: 4,
        symbol: about.symbol(runtime),
      }),
    ),
  });
  const named = curves.flatMap((curve, index) => [
    element('path', {
      d: `M${edge + 2},${heights[index]}L${edge + 14},${labels[index]}`,
      stroke: about.colour(curve.runtime),
      'stroke-width': 1.2,
      fill: 'none',
    }),
    element('text', { x: edge + 28, y: labels[index] + 4, 'font-size': SMALL }, about.words(curve)),
  ]);
  return [
    { x, y, content },
    {
      x: x + LEFT,
      y: y + 18,
      content: element('text', { 'font-weight': 600 }, label(application)),
    },
    {
      x: x + LEFT + PLOT_WIDTH,
      y: y + HEIGHT - 16,
      content: element(
        'text',
        { 'font-size': SMALL, 'fill-opacity': 0.78, 'text-anchor': 'end' },
        axis,
      ),
    },
    { x, y, content: element('g', {}, ...named) },
    { x, y, content: signs },
  ];
}
