import { type Random, randomFrom, SEED } from './random.js';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Figures of one number over the runs. */
export interface Spread {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** The sample's standard deviation, which divides by n - 1; undefined for one run, as is the interval. */
  readonly sd: number | undefined;
  /** The 95 % percentile interval of the mean. */
  readonly interval: Interval | undefined;
}

export const DRAWS = 10_000;
const LEVEL = 0.95;

/** So many ways to share out the runs are all looked at: ten against ten are 184,756. */
const EXACT = 200_000;

export function meanOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** The quantile `p` of ascending values, linear between neighbours (type 7 of Hyndman and Fan 1996). */
export function quantile(sorted: ArrayLike<number>, p: number): number {
  const at = (sorted.length - 1) * p;
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** The percentile interval (Efron 1979) of what `draw` gives, resampled by a generator of fixed seed. */
export function percentileInterval(draw: (random: Random) => number, draws = DRAWS): Interval {
  const random = randomFrom(SEED);
  const found = new Float64Array(draws);
  for (let i = 0; i < draws; i++) found[i] = draw(random);
  found.sort();
  return { low: quantile(found, (1 - LEVEL) / 2), high: quantile(found, (1 + LEVEL) / 2) };
}

/** The mean of as many values as there are, each drawn from all of them. */
export function drawMean(values: ArrayLike<number>, random: Random): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[random(values.length)];
  return sum / values.length;
}

/** Mean and spread of at least one value. */
export function spreadOf(values: readonly number[]): Spread {
  const mean = meanOf(values);
  const min = Math.min(...values);
  const max = Math.max(...values);
  if (values.length === 1) return { mean, min, max, sd: undefined, interval: undefined };
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  const sd = Math.sqrt(squares / (values.length - 1));
  return { mean, min, max, sd, interval: percentileInterval((random) => drawMean(values, random)) };
}

/** How many ways there are to choose `k` of `n`; Infinity where they are too many to look at. */
function choices(n: number, k: number): number {
  let ways = 1;
  const few = Math.min(k, n - k);
  for (let i = 1; i <= few && ways <= EXACT; i++) ways = (ways * (n - few + i)) / i;
  return ways > EXACT ? Infinity : Math.round(ways);
}

/** Calls `take` with the sum of each choice of `k` values. */
function eachSum(values: readonly number[], k: number, take: (sum: number) => void): void {
  const choose = (from: number, left: number, sum: number) => {
    if (left === 0) {
      take(sum);
      return;
    }
    for (let i = from; i <= values.length - left; i++) choose(i + 1, left - 1, sum + values[i]);
  };
  choose(0, k, 0);
}

/** The sum of `k` values chosen by chance; leaves `values` in another order. */
function drawSum(values: number[], k: number, random: Random): number {
  let sum = 0;
  for (let i = 0; i < k; i++) {
    const j = i + random(values.length - i);
    [values[i], values[j]] = [values[j], values[i]];
    sum += values[i];
  }
  return sum;
}

/**
 * The two-sided p-value of a permutation test for a difference of means (Fisher 1935): the share of the
 * ways to deal all values out to two groups of these sizes whose means differ at least as much as the
 * real ones do. All ways are looked at where they are few, else 10,000 by chance, the real one counted
 * among them (Phipson and Smyth 2010). Undefined where a side is empty, or with two values: nothing can
 * be told from those.
 */
export function permutationTest(a: readonly number[], b: readonly number[]): number | undefined {
  if (a.length === 0 || b.length === 0 || a.length + b.length < 3) return undefined;
  const values = [...a, ...b];
  const k = a.length;
  const expected = meanOf(values) * k;
  const away = (sum: number) => Math.abs(sum - expected);
  // The same sum, added up in another order, may differ in its last digits.
  const observed = away(meanOf(a) * k) * (1 - 1e-9) - 1e-9;
  let extreme = 0;
  let ways = choices(values.length, k);
  if (ways <= EXACT) {
    eachSum(values, k, (sum) => {
      if (away(sum) >= observed) extreme++;
    });
    return extreme / ways;
  }
  ways = DRAWS;
  const random = randomFrom(SEED);
  for (let i = 0; i < ways; i++) if (away(drawSum(values, k, random)) >= observed) extreme++;
  return (extreme + 1) / (ways + 1);
}
