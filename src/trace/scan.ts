import { hashBytes, Interner } from './intern.js';
import { Kind, UNKNOWN } from './kinds.js';
import { Lane, type NameCount } from './lane/lane.js';
import * as at from './lane/layout.js';
import { Column, flagsWidth, Line, parseLine } from './line.js';

/** The lane's counter of lines whose head it does not know. */
const UNKNOWN_HEAD_LINES = (at.HEAD_LINES >> 2) + at.MAX_KNOWN_HEADS;

/** Distinct heads kept before the table starts afresh: input made of nothing but new names must not grow it. */
const MAX_HEADS = 65_536;

const NEWLINE = 0x0a;

export interface Task {
  /** UNKNOWN where the text does not tell. */
  readonly tid: number;
  /** As the tracer prints it: function_graph cuts it to 7 characters. */
  readonly comm: string;
  lines: number;
}

/** The length of the longest line that is not counted as unparsed. */
export { MAX_LINE } from './lane/layout.js';

interface Head {
  readonly cpu: number;
  readonly tid: number;
  task?: Task;
}

/** Decides which lines to keep, in the order of the trace. */
export interface Judge {
  /** Given once: the lane, for a judge that lets it judge by itself the lines it can read. */
  attach?(lane: Lane): void;
  /** The lines that follow are of this task on this CPU (UNKNOWN if not told). */
  head(cpu: number, tid: number): void;
  /** A switch, a loss, a header, a marker, an unparsed line: none of them is ever kept. */
  note(line: Line): void;
  /** Whether to keep an open, leaf, close or event line. */
  keep(
    view: DataView,
    kind: number,
    context: number,
    depth: number,
    nameFrom: number,
    nameTo: number,
  ): boolean;
  /** The same for a line of the function tracer. */
  keepCall(view: DataView, line: Line): boolean;
}

/** What becomes of the lines that are kept. Positions are offsets into the scanned buffer. */
export interface Sink {
  /** Given once: the functions entered in kept lines, counted. */
  counts?(names: () => Iterable<NameCount>): void;
  /** Wants the bytes of kept lines, verbatim and in order: they are gathered in place, see kept(). */
  readonly gathers?: boolean;
  /** Each run [from, to) of kept lines. */
  run?(from: number, to: number): void;
  /** Each kept open, leaf, close or event line. */
  line?(kind: number, depth: number, nameFrom: number, nameTo: number): void;
  /** Each kept line of the function tracer. */
  call?(line: Line): void;
  /** The task of the lines that follow. */
  head?(cpu: number, tid: number): void;
  /**
   * Every line that is no function, call or event, but for the markers that are only counted. Switches
   * are among those for a sink without head().
   */
  note(line: Line, from: number, next: number): void;
  /** So many blank lines, rules and switches. */
  markers(count: number): void;
}

/**
 * Finds the lines of trace text in a buffer and asks a judge which to keep for a sink.
 *
 * Two lanes: nearly every line has the same columns and the same head (CPU and task) as the one before.
 * The fast lane (lane/assembly/) compares the head, reads the name and judges, and stops at any line that
 * is not exactly of that form: that one goes to the slow lane, the full grammar of line.ts. Both lanes give
 * the same answer; test/trace/scan.test.ts compares them.
 */
export class Scanner {
  /** The memory to put bytes into, from BUFFER on. */
  readonly lane = new Lane();
  /** Lines seen so far; in a call of the sink's note(), the number of the line at hand, from 1. */
  lines = 0;
  readonly parsed = new Line();

  private heads = new Interner();
  private readonly headTasks: Head[] = [];
  private headId = -1;
  /** The task of the lines at hand. */
  private task: Task = { tid: UNKNOWN, comm: '', lines: 0 };
  private readonly taskOf = new Map<number, Task>();
  /** All tasks beyond those that tasks() lists. */
  readonly unlisted: Task = { tid: UNKNOWN, comm: '', lines: 0 };
  /**
   * Functions without any column are a trace, with all of its columns switched off, but so are many lines
   * of a program: not in the middle of a trace with columns, nor behind lines that are no trace.
   */
  private refusesBare = false;
  private sawBare = false;

  /** The form the fast lane expects: no form before the first line of a graph has been parsed. */
  private ready = false;
  private keptFrom = 0;
  private takenAt = 0;
  private readonly eachLine: boolean;
  private readonly countsNames: boolean;

  constructor(
    private readonly judge: Judge,
    private readonly sink: Sink,
  ) {
    const { lane } = this;
    this.eachLine = sink.line !== undefined;
    this.countsNames = sink.counts !== undefined;
    judge.attach?.(lane);
    lane.set(
      at.MODE,
      (this.countsNames ? at.MODE_NAMES : 0) |
        (this.eachLine ? at.MODE_EACH : 0) |
        (sink.run !== undefined ? at.MODE_RUNS : 0) |
        (sink.gathers ? at.MODE_GATHER : 0) |
        (sink.head !== undefined ? at.MODE_TASKS : 0),
    );
    sink.counts?.(() => lane.names());
  }

