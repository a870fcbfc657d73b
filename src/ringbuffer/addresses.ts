/**
 * Numbers for addresses, from 0 on in the order they are first met: an open hash, because a Map over 64-bit
 * keys costs an allocation each time.
 */
export class Addresses {
  /** How many are known. */
  size = 0;
  #slots = new Int32Array(1 << 14).fill(-1);
  #keys = new Int32Array(1 << 14);

  /** The number of an address given as signed halves, or -1. */
  find(low: number, high: number): number {
    const slots = this.#slots;
    const keys = this.#keys;
    const mask = slots.length - 1;
    let slot = hash(low, high) & mask;
    for (;;) {
      const found = slots[slot];
      if (found < 0 || (keys[2 * found] === low && keys[2 * found + 1] === high)) return found;
      slot = (slot + 1) & mask;
    }
  }

  /** Gives an address that is not known the next number. */
  add(low: number, high: number): number {
    const added = this.size++;
    if (2 * this.size > this.#keys.length) {
      const keys = new Int32Array(2 * this.#keys.length);
      keys.set(this.#keys);
      this.#keys = keys;
    }
    this.#keys[2 * added] = low;
    this.#keys[2 * added + 1] = high;
    if (2 * this.size > this.#slots.length) {
      this.#slots = new Int32Array(2 * this.#slots.length).fill(-1);
      for (let i = 0; i < added; i++) this.#place(i);
    }
    this.#place(added);
    return added;
  }

  low(number: number): number {
    return this.#keys[2 * number];
  }

  high(number: number): number {
    return this.#keys[2 * number + 1];
  }

  #place(number: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash(this.#keys[2 * number], this.#keys[2 * number + 1]) & mask;
    while (this.#slots[slot] >= 0) slot = (slot + 1) & mask;
    this.#slots[slot] = number;
  }
}

/** Functions are aligned, to 16 bytes most: the low bits say nothing before they are mixed. */
const hash = (low: number, high: number) =>
  Math.imul(low ^ Math.imul(high, 0x45d9f3b), 0x9e3779b1) >>> 12;

/** `0xffffffff98351e0`'s number as one. */
export const address = (low: number, high: number): bigint =>
  (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
