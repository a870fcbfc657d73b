/** Addresses as numbers, exact for those of one kernel: the upper eleven bits of all are the same. */
function addressKey(high: number, low: number): number {
  return (high & 0x1fffff) * 4294967296 + (low >>> 0);
}

function parseAddress(text: string): number {
  const low = Number.parseInt(text.slice(-8), 16);
  const high = Number.parseInt(text.slice(0, -8) || '0', 16);
  return addressKey(high, low);
}

/**
 * Behind a function's first byte, by so much at most, it calls the tracer. A record of an event may name the one
 * place or the other: on arm64, and where functions begin with a landing pad, that of the call.
 */
const CALL_AFTER = 16;

/** `virtqueue_get_vring_size [virtio_ring]`, or `__ftrace_invalid_address___1234`, which is no function. */
const INVALID = /^__ftrace_invalid_address__/;

/**
 * The number by which the filter files know a function: its line in available_filter_functions, counted
 * from 1. The list is in the order of addresses, first the kernel's own functions and then module by
 * module, which is how a name that several functions share is told.
 */
export class FunctionNumbers {
  private readonly byAddress = new Map<number, number>();
  /** Where functions begin of which nobody knows the number. */
  private readonly unnumbered = new Set<number>();

  /** Which way from a record's address that of `byAddress` lies, if it is not the same. */
  private constructor(private readonly towards: 1 | -1) {}

  get size(): number {
    return this.byAddress.size;
  }

  /** Of available_filter_functions_addrs (6.5): `ffffffff81000214 name [module]`, the address of the call. */
  static fromAddresses(text: string): FunctionNumbers {
    const lines = text.split('\n').filter((line) => line !== '');
    const numbers = new FunctionNumbers(1);
    for (const [index, line] of lines.entries()) {
      const blank = line.indexOf(' ');
      if (blank > 0) numbers.byAddress.set(parseAddress(line.slice(0, blank)), index + 1);
    }
    return numbers;
  }

  /**
   * Of available_filter_functions and kallsyms. A name that stands at several addresses is placed by its
   * neighbours in the list; where those leave more than one way, its functions get no number.
   */
  static fromNames(text: string, kallsyms: string): FunctionNumbers {
    const lines = text.split('\n').filter((line) => line !== '');
    const numbers = new FunctionNumbers(-1);
    const places = symbolPlaces(kallsyms);
    for (const [start, end] of blocksOf(lines)) {
      numbers.place(lines, start, end, places);
    }
    for (const same of places.values()) {
      for (const address of same) {
        if (!numbers.byAddress.has(address)) numbers.unnumbered.add(address);
      }
    }
    return numbers;
  }

  /** Numbers the lines from `start` to `end`, whose addresses ascend. */
  private place(
    lines: readonly string[],
    start: number,
    end: number,
    places: ReadonlyMap<string, number[]>,
  ): void {
    // Names of one address are where they are; the others lie between them.
    const certain = new Float64Array(end - start).fill(-1);
    let last = -1;
    for (let i = start; i < end; i++) {
      const found = places.get(lines[i]);
      if (found?.length !== 1 || found[0] <= last) continue;
      certain[i - start] = last = found[0];
    }
    for (let i = start; i < end; ) {
      if (certain[i - start] >= 0) {
        this.byAddress.set(certain[i - start], i + 1);
        i++;
        continue;
      }
      let next = i;
      while (next < end && certain[next - start] < 0) next++;
      const below = i > start ? certain[i - start - 1] : -1;
      const above = next < end ? certain[next - start] : Number.POSITIVE_INFINITY;
      this.placeBetween(lines, i, next, places, below, above);
      i = next;
    }
  }

  /** Numbers a run of lines with shared names, between two addresses that are certain. */
  private placeBetween(
    lines: readonly string[],
    start: number,
    end: number,
    places: ReadonlyMap<string, number[]>,
    below: number,
    above: number,
  ): void {
    const wanted = new Map<string, number[]>();
    for (let i = start; i < end; i++) {
      if (INVALID.test(lines[i])) continue;
      const same = wanted.get(lines[i]);
      if (same === undefined) wanted.set(lines[i], [i]);
      else same.push(i);
    }
    for (const [name, at] of wanted) {
      const candidates = (places.get(name) ?? []).filter((a) => a > below && a < above);
      if (candidates.length !== at.length) continue;
      for (const [k, address] of candidates.entries()) this.byAddress.set(address, at[k] + 1);
    }
  }

  /** The number of the function that an event's address names; undefined where that is not certain. */
  numberOf(address: bigint): number | undefined {
    const key = addressKey(Number(address >> 32n), Number(address & 0xffffffffn));
    for (let apart = 0; apart < CALL_AFTER; apart++) {
      const at = key + this.towards * apart;
      const number = this.byAddress.get(at);
      if (number !== undefined || this.unnumbered.has(at)) return number;
    }
    return undefined;
  }
}

/** Addresses by name as available_filter_functions writes it, ascending, of a kallsyms file's functions. */
function symbolPlaces(kallsyms: string): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const line of kallsyms.split('\n')) {
    // ffffffffc0555430 t virtqueue_dma_map_single_attrs	[virtio_ring]
    const m = /^([0-9a-f]+) [tTwW] (\S+)(?:\t(\[.*\]))?$/.exec(line);
    if (m === null) continue;
    const name = m[3] === undefined ? m[2] : `${m[2]} ${m[3]}`;
    const address = parseAddress(m[1]);
    const same = places.get(name);
    if (same === undefined) places.set(name, [address]);
    else if (!same.includes(address)) same.push(address);
  }
  for (const same of places.values()) same.sort((a, b) => a - b);
  return places;
}

/** The runs of lines that are one module's, or the kernel's own: each begins anew with its addresses. */
function* blocksOf(lines: readonly string[]): Generator<readonly [number, number]> {
  const moduleOf = (line: string) => /\[(.*)\]$/.exec(line)?.[1] ?? '';
  let start = 0;
  for (let i = 1; i <= lines.length; i++) {
    if (i === lines.length || moduleOf(lines[i]) !== moduleOf(lines[start])) {
      if (i > start) yield [start, i];
      start = i;
    }
  }
}
