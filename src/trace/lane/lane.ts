import { CHARACTER_CLASSES } from '../line.js';
import { LANE } from './binary.js';
import * as at from './layout.js';

/** A name with the number of times it was counted. */
export interface NameCount {
  readonly name: string;
  readonly count: number;
}

interface LaneExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  lane(from: number, to: number): number;
  count(from: number, to: number): number;
  suspect(from: number, to: number, number: number): void;
  gather(from: number, to: number): void;
  knowHead(from: number, length: number, id: number): void;
}

let compiled: WebAssembly.Module | undefined;

function compile(): WebAssembly.Module {
  if (compiled === undefined) {
    const text = atob(LANE);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    compiled = new WebAssembly.Module(bytes);
  }
  return compiled;
}

/** The hot loop of assembly.ts with its memory, in which the bytes to be scanned must lie. */
export class Lane {
  /** All of the memory; bytes to be scanned stand from BUFFER on. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The memory by words, for those of layout.ts: `words[LINES >> 2]`. */
  readonly words: Int32Array;
  private readonly exports: LaneExports;

  constructor() {
    const abort = () => {
      throw new Error('lane: out of memory');
    };
    const instance = new WebAssembly.Instance(compile(), { env: { abort } });
    this.exports = instance.exports as unknown as LaneExports;
    const { buffer } = this.exports.memory;
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    this.words = new Int32Array(buffer);
    this.bytes.fill(0xff, at.TAIL_MASKS, at.TAIL_MASKS + 16);
    for (const [classAt, table] of [
      [at.CLASS_DIGIT, CHARACTER_CLASSES.digit],
      [at.CLASS_IRQS_OFF, CHARACTER_CLASSES.irqsOff],
      [at.CLASS_NEED_RESCHED, CHARACTER_CLASSES.needResched],
      [at.CLASS_CONTEXT, CHARACTER_CLASSES.context],
      [at.CLASS_DEPTH_CHAR, CHARACTER_CLASSES.depth],
      [at.CLASS_MARK, CHARACTER_CLASSES.overheadMark],
      [at.CLASS_DURATION, CHARACTER_CLASSES.duration],
      [at.CLASS_NAME_START, CHARACTER_CLASSES.nameStart],
    ] as const) {
      this.bytes.set(table, classAt);
    }
  }

  /** One of the words of layout.ts. */
  get(word: number): number {
    return this.words[word >> 2];
  }

  set(word: number, value: number): void {
    this.words[word >> 2] = value;
  }

  /** Reads lines of the expected form from `from` up to `to`; returns why it stopped, see assembly.ts. */
  run(from: number, to: number): number {
    return this.exports.lane(from, to);
  }

  /** Lets run() stop at functions of these names, and say which, with or without a compiler's suffix. */
  suspect(names: readonly string[]): void {
    if (names.length > at.MAX_SUSPECTS) throw new RangeError('too many suspect names');
    for (const [number, name] of names.entries()) {
      const length = Math.min(name.length, at.MAX_SUSPECT_NAME - 1);
      for (let i = 0; i < length; i++) this.bytes[at.SCRATCH + i] = name.charCodeAt(i);
      this.exports.suspect(at.SCRATCH, at.SCRATCH + length, number);
    }
  }

  /** Lets run() turn to the head [from, to) by itself, under the number `id`. */
  knowHead(from: number, to: number, id: number): void {
    this.exports.knowHead(from, to - from, id);
  }

  /** Moves the kept bytes [from, to) behind those gathered since KEPT_TO was set. */
  gather(from: number, to: number): void {
    this.exports.gather(from, to);
  }

  /** The codes of the functions open in a known head, by depth: see VERDICTS in layout.ts. */
  verdictsOf(id: number): Uint8Array {
    const from = at.VERDICTS + at.DEPTHS * id;
    return this.bytes.subarray(from, from + at.DEPTHS);
  }

  /** Adds the lines dropped, by cause, to `counts` and begins to count afresh. */
  takeDropped(counts: Float64Array): void {
    const from = at.DROPPED_BY >> 2;
    for (let cause = 0; cause < at.CAUSES; cause++) {
      counts[cause] += this.words[from + cause];
      this.words[from + cause] = 0;
    }
  }

  forgetHeads(): void {
    this.bytes.fill(0, at.HEAD_SLOTS, at.HEAD_SLOTS + (4 << at.HEAD_SLOTS_LOG2));
    this.closeHeads();
  }

  /** Lets run() turn to no head by itself, until it is told again that nothing is open in it. */
  closeHeads(): void {
    this.bytes.fill(0, at.HEAD_CLEAR, at.HEAD_CLEAR + at.MAX_KNOWN_HEADS);
  }

  /** Counts one name. False when there is no room for another. */
  count(from: number, to: number): boolean {
    return this.exports.count(from, to) !== 0;
  }

  /** The names counted so far, in the order first seen. */
  *names(): Generator<NameCount> {
    const known = this.get(at.NAMES);
    for (let id = 0; id < known; id++) {
      const entry = at.ENTRIES + 16 * id;
      const from = this.get(entry + 4);
      let name = '';
      for (let p = from; p < from + this.get(entry + 8); p++) {
        name += String.fromCharCode(this.bytes[p]);
      }
      yield { name, count: this.view.getFloat64(at.COUNTS + 8 * id, true) };
    }
  }
}
