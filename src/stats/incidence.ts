/** Bits of a set over an index of names: bit i % 32 of word i / 32 says whether name i is in it. */
export type Bits = Uint32Array;

/** Which functions were seen in which units: runs, or windows of runs. */
export interface Incidence {
  /** Sorted by code unit. Several incidences may share them: not each is seen in each. */
  readonly names: readonly string[];
  /** The functions of each unit. */
  readonly sets: readonly Bits[];
  /** In how many units each name was seen. */
  readonly counts: Uint32Array;
  /** How many units there are: m. */
  readonly units: number;
  /** How many names were seen in any: S. */
  readonly seen: number;
  /** q[k]: how many names were seen in exactly k units, k from 1 to m; q[0] is 0. */
  readonly q: Uint32Array;
  /** The sum of all incidences: U. */
  readonly total: number;
}

/** How many bits of a word are set. */
export function bitCount(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** All names that are in any of the sets, which are of one length. */
export function unionOf(sets: readonly Bits[]): Bits {
  const all = new Uint32Array(sets[0]?.length ?? 0);
  for (const set of sets) for (let i = 0; i < all.length; i++) all[i] |= set[i];
  return all;
}

export function has(bits: Bits, index: number): boolean {
  return ((bits[index >>> 5] >>> (index & 31)) & 1) === 1;
}

/** The names of a set, in their order. */
export function namesIn(bits: Bits, names: readonly string[]): string[] {
  return names.filter((_, index) => has(bits, index));
}

/** The incidence of sets over one index of names. */
export function incidenceOfSets(names: readonly string[], sets: readonly Bits[]): Incidence {
  const counts = new Uint32Array(names.length);
  for (const set of sets) {
    for (let i = 0; i < counts.length; i++) counts[i] += (set[i >>> 5] >>> (i & 31)) & 1;
  }
  const q = new Uint32Array(sets.length + 1);
  let seen = 0;
  let total = 0;
  for (const count of counts) {
    if (count === 0) continue;
    q[count]++;
    seen++;
    total += count;
  }
  return { names, sets, counts, units: sets.length, seen, q, total };
}

/** The incidences of several sides, each a list of units, each a list of names, over one index of names. */
export function incidencesOf(sides: readonly (readonly (readonly string[])[])[]): Incidence[] {
  const all = new Set<string>();
  for (const side of sides) for (const unit of side) for (const name of unit) all.add(name);
  const names = [...all].sort();
  const index = new Map(names.map((name, i) => [name, i]));
  const words = Math.ceil(names.length / 32);
  const bitsOf = (unit: readonly string[]) => {
    const bits = new Uint32Array(words);
    for (const name of unit) {
      const i = index.get(name)!;
      bits[i >>> 5] |= 1 << (i & 31);
    }
    return bits;
  };
  return sides.map((side) => incidenceOfSets(names, side.map(bitsOf)));
}

export function incidenceOf(units: readonly (readonly string[])[]): Incidence {
  return incidencesOf([units])[0];
}

/**
 * The same functions in units twice as large: neighbours are put together, and three where one would be
 * left. `batches` says how many units in a row are neighbours: windows of one run are, of two runs are not.
 */
export function doubled(incidence: Incidence, batches: readonly number[]): Incidence {
  const sets: Bits[] = [];
  let from = 0;
  for (const length of batches) {
    const to = from + length;
    while (from < to) {
      const next = to - from === 3 ? to : Math.min(from + 2, to);
      sets.push(unionOf(incidence.sets.slice(from, next)));
      from = next;
    }
  }
  return incidenceOfSets(incidence.names, sets);
}
