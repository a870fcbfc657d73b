import { hashBytes, Interner, mix, type NameCounter } from './intern.js';
import { Kind, UNKNOWN } from './kinds.js';
import {
  CONTEXT_OF,
  Column,
  durationWidth,
  FLAGS_CONTEXT,
  flagsWidth,
  isNameStart,
  Line,
  parseLine,
  skipClocks,
} from './line.js';

/** Bytes a buffer given to a scanner must have behind the last line: words are read across its end. */
export const SCAN_PADDING = 512;

export interface Task {
  /** UNKNOWN where the text does not tell. */
  readonly tid: number;
  /** As the tracer prints it: function_graph cuts it to 7 characters. */
  readonly comm: string;
  lines: number;
}

/** A longer line is no trace: the kernel formats a line in one or two pages. It counts as unparsed. */
export const MAX_LINE = 65_536;

/** Heads longer than this are left to the slow lane, so that SCAN_PADDING holds. */
const MAX_HEAD = 256;

/** Distinct heads kept before the table starts afresh: input made of nothing but new names must not grow it. */
const MAX_HEADS = 65_536;

const NEWLINE = 0x0a;
const SPACE = 0x20;
const CLOSE_BRACE = 0x7d;

/** `();\n`, `() {` and ` /* ` read as little-endian words. */
const LEAF_END = 0x0a3b2928;
const OPEN_END = 0x7b202928;
const TAIL_START = 0x202a2f20;

/**
 * What the fast lane may decide without asking: a judge brings it in line with what it knows of the task
 * at hand, so that most lines cost one comparison of depths and one look into a table.
 */
export class Gate {
  /** Lines deeper than this are dropped, whatever they are. */
  solidDepth = ALL_DEPTHS;
  /** How many lines have been dropped so; the judge takes them over and sets it back. */
  dropped = 0;
  /** Other lines without a context flag are kept, unless their name is suspect. */
  clear = true;

  constructor(readonly suspects: Uint8Array = NO_SUSPECTS) {}
}

/** Deeper than any function: a solidDepth that drops nothing. */
export const ALL_DEPTHS = 0x7fff_ffff;

const SUSPECT_BITS = 13;
const NO_SUSPECTS = new Uint8Array(1 << SUSPECT_BITS);

function suspectSlot(first: number, second: number): number {
  return Math.imul(first ^ Math.imul(second, 0x85ebca6b), 0x9e3779b1) >>> (32 - SUSPECT_BITS);
}

/** A table for Gate of names' first eight bytes; shorter names are given with what follows them. */
export function suspectTable(beginnings: Iterable<string>): Uint8Array {
  const table = new Uint8Array(1 << SUSPECT_BITS);
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  for (const name of beginnings) {
    for (let i = 0; i < 8; i++) bytes[i] = name.charCodeAt(i);
    table[suspectSlot(view.getInt32(0, true), view.getInt32(4, true))] = 1;
  }
  return table;
}

/** Decides which lines to keep, in the order of the trace. */
export interface Judge {
  readonly gate: Gate;
  /** The lines that follow are of this task on this CPU (UNKNOWN if not told). */
  head(cpu: number, tid: number): void;
  /** A switch, a loss, a header, a marker, an unparsed line: none of them is ever kept. */
  note(line: Line): void;
  /** Whether to keep an open, leaf, close or event line that the gate leaves open. */
  keep(
    bytes: Uint8Array,
    view: DataView,
    kind: number,
    context: number,
    depth: number,
    nameFrom: number,
    nameTo: number,
  ): boolean;
  /** The same for a line of the function tracer. */
  keepCall(bytes: Uint8Array, line: Line): boolean;
}

/** What becomes of the lines that are kept. Positions are offsets into the scanned buffer. */
export interface Sink {
  /** Counts the functions entered, where that is all a sink wants of a line. */
  readonly names?: NameCounter;
  /** Each maximal run [from, to) of kept lines. */
  run?(from: number, to: number): void;
  /** Each kept open, leaf, close or event line. */
  line?(kind: number, depth: number, nameFrom: number, nameTo: number, hash: number): void;
  /** Each kept line of the function tracer. */
  call?(line: Line): void;
  /** The task of the lines that follow. */
  head?(cpu: number, tid: number): void;
  /** Every line that is no function, call or event. */
  note(line: Line, from: number, next: number): void;
}

