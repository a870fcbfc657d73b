import { latin1 } from './latin1.js';

/** Mixes one little-endian word of a name into its hash (multiplicative, as in FxHash). */
function mix(hash: number, word: number): number {
  const h = Math.imul(hash ^ word, 0x9e3779b1);
  return h ^ (h >>> 15);
}

/** Hash of the bytes [from, to), four at a time. Reads up to three bytes behind `to`. */
export function hashBytes(view: DataView, from: number, to: number): number {
  let hash = 0;
  let p = from;
  for (; p + 4 <= to; p += 4) hash = mix(hash, view.getInt32(p, true));
  if (p < to) hash = mix(hash, view.getInt32(p, true) & ((1 << ((to - p) << 3)) - 1));
  return hash;
}

/**
 * Numbers byte strings 0, 1, 2, ... in the order they are first seen. A string in JavaScript's sense is
 * made once per distinct name, not once per line.
 */
export class Interner {
  /** Open addressing: id + 1, or 0 for a free slot. */
  private slots = new Int32Array(8192);
  private hashes = new Int32Array(4096);
  /** Where id's bytes begin in the arena; those of id + 1 begin at the next word boundary. */
  private starts = new Int32Array(4096);
  private lengths = new Int32Array(4096);
  private arena = new Uint8Array(131_072);
  private arenaView = new DataView(this.arena.buffer);
  private used = 0;
  size = 0;

  /** The number of the bytes [from, to), whose hashBytes() is `hash`; `size` grows when they are new. */
  intern(view: DataView, from: number, to: number, hash: number): number {
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const id = this.slots[slot] - 1;
      if (id < 0) return this.add(view, from, to, hash, slot);
      if (this.hashes[id] === hash && this.equals(id, view, from, to)) return id;
      slot = (slot + 1) & mask;
    }
  }

  private equals(id: number, view: DataView, from: number, to: number): boolean {
    if (this.lengths[id] !== to - from) return false;
    const arena = this.arenaView;
    let a = this.starts[id];
    let p = from;
    for (; p + 4 <= to; p += 4, a += 4) {
      if (view.getInt32(p, true) !== arena.getInt32(a, true)) return false;
    }
    if (p === to) return true;
    const rest = (1 << ((to - p) << 3)) - 1;
    return ((view.getInt32(p, true) ^ arena.getInt32(a, true)) & rest) === 0;
  }

  private add(view: DataView, from: number, to: number, hash: number, slot: number): number {
    const id = this.size++;
    if (id === this.hashes.length) {
      this.hashes = grown(this.hashes);
      this.starts = grown(this.starts);
      this.lengths = grown(this.lengths);
    }
    const length = to - from;
    if (this.used + length + 8 > this.arena.length) {
      const arena = new Uint8Array(Math.max(this.arena.length * 2, this.used + length + 8));
      arena.set(this.arena);
      this.arena = arena;
      this.arenaView = new DataView(arena.buffer);
    }
    for (let i = 0; i < length; i++) this.arena[this.used + i] = view.getUint8(from + i);
    this.starts[id] = this.used;
    this.lengths[id] = length;
    this.hashes[id] = hash;
    this.used = (this.used + length + 3) & ~3;
    this.slots[slot] = id + 1;
    if (this.size * 2 > this.slots.length) this.rehash();
    return id;
  }

  private rehash(): void {
    const slots = new Int32Array(this.slots.length * 4);
    const mask = slots.length - 1;
    for (let id = 0; id < this.size; id++) {
      let slot = this.hashes[id] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.slots = slots;
  }

  /** The bytes of `id` as text, one character a byte (Latin-1). */
  text(id: number): string {
    const from = this.starts[id];
    return latin1(this.arena.subarray(from, from + this.lengths[id]));
  }
}

function grown(a: Int32Array): Int32Array<ArrayBuffer> {
  const b = new Int32Array(a.length * 2);
  b.set(a);
  return b;
}
