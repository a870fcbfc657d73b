/** A whole number from 0 to below `limit`, which is at most 2^32. */
export type Random = (limit: number) => number;

/** The seed of every resampling: the same runs give the same intervals. */
export const SEED = 2018;

/** Well mixed words from a small seed: SplitMix of Steele, Lea and Flood 2014, in 32 bits. */
function words(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
}

/** The generator xoshiro128** of Blackman and Vigna 2018: the same numbers for a seed on every machine. */
export function randomFrom(seed: number): Random {
  const next = words(seed);
  let a = next();
  let b = next();
  let c = next();
  let d = next();
  return (limit) => {
    const five = Math.imul(b, 5);
    const result = Math.imul((five << 7) | (five >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return Math.floor((result / 2 ** 32) * limit);
  };
}
