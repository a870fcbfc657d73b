import type { Joined, Scored } from './join.js';

/** The published columns, and the bounds of the sum. */
export interface Summary {
  /** Names that have a score. */
  readonly n: number;
  /** Undefined when n is 0, as are max, mean and stddev. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly sum: number;
  readonly mean: number | undefined;
  /**
   * The population's: the root of the mean squared distance from the mean. The functions a run
   * reached are all there are, not a sample of them; and one function has the deviation 0, not none.
   */
  readonly stddev: number | undefined;
  /** Names that have none. */
  readonly unknown: number;
  /** The sum if each ambiguous name had the lowest, and the highest, of its scores. */
  readonly sumLow: number;
  readonly sumHigh: number;
}

export interface SubsystemSummary extends Summary {
  readonly subsystem: string;
}

/** The figures of some joined names, in any order. */
export function summarize(joined: readonly Joined[]): Summary {
  const scored = joined.filter((j): j is Scored => j.match !== 'unknown');
  const n = scored.length;
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  let sumLow = 0;
  let sumHigh = 0;
  for (const { score, low, high } of scored) {
    min = Math.min(min, score);
    max = Math.max(max, score);
    sum += score;
    sumLow += low;
    sumHigh += high;
  }
  const unknown = joined.length - n;
  if (n === 0) {
    const none = undefined;
    return { n, min: none, max: none, sum, mean: none, stddev: none, unknown, sumLow, sumHigh };
  }
  const mean = sum / n;
  let squares = 0;
  for (const { score } of scored) squares += (score - mean) ** 2;
  return { n, min, max, sum, mean, stddev: Math.sqrt(squares / n), unknown, sumLow, sumHigh };
}

/**
 * The figures of each subsystem, sorted by code unit, and those of the names without a score as a
 * last row named `unknown`. An ambiguous name counts where the definition is whose score it has.
 */
export function summarizeBySubsystem(
  joined: readonly Joined[],
  subsystemOf: (file: string) => string,
): SubsystemSummary[] {
  const groups = new Map<string, Joined[]>();
  const unknown: Joined[] = [];
  for (const j of joined) {
    if (j.match === 'unknown') {
      unknown.push(j);
      continue;
    }
    const subsystem = subsystemOf(j.file);
    const group = groups.get(subsystem);
    if (group === undefined) groups.set(subsystem, [j]);
    else group.push(j);
  }
  const rows = [...groups.keys()]
    .sort()
    .map((subsystem) => ({ subsystem, ...summarize(groups.get(subsystem)!) }));
  return [...rows, { subsystem: 'unknown', ...summarize(unknown) }];
}
