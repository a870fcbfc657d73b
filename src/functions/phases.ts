import { byName, type FunctionCount } from './names.js';
import type { Cut } from './windows.js';

/** What came before the first of the moments. */
const BEFORE = 'before';

/** Moments of the trace's clock, in seconds, ascending, each with the name of the phase that begins there. */
export type Phases = readonly (readonly [name: string, begin: number])[];

/**
 * The phases of a run.json, of which the field `phases` counts:
 *
 *     "phases": { "create": 49.150, "start": 51.219, "serve": 126.427, "load": 171.564, "end": 211.986 }
 *
 * A phase that was not reached is null there. Throws a RangeError where there are none, or not in order.
 */
export function parsePhases(text: string): Phases {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    throw new RangeError('no JSON');
  }
  const given = (record as { phases?: unknown } | null)?.phases;
  const phases = Object.entries(given ?? {}).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  if (phases.length === 0) throw new RangeError('no phases with their times in it');
  phases.forEach(([name, begin], i) => {
    if (i > 0 && begin < phases[i - 1][1]) throw new RangeError(`phase ${name} is out of order`);
  });
  return phases;
}

/** Where they cut a trace into windows: the first window is what came before them. */
export function cutOf(phases: Phases): Cut {
  return { by: 'moments', moments: phases.map(([, begin]) => begin) };
}

export interface PhaseCount {
  readonly name: string;
  readonly phase: string;
  readonly calls: number;
}

/** Calls of each function by the phase in which it was entered: by name, then in the order of the phases. */
export function callsByPhase(
  windows: readonly (readonly FunctionCount[])[],
  phases: Phases,
): PhaseCount[] {
  const names = [BEFORE, ...phases.map(([name]) => name)];
  return windows
    .flatMap((window, i) => window.map(({ name, calls }) => ({ name, phase: names[i], calls })))
    .sort(byName);
}