  /** Scans the complete lines of [from, to), which ends just behind a newline. */
  scan(from: number, to: number): void {
    const { lane } = this;
    let s = from;
    this.begin(from);
    while (s < to) {
      if (this.ready) {
        const why = this.runLane(s, to);
        s = lane.get(at.AT);
        if (why === at.ALL_DONE) break;
        if (why === at.RUN) {
          this.endRun(lane.words[at.RUN_TO >> 2], s);
          continue;
        }
        if (why === at.TURN) continue;
        if (why === at.SWITCH) {
          this.switchTasks(s);
          s = lane.get(at.NEXT);
          continue;
        }
        if (why === at.FULL) throw tooManyNames();
        if (why !== at.STOP) {
          this.finishLine(why, s);
          s = lane.get(at.NEXT);
          continue;
        }
      }
      const newline = lane.bytes.indexOf(NEWLINE, s);
      this.slowLane(s, newline, newline + 1);
      s = newline + 1;
    }
    this.endRun(to, to);
    if (this.lines - this.takenAt > 1e9) this.takeLines();
  }

  /** The end: a last line [from, to) that has no newline; there is none if it is empty. */
  scanUnended(from: number, to: number): void {
    this.begin(from);
    if (to > from) this.slowLane(from, to, to);
    this.endRun(to, to);
  }

  /** Where the bytes lie that the last scan kept, if the sink gathers them. */
  kept(): { from: number; to: number } {
    return { from: this.keptFrom, to: this.lane.get(at.KEPT_TO) };
  }

  private begin(from: number): void {
    this.keptFrom = from;
    this.lane.set(at.RUN_FROM, from);
    this.lane.set(at.KEPT_TO, from);
  }

  /** A line too long to be held, of which only the beginning is at `from`: counted as unparsed. */
  skipOverlong(from: number): void {
    this.parsed.number = ++this.lines;
    this.parsed.kind = Kind.unparsed;
    this.sink.note(this.parsed, from, from + at.MAX_LINE);
  }

  /** The tasks seen, by tid, each with the number of its function and event lines. */
  tasks(): Task[] {
    this.takeLines();
    return [...this.taskOf.values()].sort((a, b) => a.tid - b.tid);
  }

  /** The lane counts the lines of known heads in 32 bits. */
  private takeLines(): void {
    const { lane } = this;
    for (let id = 0; id < Math.min(this.headTasks.length, at.MAX_KNOWN_HEADS); id++) {
      const counter = at.HEAD_LINES + 4 * id;
      const { task } = this.headTasks[id];
      if (task !== undefined) task.lines += lane.get(counter);
      lane.set(counter, 0);
    }
    this.takenAt = this.lines;
  }

  private runLane(from: number, to: number): number {
    const { lane, headId } = this;
    const { words } = lane;
    const known = headId < at.MAX_KNOWN_HEADS;
    words[at.HEAD_ID >> 2] = known ? headId : at.MAX_KNOWN_HEADS;
    const why = lane.run(from, to);
    const markers = words[at.MARKERS >> 2];
    if (markers > 0) this.sink.markers(markers);
    this.lines += words[at.LINES >> 2] + markers;
    if (!known) {
      this.task.lines += words[UNKNOWN_HEAD_LINES];
      words[UNKNOWN_HEAD_LINES] = 0;
    }
    const head = words[at.HEAD_ID >> 2];
    if (head !== headId && head < at.MAX_KNOWN_HEADS) this.enterTask(head);
    if (why === at.TURN) this.turn(words[at.TURN_TO >> 2]);
    return why;
  }

  /** The line at `s`, which the fast lane has read, but not judged or not handed on. */
  private finishLine(why: number, s: number): void {
    const { lane, judge } = this;
    const { words } = lane;
    const kind = words[at.KIND >> 2];
    const depth = words[at.DEPTH >> 2];
    const nameFrom = words[at.NAME_FROM >> 2];
    const nameTo = words[at.NAME_TO >> 2];
    this.lines++;
    this.task.lines++;
    if (
      why === at.KEPT ||
      judge.keep(lane.view, kind, words[at.CONTEXT >> 2], depth, nameFrom, nameTo)
    ) {
      this.handOn(kind, depth, nameFrom, nameTo);
    } else {
      this.endRun(s, words[at.NEXT >> 2]);
    }
  }

  private switchTasks(s: number): void {
    const { parsed: line } = this;
    const { words } = this.lane;
    line.number = ++this.lines;
    line.kind = Kind.switch;
    line.cpu = words[at.SWITCH_CPU >> 2];
    line.tid = words[at.SWITCH_TID >> 2];
    this.noteOther(s, words[at.NEXT >> 2]);
    this.endRun(s, words[at.NEXT >> 2]);
  }

  private noteOther(from: number, next: number): void {
    const { parsed: line } = this;
    this.sink.note(line, from, next);
    this.judge.note(line);
  }

  private handOn(kind: number, depth: number, nameFrom: number, nameTo: number): void {
    if (this.eachLine) this.sink.line?.(kind, depth, nameFrom, nameTo);
    if (this.countsNames && (kind === Kind.open || kind === Kind.leaf)) {
      this.count(nameFrom, nameTo);
    }
  }

