import { hashBytes, Interner, mix } from './intern.js';
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

/** What a scanner does with the lines it finds. Positions are offsets into the scanned buffer. */
export interface LineSink {
  /** The lines that follow, up to the next call, are of this task on this CPU (UNKNOWN if not told). */
  head(cpu: number, tid: number): void;
  /** An open, leaf, close or event line [from, next), line end included; `hash` is that of the name. */
  line(
    kind: number,
    context: number,
    depth: number,
    nameFrom: number,
    nameTo: number,
    hash: number,
    from: number,
    next: number,
  ): void;
  /** Every other line: a call of the function tracer, a switch, a loss, a header, a marker, an unparsed one. */
  other(line: Line, from: number, next: number): void;
}

/**
 * Finds the lines of trace text in a buffer and tells a sink what they are.
 *
 * Two lanes: nearly every line has the same columns and the same head (CPU and task) as the one before,
 * so the fast lane compares the head by words and reads the name while it hashes it, and hands any
 * line that is not exactly of that form to the slow lane, the full grammar of line.ts. Both lanes give
 * the same answer; test/trace/scan.test.ts compares them.
 */
export class Scanner {
  /** Lines seen so far; in a call of the sink's other(), the number of the line at hand, from 1. */
  lines = 0;
  readonly parsed = new Line();

  private heads = new Interner();
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

  constructor(private readonly sink: LineSink) {}

  /**
   * Scans the complete lines of [from, to), which ends just behind a newline. The buffer must have
   * SCAN_PADDING bytes behind `to`.
   */
  scan(b: Uint8Array, view: DataView, from: number, to: number): void {
    let s = from;
    while (s < to) {
      if (this.ready) s = this.fastLane(b, view, s, to);
      if (s < to) {
        const newline = b.indexOf(NEWLINE, s);
        this.slowLane(b, view, s, newline, newline + 1);
        s = newline + 1;
      }
    }
  }

  /** A last line [from, to) that has no newline. */
  scanUnended(b: Uint8Array, view: DataView, from: number, to: number): void {
    this.slowLane(b, view, from, to, to);
  }

  /** A line too long to be held: counted as unparsed. */
  skipOverlong(): void {
    this.parsed.number = ++this.lines;
    this.parsed.kind = Kind.unparsed;
    this.taskSince++;
    this.sink.other(this.parsed, 0, 0);
  }

  /** The tasks seen, by tid, each with the number of its function and event lines. */
  tasks(): Task[] {
    this.countTask(this.lines);
    return [...this.taskOf.values()].sort((a, b) => a.tid - b.tid);
  }

