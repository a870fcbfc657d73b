import * as Plot from '@observablehq/plot';
import {
  type Chart,
  compose,
  count,
  element,
  fileName,
  label,
  number,
  type Panel,
  plot,
  SMALL,
  textWidth,
} from './canvas.js';

/** Functions that these sets have, and the others have not. */
export interface Intersection {
  readonly members: readonly number[];
  readonly size: number;
}

/** The runtimes' sets of one application. */
export interface Sets {
  readonly application: string;
  readonly names: readonly string[];
  readonly sizes: readonly number[];
  /** Each function counts in exactly one. */
  readonly intersections: readonly Intersection[];
}

const COLUMNS = 24;
const COLUMN = 34;
const ROW = 26;
const TOP = 190;
const BARS = 150;
const FILL = '#0072b2';

/**
 * An UpSet chart (Lex et al. 2014): each column is a combination of runtimes, its bar the number of functions
 * that exactly these reach. Undefined for fewer than two sets.
 */
export function upsetChart(sets: Sets): Chart | undefined {
  const { names, sizes, application } = sets;
  if (names.length < 2) return undefined;
  const all = [...sets.intersections].sort(
    (a, b) => b.size - a.size || a.members.length - b.members.length,
  );
  const shown = all.slice(0, COLUMNS).map((part, column) => ({ ...part, column }));
  const left = all.slice(COLUMNS);
  const rows = names.map((_, index) => index).sort((a, b) => sizes[b] - sizes[a] || a - b);
  const namesWide = Math.max(...names.map((name) => textWidth(label(name, 20)))) + 16;
  const most = Math.max(1, ...shown.map(({ size }) => size));
  const start = BARS + 46 + namesWide;
  const rest = left.reduce((sum, { size }) => sum + size, 0);
  const members = (part: Intersection) => part.members.map((i) => label(names[i])).join(' and ');
  const cells = shown.flatMap(({ column, members }) =>
    rows.map((row) => ({ column, row, in: members.includes(row) })),
  );
  const place = new Map(rows.map((row, index) => [row, index]));
  const spans = shown
    .filter((part) => part.members.length > 1)
    .map((part) => {
      const at = part.members.map((row) => place.get(row)!);
      return { column: part.column, from: rows[Math.min(...at)], to: rows[Math.max(...at)] };
    });
  const columns = {
    type: 'band' as const,
    domain: shown.map(({ column }) => column),
    axis: null,
    padding: 0.2,
  };
  const lines = { type: 'point' as const, domain: rows, axis: null, padding: 0.5 };
  const wide = shown.length * COLUMN;
  const bars = plot({
    width: wide + 44,
    height: TOP,
    marginLeft: 40,
    marginRight: 4,
    marginTop: 22,
    marginBottom: 4,
    x: columns,
    y: { domain: [0, most * 1.03], label: null, grid: true },
    marks: [
      Plot.axisY({ label: null, tickSize: 0, ticks: 5 }),
      Plot.barY(shown, { x: 'column', y: 'size', fill: FILL, stroke: 'currentColor' }),
      Plot.text(shown, {
        x: 'column',
        y: 'size',
        text: (part: Intersection) => number(part.size),
        dy: -7,
        fontWeight: 600,
      }),
      Plot.ruleY([0], { stroke: 'currentColor' }),
    ],
  });
  const matrix = plot({
    width: wide + 44,
    height: rows.length * ROW + 8,
    marginLeft: 40,
    marginRight: 4,
    marginTop: 4,
    marginBottom: 4,
    x: columns,
    y: lines,
    marks: [
      Plot.dot(cells, {
        x: 'column',
        y: 'row',
        r: 5.5,
        fill: 'currentColor',
        fillOpacity: (cell: { in: boolean }) => (cell.in ? 1 : 0.13),
      }),
      Plot.ruleX(spans, {
        x: 'column',
        y1: 'from',
        y2: 'to',
        stroke: 'currentColor',
        strokeWidth: 2,
      }),
    ],
  });
  const largest = Math.max(1, ...sizes);
  const totals = plot({
    width: BARS + 46,
    height: rows.length * ROW + 8,
    marginLeft: 46,
    marginRight: 0,
    marginTop: 4,
    marginBottom: 4,
    x: { domain: [largest, 0], axis: null },
    y: { type: 'band', domain: rows, axis: null, paddingInner: 0.3, paddingOuter: 0.15 },
    marks: [
      Plot.barX(rows, {
        y: (row: number) => row,
        x1: 0,
        x2: (row: number) => sizes[row],
        fill: '#999999',
        stroke: 'currentColor',
        strokeWidth: 0.8,
      }),
      Plot.text(rows, {
        y: (row: number) => row,
        x: (row: number) => sizes[row],
        text: (row: number) => number(sizes[row]),
        textAnchor: 'end',
        dx: -5,
        fontWeight: 600,
      }),
    ],
  });
  const common = shown.find((part) => part.members.length === names.length)?.size ?? 0;
  return compose(
    {
      name: `upset-${fileName(application)}`,
      title: `Which runtimes share these functions: ${label(application)}`,
      subtitle: [
        `${number(common)} of ${number(all.reduce((sum, { size }) => sum + size, 0))} functions are reached under every runtime.`,
        'Each column counts those that exactly the marked runtimes reach.',
        ...(left.length > 0
          ? [`Not drawn: ${count(left.length, 'smaller combination')}, ${count(rest, 'function')}.`]
          : []),
      ].join(' '),
      description: shown.map((part) => `${members(part)} alone: ${number(part.size)}`).join('; '),
      width: Math.max(560, start + wide + 44 + 12),
    },
    (top) => {
      const under = top + TOP + 6;
      const panels: Panel[] = [
        { x: start - 40 + 12, y: top, content: bars },
        { x: start - 40 + 12, y: under, content: matrix },
        { x: 12, y: under, content: totals },
        {
          x: start + 12 - 40,
          y: top + 10,
          content: element('text', { 'font-size': SMALL, 'fill-opacity': 0.78 }, 'functions'),
        },
        {
          x: 12 + BARS + 46,
          y: under - 4,
          content: element(
            'text',
            { 'font-size': SMALL, 'fill-opacity': 0.78, 'text-anchor': 'end' },
            'all functions of a runtime',
          ),
        },
        ...rows.map((row, index) => ({
          x: 12 + BARS + 46 + 8,
          y: under + 4 + index * ROW + ROW / 2 + 4,
          content: element('text', { 'font-size': SMALL }, label(names[row], 20)),
        })),
      ];
      return { panels, height: TOP + 6 + rows.length * ROW + 8 };
    },
  );
}
