import { latin1 } from '../latin1.js';
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
  gather(from: number, to: number): void;
  knowHead(from: number, length: number, id: number, cpu: number, tid: number): void;
  addRoots(from: number, to: number): void;
  judgeRegions(foreign: number, own: number, unknown: number): void;
  want(tid: number): void;
  head(cpu: number, tid: number): void;
  switchTasks(cpu: number, tid: number): void;
  lose(cpu: number): void;
  begin(): void;
  judgeLine(kind: number, context: number, depth: number, from: number, to: number): number;
  judgeTraced(
    context: number,
    nameFrom: number,
    nameTo: number,
    parentFrom: number,
    parentTo: number,
  ): number;
}

let compiled: WebAssembly.Module | undefined;

function compile(): WebAssembly.Module {
  if (compiled === undefined) {
    compiled = new WebAssembly.Module(Buffer.from(LANE, 'base64'));
  }
  return compiled;
}

/** The hot loop of assembly/ with its memory, in which the bytes to be scanned must lie. */
export class Lane {
  /** All of the memory; bytes to be scanned stand from BUFFER on. */
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** The memory by words, for those of layout.ts: `words[LINES >> 2]`. */
  readonly words: Int32Array;
  /** What assembly/lane.ts exports, for the judge that lives there. */
  readonly exports: LaneExports;

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
    this.bytes.fill(0xff, at.TAIL_MASKS, at.TAIL_MASKS + 48);
    this.bytes.fill(0x0a, at.NEWLINES, at.NEWLINES + 16);
    this.bytes.fill(0x20, at.SPACES, at.SPACES + 16);
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

  /** Reads lines of the expected form from `from` up to `to`; returns why it stopped, see assembly/lane.ts. */
  run(from: number, to: number): number {
    return this.exports.lane(from, to);
  }

  /**
   * Gives functions, with or without a compiler's suffix, numbers from 0 and roles for the judge. To be called
   * before there are bytes to be scanned. All at once, for a call that V8 has not seen before is not cheap.
   */
  addRoots(roots: readonly { readonly name: string; readonly role: number }[]): void {
    if (roots.length > at.MAX_ROOTS) throw new RangeError('too many roots');
    let text = '';
    for (const { name, role } of roots) {
      if (name.length >= at.MAX_ROOT_NAME) throw new RangeError(`no room for ${name}`);
      text += `${String.fromCharCode(role)}${name}\n`;
    }
    this.bytes.set(Buffer.from(text, 'latin1'), at.BUFFER);
    this.exports.addRoots(at.BUFFER, at.BUFFER + text.length);
  }

  /** Lets run() turn to the head [from, to) by itself, under the number `id`. */
  knowHead(from: number, to: number, id: number, cpu: number, tid: number): void {
    this.exports.knowHead(from, to - from, id, cpu, tid);
  }

  /** One of the counters of 64 bits in layout.ts. */
  counter(place: number): number {
    return (this.words[place >> 2] >>> 0) + this.words[(place >> 2) + 1] * 2 ** 32;
  }

  /** Moves the kept bytes [from, to) behind those gathered since KEPT_TO was set. */
  gather(from: number, to: number): void {
    this.exports.gather(from, to);
  }

  forgetHeads(): void {
    this.bytes.fill(0, at.HEAD_SLOTS, at.HEAD_SLOTS + (4 << at.HEAD_SLOTS_LOG2));
  }

  /** Counts one name. False when there is no room for another. */
  count(from: number, to: number): boolean {
    return this.exports.count(from, to) !== 0;
  }

  /** The names counted so far, in the order first seen. */
  names(): NameCount[] {
    const { words } = this;
    const known = words[at.NAMES >> 2];
    const last = (at.ENTRIES >> 2) + 4 * (known - 1);
    const end = known === 0 ? at.ARENA : words[last + 1] + words[last + 2];
    const arena = latin1(this.bytes.subarray(at.ARENA, end));
    const names = new Array<NameCount>(known);
    let entry = at.ENTRIES >> 2;
    for (let id = 0; id < known; id++) {
      const from = words[entry + 1] - at.ARENA;
      const name = arena.slice(from, from + words[entry + 2]);
      names[id] = { name, count: this.counter(at.COUNTS + 8 * id) };
      entry += 4;
    }
    return names;
  }
}
