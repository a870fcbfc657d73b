import { type Bits, bitCount, has, type Incidence, unionOf } from './incidence.js';
import { type Interval, percentileInterval } from './resample.js';

/** Functions by the number of units that showed them. */
export interface Occurrence {
  /** Seen in all units. */
  readonly core: number;
  /** Seen in some, but more than one. */
  readonly accessory: number;
  /** Seen in one unit only; of a single unit all functions are core. */
  readonly once: number;
}

export function occurrenceOf({ units, seen, q }: Incidence): Occurrence {
  const core = q[units];
  const once = units > 1 ? q[1] : 0;
  return { core, once, accessory: seen - core - once };
}

/** What two sets share, as a part of what either has; 1 for two empty sets. */
export function jaccard(a: Bits, b: Bits): number {
  let both = 0;
  let any = 0;
  for (let i = 0; i < a.length; i++) {
    both += bitCount(a[i] & b[i]);
    any += bitCount(a[i] | b[i]);
  }
  return any === 0 ? 1 : both / any;
}

/** How alike two sides are. */
export interface Similarity {
  /** The mean Jaccard index of a unit of one side and a unit of the other. */
  readonly mean: number;
  /** The 95 % percentile interval of the mean, units of both sides resampled; undefined if a side has but one. */
  readonly interval: Interval | undefined;
  /** The Jaccard index of all that one side has shown and all that the other has. */
  readonly union: number;
}

export function similarity(a: Incidence, b: Incidence): Similarity {
  const m = a.units;
  const n = b.units;
  const table = new Float64Array(m * n);
  let sum = 0;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      table[i * n + j] = jaccard(a.sets[i], b.sets[j]);
      sum += table[i * n + j];
    }
  }
  const union = jaccard(unionOf(a.sets), unionOf(b.sets));
  const mean = sum / (m * n);
  if (m < 2 || n < 2) return { mean, interval: undefined, union };
  const columns = new Uint32Array(n);
  const interval = percentileInterval((random) => {
    let drawn = 0;
    for (let j = 0; j < n; j++) columns[j] = random(n);
    for (let i = 0; i < m; i++) {
      const row = random(m) * n;
      for (let j = 0; j < n; j++) drawn += table[row + columns[j]];
    }
    return drawn / (m * n);
  });
  return { mean, interval, union };
}

/** The mean Jaccard index of two units of one side: how alike repeats are. Undefined for one unit. */
export function repeatability({ sets, units }: Incidence): number | undefined {
  if (units < 2) return undefined;
  let sum = 0;
  for (let i = 0; i < units; i++) {
    for (let j = i + 1; j < units; j++) sum += jaccard(sets[i], sets[j]);
  }
  return sum / ((units * (units - 1)) / 2);
}

/** The names that are in these sets, and in no other. */
export interface Intersection {
  /** Which sets, by their places, ascending. */
  readonly members: readonly number[];
  readonly names: readonly string[];
}

function byMembers(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return a.length - b.length;
  const i = a.findIndex((member, place) => member !== b[place]);
  return i < 0 ? 0 : a[i] - b[i];
}

/**
 * The exclusive intersections of sets over one index of names, for UpSet charts (Lex et al. 2014): each
 * name is in exactly one of them. The largest first, then those of fewer sets.
 */
export function exclusiveIntersections(
  names: readonly string[],
  sets: readonly Bits[],
): Intersection[] {
  const found = new Map<string, { members: number[]; names: string[] }>();
  for (let i = 0; i < names.length; i++) {
    const members: number[] = [];
    for (let s = 0; s < sets.length; s++) if (has(sets[s], i)) members.push(s);
    if (members.length === 0) continue;
    const key = members.join(' ');
    const known = found.get(key);
    if (known === undefined) found.set(key, { members, names: [names[i]] });
    else known.names.push(names[i]);
  }
  return [...found.values()].sort(
    (a, b) => b.names.length - a.names.length || byMembers(a.members, b.members),
  );
}
