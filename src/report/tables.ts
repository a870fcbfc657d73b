/** One measure of a runtime and application over its runs; what is not known is undefined. */
export interface Estimate {
  readonly mean: number;
  readonly sd: number | undefined;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly low: number | undefined;
  readonly high: number | undefined;
}

export const MEASURES = ['functions', 'syscalls', 'complexity_sum', 'complexity_max'] as const;
export type Measure = (typeof MEASURES)[number];

/** A row of summary.csv, docs/summarize-runs.1.md. */
export interface SummaryRow {
  readonly runtime: string;
  readonly application: string;
  readonly kernel: string;
  readonly runs: number | undefined;
  readonly measures: Readonly<Partial<Record<Measure, Estimate>>>;
  readonly union: number | undefined;
  readonly chao2: number | undefined;
  readonly coverage: number | undefined;
  readonly verdict: string;
  readonly lostEvents: number | undefined;
  readonly requests: number | undefined;
  /** `2019-02` of a figure that others have published; empty for our own. */
  readonly published: string;
}

type Cells = Readonly<Record<string, string>>;

function figure(cells: Cells, name: string): number | undefined {
  const text = cells[name] ?? '';
  if (text.trim() === '') return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) throw new RangeError(`column ${name}: '${text}' is no number`);
  return value;
}

function estimate(cells: Cells, measure: Measure): Estimate | undefined {
  const mean = figure(cells, `${measure}_mean`);
  if (mean === undefined) return undefined;
  const of = (what: string) => figure(cells, `${measure}_${what}`);
  return {
    mean,
    sd: of('sd'),
    min: of('min'),
    max: of('max'),
    low: of('ci_low'),
    high: of('ci_high'),
  };
}

/**
 * Rows of summary.csv from its cells. A RangeError says which row, counted from the header as 1, and what is
 * wrong with it.
 */
export function summaryRows(table: readonly Cells[]): SummaryRow[] {
  return table.map((cells, index) => {
    try {
      return summaryRow(cells);
    } catch (error) {
      throw new RangeError(`row ${index + 2}: ${(error as Error).message}`);
    }
  });
}

function summaryRow(cells: Cells): SummaryRow {
  const { runtime, application } = cells;
  if (!runtime || !application) throw new RangeError('no runtime, or no application');
  const measures = Object.fromEntries(
    MEASURES.map((measure) => [measure, estimate(cells, measure)]).filter(
      ([, value]) => value !== undefined,
    ),
  );
  if (Object.keys(measures).length === 0) throw new RangeError('no figure in it');
  return {
    runtime,
    application,
    kernel: cells.kernel ?? '',
    runs: figure(cells, 'runs'),
    measures,
    union: figure(cells, 'union'),
    chao2: figure(cells, 'chao2'),
    coverage: figure(cells, 'coverage'),
    verdict: cells.verdict ?? '',
    lostEvents: figure(cells, 'lost_events'),
    requests: figure(cells, 'requests'),
    published: cells.published ?? '',
  };
}

/** A row of curves.csv, docs/summarize-runs.1.md: how many functions so many units show. */
export interface CurveRow {
  readonly runtime: string;
  readonly application: string;
  /** `runs`, `requests:5`, `time:2`, `windows:20`. */
  readonly unit: string;
  readonly units: number;
  /** The load that so many units are, if it is known. */
  readonly requests: number | undefined;
  readonly functions: number;
  readonly kind: string;
  /** Chao2, the number of functions that there are at least. */
  readonly bound: number | undefined;
}

/** Rows of curves.csv from its cells. A RangeError says which row, counted from the header as 1. */
export function curveRows(table: readonly Readonly<Record<string, string>>[]): CurveRow[] {
  return table.map((cells, index) => {
    const figure = (name: string) => {
      const text = (cells[name] ?? '').trim();
      const value = Number(text);
      if (text !== '' && Number.isFinite(value)) return value;
      throw new RangeError(`row ${index + 2}: column ${name}: '${text}' is no number`);
    };
    const optional = (name: string) => ((cells[name] ?? '') === '' ? undefined : figure(name));
    return {
      runtime: cells.runtime ?? '',
      application: cells.application ?? '',
      unit: cells.unit ?? '',
      units: figure('units'),
      requests: optional('requests'),
      functions: figure('functions'),
      kind: cells.kind ?? '',
      bound: optional('bound'),
    };
  });
}
