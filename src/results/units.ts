import { MAX_WINDOWS } from '../functions/windows.js';
import type { Run } from './run.js';

/** What counts as one look at a container: a run, or a window of a run. */
export type Unit =
  | { readonly kind: 'runs' }
  | { readonly kind: 'requests' | 'time' | 'windows'; readonly size: number };

/** Into so many windows a run is cut where it is the only one. */
export const ONE_RUN: Unit = { kind: 'windows', size: 20 };

/** The unit that `runs`, `requests:5`, `time:0.5` or `windows:20` names; undefined for anything else. */
export function parseUnit(text: string): Unit | undefined {
  if (text === 'runs') return { kind: 'runs' };
  const [, kind, digits] = /^(requests|time|windows):(\d{1,9}(?:\.\d{1,6})?)$/.exec(text) ?? [];
  const size = Number(digits);
  if (kind === undefined || size === 0) return undefined;
  if (kind === 'time') return { kind, size };
  if (!Number.isInteger(size) || (kind === 'windows' && size > MAX_WINDOWS)) return undefined;
  return { kind: kind as 'requests' | 'windows', size };
}

export function unitText(unit: Unit): string {
  return unit.kind === 'runs' ? 'runs' : `${unit.kind}:${unit.size}`;
}

/** The units of one or more runs. */
export interface Units {
  readonly unit: Unit;
  /** What told where a window ends: lines where the trace has no clock. */
  readonly by: 'runs' | 'clock' | 'lines';
  /** The functions of each unit. */
  readonly sets: readonly (readonly string[])[];
  /** How many units in a row are of one run; of the unit `runs`, all of them. */
  readonly batches: readonly number[];
  /** How many requests one unit stands for, where that is known. */
  readonly requests: number | undefined;
}

/** Runs as units. */
export function runsAsUnits(runs: readonly Run[]): Units {
  return {
    unit: { kind: 'runs' },
    by: 'runs',
    sets: runs.map(({ functions }) => functions),
    batches: [runs.length],
    requests: runs[0]?.record.load.requests,
  };
}

/** How much of a run one window is: seconds of its load, or its part of the whole run. */
export interface WindowSize {
  readonly seconds: number | undefined;
  readonly part: number | undefined;
  readonly requests: number | undefined;
}

/**
 * The size of the windows that a unit means in a run. The load is offered evenly: requests and seconds of
 * the load can be told from each other, and both from a part of the trace.
 */
export function windowSize({ kind, size }: Exclude<Unit, { kind: 'runs' }>, run: Run): WindowSize {
  const { requests, seconds } = run.record.load;
  const each = requests && seconds ? seconds / requests : undefined;
  switch (kind) {
    case 'windows':
      return { seconds: undefined, part: 1 / size, requests: requests && requests / size };
    case 'requests':
      return { seconds: each && each * size, part: requests && size / requests, requests: size };
    case 'time':
      return { seconds: size, part: seconds && size / seconds, requests: each && size / each };
  }
}