/**
 * Finds the lines of trace text in a buffer and tells a sink what they are.
 *
 * Two lanes: nearly every line has the same columns and the same head (CPU and task) as the one before,
 * so the fast lane compares the head by words, reads the name while it hashes it, and hands any
 * line that is not exactly of that form to the slow lane, the full grammar of line.ts. Both lanes give
 * the same answer; test/trace/scan.test.ts compares them.
 */
export class Scanner {
  /** Lines seen so far; in a call of the sink's other(), the number of the line at hand, from 1. */
  lines = 0;
  readonly parsed = new Line();

  private heads = new Interner();
  private readonly headTasks: { readonly cpu: number; readonly tid: number }[] = [];
  private headId = -1;
  /** The task of the lines at hand, and the line count at which they began. */
  private task: Task = { tid: UNKNOWN, comm: '', lines: 0 };
  private taskSince = 0;
  private readonly taskOf = new Map<number, Task>();
  private sawHead = false;

  /** The form the fast lane expects: no form before the first line of a graph has been parsed. */
  private ready = false;
  private columns = 0;
  private headLength = 0;
  private headWords = new Int32Array(MAX_HEAD / 4);
  private headLastWord = 0;
  private flagsLength = 0;

  /** Where the run of kept lines at hand begins. */
  private runFrom = 0;

  constructor(
    private readonly judge: Judge,
    private readonly sink: Sink,
  ) {}

  /**
   * Scans the complete lines of [from, to), which ends just behind a newline. The buffer must have
   * SCAN_PADDING bytes behind `to`.
   */
  scan(b: Uint8Array, view: DataView, from: number, to: number): void {
    let s = from;
    this.runFrom = from;
    while (s < to) {
      if (this.ready) s = this.fastLane(b, view, s, to);
      if (s < to && !(this.ready && this.turn(view, s))) {
        const newline = b.indexOf(NEWLINE, s);
        this.slowLane(b, view, s, newline, newline + 1);
        s = newline + 1;
      }
    }
    this.endRun(to, to);
  }

  /** A last line [from, to) that has no newline. */
  scanUnended(b: Uint8Array, view: DataView, from: number, to: number): void {
    this.runFrom = from;
    this.slowLane(b, view, from, to, to);
    this.endRun(to, to);
  }

  /** A line too long to be held: counted as unparsed. */
  skipOverlong(): void {
    this.parsed.number = ++this.lines;
    this.parsed.kind = Kind.unparsed;
    this.taskSince++;
    this.sink.note(this.parsed, 0, 0);
  }

  /** The tasks seen, by tid, each with the number of its function and event lines. */
  tasks(): Task[] {
    this.task.lines += this.lines - this.taskSince;
    this.taskSince = this.lines;
    return [...this.taskOf.values()].sort((a, b) => a.tid - b.tid);
  }

