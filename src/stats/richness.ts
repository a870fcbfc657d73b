import type { Incidence } from './incidence.js';
import type { Interval } from './resample.js';

// Functions are species, runs or windows are sampling units; in how many units a function was seen is all
// that counts. Notation as in Chao and Jost 2012 and Chao et al. 2014, with m for their T: m units, S seen,
// Q1 and Q2 seen in exactly one and two units, U the sum of incidences.

/** What the estimates need of an incidence. */
export type Frequencies = Pick<Incidence, 'units' | 'seen' | 'q' | 'total'>;

/** The standard normal's 97.5 % quantile. */
const Z = 1.959964;

/**
 * How many functions there are at least that no unit has shown: Q0. Undefined for fewer than two units.
 * Chao 1987, in the form of Chao et al. 2014: ((m-1)/m) Q1^2 / (2 Q2), and where Q2 = 0
 * ((m-1)/m) Q1 (Q1-1) / 2.
 */
function unseen({ units: m, q }: Frequencies): number | undefined {
  if (m < 2) return undefined;
  const [, q1, q2] = q;
  const share = (m - 1) / m;
  return q2 > 0 ? (share * q1 * q1) / (2 * q2) : (share * q1 * (q1 - 1)) / 2;
}

/** Chao2: a lower bound on the number of functions there are. Undefined for fewer than two units. */
export function chao2(frequencies: Frequencies): number | undefined {
  const more = unseen(frequencies);
  return more === undefined ? undefined : frequencies.seen + more;
}

/** Its bias-corrected form: S + ((m-1)/m) Q1 (Q1-1) / (2 (Q2+1)). */
export function chao2Corrected({ units: m, seen, q }: Frequencies): number | undefined {
  if (m < 2) return undefined;
  const [, q1, q2] = q;
  return seen + (((m - 1) / m) * q1 * (q1 - 1)) / (2 * (q2 + 1));
}

/**
 * The 95 % interval of Chao2, log-normal, so that it never begins below what was seen (Chao 1987). The
 * variance: with r = Q1/Q2 and a = (m-1)/m, Q2 (a r^2 / 2 + a^2 r^3 + a^2 r^4 / 4); where Q2 = 0,
 * a Q1 (Q1-1) / 2 + a^2 Q1 (2 Q1 - 1)^2 / 4 - a^2 Q1^4 / (4 Chao2).
 */
export function chao2Interval(frequencies: Frequencies): Interval | undefined {
  const { units: m, seen, q } = frequencies;
  const more = unseen(frequencies);
  if (more === undefined) return undefined;
  if (more === 0) return { low: seen, high: seen };
  const [, q1, q2] = q;
  const a = (m - 1) / m;
  const r = q1 / q2;
  const variance =
    q2 > 0
      ? q2 * ((a * r ** 2) / 2 + a ** 2 * r ** 3 + (a ** 2 * r ** 4) / 4)
      : (a * q1 * (q1 - 1)) / 2 +
        (a ** 2 * q1 * (2 * q1 - 1) ** 2) / 4 -
        (a ** 2 * q1 ** 4) / (4 * (seen + more));
  const factor = Math.exp(Z * Math.sqrt(Math.log(1 + variance / more ** 2)));
  return { low: seen + more / factor, high: seen + more * factor };
}

/**
 * By how much each further unit lessens what is missing: m Q0 / (m Q0 + Q1), which is
 * (m-1) Q1 / ((m-1) Q1 + 2 Q2) where Q2 > 0 (Chao and Jost 2012, eq. 4a).
 */
function shrinking(frequencies: Frequencies): number {
  const q1 = frequencies.q[1];
  const mq0 = frequencies.units * unseen(frequencies)!;
  return q1 === 0 ? 0 : mq0 / (mq0 + q1);
}

/**
 * Sample coverage: the share of all incidences that belongs to functions already seen,
 * 1 - (Q1/U) (m-1) Q1 / ((m-1) Q1 + 2 Q2). Undefined for fewer than two units, or where nothing was seen.
 */
export function coverage(frequencies: Frequencies): number | undefined {
  if (frequencies.units < 2 || frequencies.total === 0) return undefined;
  return 1 - (frequencies.q[1] / frequencies.total) * shrinking(frequencies);
}

/** Good and Turing: about the chance that what the next unit shows is new, Q1/U. */
export function chanceOfNew({ units, q, total }: Frequencies): number | undefined {
  return units < 2 || total === 0 ? undefined : q[1] / total;
}

