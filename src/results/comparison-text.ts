import type { Interval, Spread } from '../stats/resample.js';
import type { Comparison, ExclusiveFunction, PairFigures, SideFigures } from './comparison.js';

/** 806.2, 0.873: at most so many decimals. */
function number(figure: number | undefined, decimals = 1): string {
  return figure === undefined ? '-' : String(Number(figure.toFixed(decimals)));
}

function between(interval: Interval | undefined, decimals = 1): string {
  if (interval === undefined) return '';
  return ` (95 %: ${number(interval.low, decimals)} to ${number(interval.high, decimals)})`;
}

/** No p-value is zero. */
function chance(p: number | undefined): string {
  if (p === undefined) return '';
  return p < 0.001 ? ', p < 0.001' : `, p = ${number(p, 3)}`;
}

function share(figure: number | undefined): string {
  return figure === undefined ? '-' : `${number(figure * 100, 2)} %`;
}

function spread({ mean, sd }: Spread): string {
  return sd === undefined ? number(mean) : `${number(mean)} +-${number(sd)}`;
}

/** Columns as wide as their widest cell; the first and those of `left` begin at the left. */
function table(rows: readonly (readonly string[])[], left: readonly number[] = [0]): string[] {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((cells) => cells[i].length)));
  return rows.map((cells) =>
    cells
      .map((cell, i) => (left.includes(i) ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function heading({ label, path, runtime, application, kernel, runs }: SideFigures): string {
  return `${label}  ${path}: ${runtime}, ${application}, Linux ${kernel}, ${counted(runs, 'run')}`;
}

function sidesTable({ sides, coverage }: Comparison): string[] {
  const line = (name: string, cell: (side: SideFigures) => string) => [name, ...sides.map(cell)];
  const rows = [
    line('', ({ label }) => label),
    line('functions of a run', ({ functions }) => spread(functions)),
    line('system calls', ({ syscalls }) => spread(syscalls)),
    line('complexity', ({ complexity }) => spread(complexity)),
  ];
  if (sides.some(({ runs }) => runs > 1)) {
    rows.push(
      line('functions of all runs', ({ union }) => number(union)),
      line('of these in every run', ({ core }) => number(core)),
      line('Jaccard of two of its runs', (side) => number(side.repeatability, 3)),
    );
  }
  if (coverage !== undefined) {
    rows.push(
      line('units', (side) => `${side.units} (${side.unit})`),
      line('at least there are (Chao2)', (side) => number(side.chao2)),
      line('coverage', (side) => share(side.coverage)),
      line(`functions at coverage ${share(coverage)}`, (side) => number(side.atCoverage)),
    );
  }
  return table(rows);
}

function pairText(pair: PairFigures): string[] {
  const { a, b } = pair;
  return [
    `${a} and ${b}`,
    ...table(
      [
        ['  shared', String(pair.shared)],
        [`  only in ${a}`, String(pair.onlyA)],
        [`  only in ${b}`, String(pair.onlyB)],
        ['  Jaccard', `${number(pair.jaccard, 3)}${between(pair.jaccardInterval, 3)}`],
        ['  Jaccard of all runs', number(pair.jaccardUnion, 3)],
        [
          `  functions, ${b} less ${a}`,
          `${number(pair.difference)}${between(pair.differenceInterval)}${chance(pair.p)}`,
        ],
      ],
      [0, 1],
    ),
  ];
}

function functionsTable(functions: readonly ExclusiveFunction[]): string[] {
  const rows = functions.map(({ name, score, subsystem, syscall, path }) => [
    score === undefined ? '-' : String(score),
    subsystem === '' ? '-' : subsystem,
    syscall === '' ? '-' : syscall,
    name,
    path.join(';'),
  ]);
  return table(
    [['complexity', 'subsystem', 'system call', 'function', 'path'], ...rows],
    [1, 2, 3, 4],
  );
}

/** The comparison as text for people. */
export function comparisonText(comparison: Comparison): string {
  const { sides, pairs, shared, exclusive } = comparison;
  const blocks = [sides.map(heading), sidesTable(comparison), ...pairs.map(pairText)];
  if (sides.length > 2) blocks.push([`Reached by all: ${counted(shared, 'function')}`]);
  const parts = new Map<string, ExclusiveFunction[]>();
  for (const row of exclusive) {
    const key = row.reachedBy.join(' and ');
    const known = parts.get(key);
    if (known === undefined) parts.set(key, [row]);
    else known.push(row);
  }
  for (const [reachedBy, rows] of parts) {
    const sum = rows.reduce((total, { score }) => total + (score ?? 0), 0);
    const title = `Only in ${reachedBy}: ${counted(rows.length, 'function')}, complexity ${sum}`;
    blocks.push([title, ...functionsTable(rows)]);
  }
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}