  private fastLane(b: Uint8Array, view: DataView, from: number, to: number): number {
    const { judge, sink } = this;
    const { gate } = judge;
    const { suspects } = gate;
    const { names } = sink;
    const clock = (this.columns & Column.clock) !== 0;
    const duration = (this.columns & Column.duration) !== 0;
    const flagsLength = this.flagsLength;
    const headLength = this.headLength;
    const fullWords = headLength >> 2;
    const words = this.headWords;
    const lastWord = this.headLastWord;
    let { solidDepth, clear } = gate;
    let runFrom = this.runFrom;
    let lines = 0;
    let s = from;
    scan: while (s < to) {
      let p = clock ? skipClocks(b, s, to) : s;
      if (headLength !== 0) {
        if (view.getInt32(p + headLength - 4, true) !== lastWord) break;
        for (let i = 0; i < fullWords; i++) {
          if (view.getInt32(p + (i << 2), true) !== words[i]) break scan;
        }
        p += headLength;
      }
      let context = 0;
      if (flagsLength !== 0) {
        if (flagsWidth(b, p, to) !== flagsLength) break;
        context = CONTEXT_OF[b[p + FLAGS_CONTEXT]];
        p += flagsLength;
      }
      if (duration) {
        const width = durationWidth(b, p, to);
        if (width === 0) break;
        p += width;
      }
      const indent = p;
      while (view.getInt32(p, true) === 0x20202020) p += 4;
      if (view.getInt16(p, true) === 0x2020) p += 2;
      const depth = (p - indent) >> 1;

      let word = view.getInt32(p, true);
      let kind: number = Kind.close;
      let nameFrom = p;
      let nameTo = p;
      let next = p + 2;
      let hash = 0;
      let suspect = 0;
      if ((word & 0xff) !== CLOSE_BRACE) {
        suspect = suspects[suspectSlot(word, view.getInt32(p + 4, true))];
        if (!isNameStart(word & 0xff)) break;
        // The name ends at the first byte below ')' or above 0x7f: in a well-formed line, at its '('.
        let ends = (((word - 0x29292929) & ~word) | word) & 0x80808080;
        while (ends === 0) {
          hash = mix(hash, word);
          nameTo += 4;
          word = view.getInt32(nameTo, true);
          ends = (((word - 0x29292929) & ~word) | word) & 0x80808080;
        }
        const rest = (31 - Math.clz32(ends & -ends)) >> 3;
        if (rest !== 0) {
          hash = mix(hash, word & ((1 << (rest << 3)) - 1));
          nameTo += rest;
        }
        const after = view.getInt32(nameTo, true);
        if (after === LEAF_END) {
          kind = Kind.leaf;
          next = nameTo + 4;
        } else if (after === OPEN_END && b[nameTo + 4] === NEWLINE) {
          kind = Kind.open;
          next = nameTo + 5;
        } else {
          break;
        }
      } else if ((word & 0xff00) !== NEWLINE << 8) {
        next = returnEnd(b, view, p);
        if (next === 0) break;
        nameFrom = p + 5;
        nameTo = nameFrom;
        while (b[nameTo] > SPACE && b[nameTo] < 0x80) nameTo++;
      }

      lines++;
      let keep = false;
      if (depth > solidDepth) {
        gate.dropped++;
      } else if (context === 0 && clear && suspect === 0) {
        keep = true;
      } else {
        keep = judge.keep(b, view, kind, context, depth, nameFrom, nameTo);
        solidDepth = gate.solidDepth;
        clear = gate.clear;
      }
      if (keep) {
        if (names === undefined) sink.line?.(kind, depth, nameFrom, nameTo, hash);
        else if (kind !== Kind.close) names.add(view, nameFrom, nameTo, hash);
      } else {
        if (s !== runFrom) sink.run?.(runFrom, s);
        runFrom = next;
      }
      s = next;
    }
    this.runFrom = runFrom;
    this.lines += lines;
    return s;
  }

  /**
   * Where the fast lane stops it is mostly because another task goes on: when its head is known and of
   * the same form, the lane is set to it, and the line at `s` is still to be read.
   */
  private turn(view: DataView, s: number): boolean {
    if ((this.columns & Column.clock) !== 0 || this.headLength === 0) return false;
    const end = s + this.headLength;
    const id = this.heads.find(view, s, end, hashBytes(view, s, end));
    if (id < 0 || id === this.headId) return false;
    const { cpu, tid } = this.headTasks[id];
    this.turnTo(id, cpu, tid, this.lines);
    this.expectHead(view, s, this.headLength);
    return true;
  }

  private slowLane(b: Uint8Array, view: DataView, from: number, end: number, next: number): void {
    const line = this.parsed;
    line.number = ++this.lines;
    if (!this.keepSlow(b, view, from, end, next)) this.endRun(from, next);
  }

  private keepSlow(
    b: Uint8Array,
    view: DataView,
    from: number,
    end: number,
    next: number,
  ): boolean {
    const { judge, sink, parsed: line } = this;
    let to = end;
    if (to > from && b[to - 1] === 0x0d) to--;
    if (end - from > MAX_LINE) line.kind = Kind.unparsed;
    else parseLine(b, from, to, line);
    const isJudged = line.kind >= Kind.open && line.kind <= Kind.call;
    // Bare functions without any column are a valid trace, but not in the middle of one with columns.
    if (isJudged && line.columns === 0 && this.sawHead) line.kind = Kind.unparsed;
    const { kind } = line;
    if (kind < Kind.open || kind > Kind.call) {
      this.taskSince++;
      sink.note(line, from, next);
      judge.note(line);
      return false;
    }
    this.enterHead(b, view, line);
    if (kind === Kind.call) {
      const keep = judge.keepCall(b, line);
      if (keep) this.countCall(view, line);
      return keep;
    }
    const { gate } = judge;
    const { context, depth, nameFrom, nameTo } = line;
    if (depth > gate.solidDepth) {
      gate.dropped++;
      return false;
    }
    if (!judge.keep(b, view, kind, context, depth, nameFrom, nameTo)) return false;
    if (kind === Kind.event && sink.names !== undefined) return true;
    const hash = hashBytes(view, nameFrom, nameTo);
    if (sink.names === undefined) sink.line?.(kind, depth, nameFrom, nameTo, hash);
    else if (kind !== Kind.close) sink.names.add(view, nameFrom, nameTo, hash);
    return true;
  }