/** A point of an accumulation curve. */
export interface Point {
  readonly units: number;
  /** Expected number of functions. */
  readonly functions: number;
  /** Expected sample coverage. */
  readonly coverage: number;
  readonly kind: 'rarefied' | 'observed' | 'extrapolated';
}

/**
 * Expected functions and coverage after t of the units, drawn in random order, t = 0 to m (Chao et al.
 * 2014; Chao and Jost 2012, the forms for incidence):
 *
 *     S(t) = S - sum_k Q_k C(m-k, t) / C(m, t)
 *     C(t) = 1 - sum_k Q_k (k/U) C(m-k, t) / C(m-1, t)     for t < m
 */
function rarefied(frequencies: Frequencies): { functions: Float64Array; covered: Float64Array } {
  const { units: m, seen, q, total } = frequencies;
  const functions = new Float64Array(m + 1).fill(seen);
  const covered = new Float64Array(m + 1).fill(1);
  for (let k = 1; k <= m; k++) {
    if (q[k] === 0) continue;
    let absent = 1;
    let missed = 1;
    for (let t = 0; t <= m - k; t++) {
      functions[t] -= q[k] * absent;
      if (t < m) covered[t] -= ((q[k] * k) / total) * missed;
      absent *= (m - k - t) / (m - t);
      missed *= (m - k - t) / (m - 1 - t);
    }
  }
  covered[m] = coverage(frequencies) ?? 1;
  return { functions, covered };
}

/**
 * The accumulation curve: rarefied before m units, observed at m, extrapolated behind it up to `upTo`
 * units (Chao et al. 2014), which means little beyond 2 m:
 *
 *     S(m+t) = S + Q0 (1 - A^t)     C(m+t) = 1 - (Q1/U) A^(t+1)     A = (m-1) Q1 / ((m-1) Q1 + 2 Q2)
 *
 * Of one unit, that unit alone, whose coverage is not known: NaN.
 */
export function accumulation(
  frequencies: Frequencies,
  upTo: number = 2 * frequencies.units,
): Point[] {
  const { units: m, seen, q, total } = frequencies;
  if (m < 2) return m < 1 ? [] : [{ units: 1, functions: seen, coverage: NaN, kind: 'observed' }];
  const { functions, covered } = rarefied(frequencies);
  const points: Point[] = [];
  for (let t = 1; t <= Math.min(m, upTo); t++) {
    const kind = t < m ? 'rarefied' : 'observed';
    points.push({ units: t, functions: functions[t], coverage: covered[t], kind });
  }
  const more = unseen(frequencies)!;
  const a = shrinking(frequencies);
  for (let t = 1; t <= upTo - m; t++) {
    points.push({
      units: m + t,
      functions: seen + more * (1 - a ** t),
      coverage: total === 0 ? 1 : 1 - (q[1] / total) * a ** (t + 1),
      kind: 'extrapolated',
    });
  }
  return points;
}

/**
 * How many functions a sample of coverage `target` is expected to show: between two numbers of units on
 * the straight line, behind the last one by extrapolation. Undefined for fewer than two units.
 */
export function functionsAtCoverage(frequencies: Frequencies, target: number): number | undefined {
  const { units: m, seen, q, total } = frequencies;
  const reached = coverage(frequencies);
  if (reached === undefined) return undefined;
  if (target >= reached) {
    const a = shrinking(frequencies);
    // Nothing more is to be expected: all is covered.
    if (a === 0) return seen;
    const further = Math.log(((1 - target) * total) / q[1]) / Math.log(a) - 1;
    return seen + unseen(frequencies)! * (1 - a ** further);
  }
  const { functions, covered } = rarefied(frequencies);
  let t = 1;
  while (t < m && covered[t] < target) t++;
  const step = covered[t] - covered[t - 1];
  const part = step === 0 ? 1 : (target - covered[t - 1]) / step;
  return functions[t - 1] + part * (functions[t] - functions[t - 1]);
}

/** The coverage at which to compare: the least that any side would have after twice its units (Chao et al. 2014). */
export function baseCoverage(sides: readonly Frequencies[]): number | undefined {
  let base: number | undefined;
  for (const side of sides) {
    if (coverage(side) === undefined) return undefined;
    const after = 1 - (side.q[1] / side.total) * shrinking(side) ** (side.units + 1);
    base = Math.min(base ?? 1, after);
  }
  return base;
}