  private fastLane(b: Uint8Array, view: DataView, from: number, to: number): number {
    const sink = this.sink;
    const clock = (this.columns & Column.clock) !== 0;
    const duration = (this.columns & Column.duration) !== 0;
    const flagsLength = this.flagsLength;
    const headLength = this.headLength;
    const fullWords = headLength >> 2;
    const words = this.headWords;
    const lastWord = this.headLastWord;
    let lines = this.lines;
    let s = from;
    lines: while (s < to) {
      let p = clock ? skipClocks(b, s, to) : s;
      if (headLength !== 0) {
        if (view.getInt32(p + headLength - 4, true) !== lastWord) break;
        for (let i = 0; i < fullWords; i++) {
          if (view.getInt32(p + (i << 2), true) !== words[i]) break lines;
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
      const first = b[p];

      if (first === CLOSE_BRACE) {
        let next = p + 2;
        let nameFrom = p;
        let nameTo = p;
        if (b[p + 1] !== NEWLINE) {
          if (view.getInt32(p + 1, true) !== TAIL_START || !isNameStart(b[p + 5])) break;
          nameFrom = p + 5;
          nameTo = nameFrom;
          while (b[nameTo] > SPACE && b[nameTo] < 0x80) nameTo++;
          next = nameTo;
          while (b[next] !== NEWLINE) next++;
          if (b[next - 1] !== 0x2f || b[next - 2] !== 0x2a || next < p + 8) break;
          next++;
        }
        lines++;
        sink.line(Kind.close, context, depth, nameFrom, nameTo, 0, s, next);
        s = next;
        continue;
      }

      // The name ends at the first byte below ')' or above 0x7f: in a well-formed line, at its '('.
      let q = p;
      let hash = 0;
      let word = view.getInt32(q, true);
      let ends = (((word - 0x29292929) & ~word) | word) & 0x80808080;
      while (ends === 0) {
        hash = mix(hash, word);
        q += 4;
        word = view.getInt32(q, true);
        ends = (((word - 0x29292929) & ~word) | word) & 0x80808080;
      }
      const rest = (31 - Math.clz32(ends & -ends)) >> 3;
      if (rest !== 0) {
        hash = mix(hash, word & ((1 << (rest << 3)) - 1));
        q += rest;
      }
      const after = view.getInt32(q, true);
      let kind: number;
      let next: number;
      if (after === LEAF_END) {
        kind = Kind.leaf;
        next = q + 4;
      } else if (after === OPEN_END && b[q + 4] === NEWLINE) {
        kind = Kind.open;
        next = q + 5;
      } else {
        break;
      }
      if (!isNameStart(first)) break;
      lines++;
      sink.line(kind, context, depth, p, q, hash, s, next);
      s = next;
    }
    this.lines = lines;
    return s;
  }

  private slowLane(b: Uint8Array, view: DataView, from: number, end: number, next: number): void {
    const line = this.parsed;
    line.number = ++this.lines;
    let to = end;
    if (to > from && b[to - 1] === 0x0d) to--;
    if (end - from > MAX_LINE) line.kind = Kind.unparsed;
    else parseLine(b, from, to, line);
    const kind = line.kind;
    if (kind < Kind.open || kind > Kind.call) {
      this.taskSince++;
      this.sink.other(line, from, next);
      return;
    }
    // Bare functions without any column are a valid trace, but not in the middle of one with columns.
    if (line.columns === 0 && this.sawHead) {
      line.kind = Kind.unparsed;
      this.taskSince++;
      this.sink.other(line, from, next);
      return;
    }
    this.enterHead(b, view, line);
    if (kind === Kind.call) {
      this.sink.other(line, from, next);
      return;
    }
    const hash = hashBytes(view, line.nameFrom, line.nameTo);
    this.sink.line(
      kind,
      line.context,
      line.depth,
      line.nameFrom,
      line.nameTo,
      hash,
      from,
      next,
    );
  }

  private enterHead(b: Uint8Array, view: DataView, line: Line): void {
    if (line.columns !== 0) this.sawHead = true;
    if (this.heads.size >= MAX_HEADS) {
      this.heads = new Interner();
      this.headId = -1;
    }
    const hash = hashBytes(view, line.headFrom, line.headTo);
    const id = this.heads.intern(view, line.headFrom, line.headTo, hash);
    if (id !== this.headId) {
      this.headId = id;
      this.countTask(this.lines - 1);
      this.enterTask(line.tid, id);
      this.sink.head(line.cpu, line.tid);
    }
    this.expect(b, view, line);
  }

  /** Lets the fast lane expect lines of this one's form. Records of other tracers stay in the slow lane. */
  private expect(b: Uint8Array, view: DataView, line: Line): void {
    const length = line.headTo - line.headFrom;
    const graph = (line.columns & Column.record) === 0;
    this.ready = graph && length <= MAX_HEAD && (length === 0 || length >= 4);
    if (!this.ready) return;
    this.columns = line.columns;
    this.headLength = length;
    for (let i = 0; i < length >> 2; i++) {
      this.headWords[i] = view.getInt32(line.headFrom + (i << 2), true);
    }
    this.headLastWord = length === 0 ? 0 : view.getInt32(line.headTo - 4, true);
    const flags = (line.columns & Column.flags) !== 0;
    this.flagsLength = flags ? flagsWidth(b, line.headTo, line.nameFrom) : 0;
  }

  private enterTask(tid: number, head: number): void {
    let task = this.taskOf.get(tid);
    if (task === undefined) {
      task = { tid, comm: commOf(this.heads.text(head)), lines: 0 };
      if (this.taskOf.size < MAX_HEADS) this.taskOf.set(tid, task);
    }
    this.task = task;
  }

  private countTask(upTo: number): void {
    this.task.lines += upTo - this.taskSince;
    this.taskSince = upTo;
  }
}

/** The comm in a head: ` 1)  qemu-sy-624   | ` or `            node-218   [001] `. */
function commOf(head: string): string {
  return /^(?: *\d+\) )? *(.*)-\d+/.exec(head)?.[1] ?? '';
}