  private count(nameFrom: number, nameTo: number): void {
    if (!this.lane.count(nameFrom, nameTo)) throw tooManyNames();
  }

  private slowLane(from: number, end: number, next: number): void {
    const line = this.parsed;
    line.number = ++this.lines;
    if (!this.keepSlow(from, end, next)) this.endRun(from, next);
  }

  private keepSlow(from: number, end: number, next: number): boolean {
    const { judge, sink, parsed: line } = this;
    const { bytes, view } = this.lane;
    let to = end;
    if (to > from && bytes[to - 1] === 0x0d) to--;
    if (end - from > at.MAX_LINE) line.kind = Kind.unparsed;
    else parseLine(bytes, from, to, line);
    const isJudged = line.kind >= Kind.open && line.kind <= Kind.call;
    if (isJudged && line.columns === 0 && this.refusesBare) line.kind = Kind.unparsed;
    const { kind } = line;
    if (isJudged && kind !== Kind.unparsed && line.columns === 0) this.sawBare = true;
    if (kind === Kind.header && line.count > 0) this.refusesBare = false;
    if (kind === Kind.unparsed && !this.sawBare) this.refusesBare = true;
    if (kind < Kind.open || kind > Kind.call) {
      this.noteOther(from, next);
      return false;
    }
    this.enterHead(line);
    this.task.lines++;
    const { context, depth, nameFrom, nameTo } = line;
    if (kind === Kind.call) {
      if (!judge.keepCall(view, line)) return false;
      sink.call?.(line);
      if (this.countsNames) this.count(nameFrom, nameTo);
      return true;
    }
    if (!judge.keep(view, kind, context, depth, nameFrom, nameTo)) return false;
    this.handOn(kind, depth, nameFrom, nameTo);
    return true;
  }

  /** Hands over the run of kept lines that ends at `from`; the next may begin at `next`. */
  private endRun(from: number, next: number): void {
    const runFrom = this.lane.get(at.RUN_FROM);
    if (from !== runFrom) {
      this.sink.run?.(runFrom, from);
      if (this.sink.gathers) this.lane.gather(runFrom, from);
    }
    this.lane.set(at.RUN_FROM, next);
  }

  private enterHead(line: Line): void {
    const { view } = this.lane;
    if (line.columns !== 0) this.refusesBare = true;
    if (this.heads.size >= MAX_HEADS) {
      this.takeLines();
      this.lane.forgetHeads();
      this.heads = new Interner();
      this.headTasks.length = 0;
      this.headId = -1;
    }
    const { headFrom, headTo, cpu, tid } = line;
    const id = this.heads.intern(view, headFrom, headTo, hashBytes(view, headFrom, headTo));
    if (id === this.headTasks.length) {
      this.headTasks.push({ cpu, tid });
      this.lane.knowHead(headFrom, headTo, id, cpu, tid);
    }
    if (id !== this.headId) this.turn(id);
    this.expect(line);
  }

  /** The lines that follow are those of another head. */
  private turn(id: number): void {
    const { cpu, tid } = this.enterTask(id);
    this.judge.head(cpu, tid);
    this.sink.head?.(cpu, tid);
  }

  /** The same where the lane has told the judge. */
  private enterTask(id: number): Head {
    const head = this.headTasks[id];
    head.task ??= this.taskFor(head.tid, id);
    this.headId = id;
    this.task = head.task;
    return head;
  }

  /** Lets the fast lane expect lines of this one's form. Records of other tracers stay in the slow lane. */
  private expect(line: Line): void {
    const { lane } = this;
    const length = line.headTo - line.headFrom;
    const graph = (line.columns & Column.record) === 0;
    this.ready = graph && length <= at.MAX_HEAD;
    if (!this.ready) return;
    lane.set(at.HEAD_LENGTH, length);
    lane.bytes.copyWithin(at.HEAD, line.headFrom, line.headTo);
    const flags = (line.columns & Column.flags) !== 0;
    lane.set(at.FLAGS_LENGTH, flags ? flagsWidth(lane.bytes, line.headTo, line.nameFrom) : 0);
    lane.set(at.CLOCK, line.columns & Column.clock);
    lane.set(at.DURATION, line.columns & Column.duration);
  }

  private taskFor(tid: number, head: number): Task {
    let task = this.taskOf.get(tid);
    if (task === undefined) {
      if (this.taskOf.size < MAX_HEADS) {
        task = { tid, comm: commOf(this.heads.text(head)), lines: 0 };
        this.taskOf.set(tid, task);
      } else {
        task = this.unlisted;
      }
    }
    return task;
  }
}

/** The comm in a head: ` 1)  qemu-sy-624   | ` or `            node-218   [001] `. */
function commOf(head: string): string {
  return /^(?: *\d+\) )? *(.*)-\d+/.exec(head)?.[1] ?? '';
}

function tooManyNames(): RangeError {
  return new RangeError(`more than ${at.MAX_NAMES} different functions: no trace of a kernel`);
}