  private countCall(view: DataView, line: Line): void {
    const { nameFrom, nameTo } = line;
    this.sink.names?.add(view, nameFrom, nameTo, hashBytes(view, nameFrom, nameTo));
    this.sink.call?.(line);
  }

  /** Hands over the run of kept lines that ends at `from`; the next may begin at `next`. */
  private endRun(from: number, next: number): void {
    if (from !== this.runFrom) this.sink.run?.(this.runFrom, from);
    this.runFrom = next;
  }

  private enterHead(b: Uint8Array, view: DataView, line: Line): void {
    if (line.columns !== 0) this.sawHead = true;
    if (this.heads.size >= MAX_HEADS) {
      this.heads = new Interner();
      this.headTasks.length = 0;
      this.headId = -1;
    }
    const hash = hashBytes(view, line.headFrom, line.headTo);
    const id = this.heads.intern(view, line.headFrom, line.headTo, hash);
    if (id === this.headTasks.length) this.headTasks.push({ cpu: line.cpu, tid: line.tid });
    if (id !== this.headId) this.turnTo(id, line.cpu, line.tid, this.lines - 1);
    this.expect(b, view, line);
  }

  /** The lines from `lines` on are those of another head. */
  private turnTo(id: number, cpu: number, tid: number, lines: number): void {
    this.headId = id;
    this.task.lines += lines - this.taskSince;
    this.taskSince = lines;
    this.enterTask(tid, id);
    this.judge.head(cpu, tid);
    this.sink.head?.(cpu, tid);
  }

  /** Lets the fast lane expect lines of this one's form. Records of other tracers stay in the slow lane. */
  private expect(b: Uint8Array, view: DataView, line: Line): void {
    const length = line.headTo - line.headFrom;
    const graph = (line.columns & Column.record) === 0;
    this.ready = graph && length <= MAX_HEAD && (length === 0 || length >= 4);
    if (!this.ready) return;
    this.columns = line.columns;
    this.expectHead(view, line.headFrom, length);
    const flags = (line.columns & Column.flags) !== 0;
    this.flagsLength = flags ? flagsWidth(b, line.headTo, line.nameFrom) : 0;
  }

  private expectHead(view: DataView, from: number, length: number): void {
    this.headLength = length;
    for (let i = 0; i < length >> 2; i++) this.headWords[i] = view.getInt32(from + (i << 2), true);
    this.headLastWord = length === 0 ? 0 : view.getInt32(from + length - 4, true);
  }

  private enterTask(tid: number, head: number): void {
    let task = this.taskOf.get(tid);
    if (task === undefined) {
      task = { tid, comm: commOf(this.heads.text(head)), lines: 0 };
      if (this.taskOf.size < MAX_HEADS) this.taskOf.set(tid, task);
    }
    this.task = task;
  }
}

/** The comm in a head: ` 1)  qemu-sy-624   | ` or `            node-218   [001] `. */
function commOf(head: string): string {
  return /^(?: *\d+\) )? *(.*)-\d+/.exec(head)?.[1] ?? '';
}

/** End of the line with a return `} /* fn *\/` at `p`, its newline included; 0 if it is not of that form. */
function returnEnd(b: Uint8Array, view: DataView, p: number): number {
  if (view.getInt32(p + 1, true) !== TAIL_START || !isNameStart(b[p + 5])) return 0;
  let newline = p + 5;
  while (b[newline] !== NEWLINE) newline++;
  return newline >= p + 8 && b[newline - 1] === 0x2f && b[newline - 2] === 0x2a ? newline + 1 : 0;
}
