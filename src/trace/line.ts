import { Context, Kind, UNKNOWN } from './kinds.js';
import { latin1 } from './latin1.js';

/**
 * One line of trace text taken apart. Positions are offsets into the buffer that was parsed; one
 * object is reused for all lines.
 */
export class Line {
  /** Its place in the input, from 1. */
  number = 0;
  kind: number = Kind.unparsed;
  context: number = Context.none;
  /** Nesting of functions, 0 for the outermost that was traced; 0 for the function tracer. */
  depth = 0;
  cpu = UNKNOWN;
  tid = UNKNOWN;
  /** The bytes that name CPU and task, columns of the clock left out: equal bytes, equal task. */
  headFrom = 0;
  headTo = 0;
  /** The function, bare: without arguments, `[module]` and `()`. Empty for `}` without a tail. */
  nameFrom = 0;
  nameTo = 0;
  /** The caller in a line of the function tracer, else empty. */
  parentFrom = 0;
  parentTo = 0;
  /** Of `lost`: events, 0 where the kernel did not say how many. Of `header`: 1 where a trace begins. */
  count = 0;
  /** Columns in front of the body, as bits of Column: what the fast lane of scan.ts may rely on. */
  columns = 0;
}

/** Columns of function_graph text, each switched by an option of the tracer. */
export const Column = {
  /** funcgraph-abstime and funcgraph-reltime: up to two columns of clock. */
  clock: 1,
  cpu: 2,
  proc: 4,
  /** latency-format. */
  flags: 8,
  /** funcgraph-duration, with or without funcgraph-overhead. */
  duration: 16,
  /** Not function_graph's own columns: a record of the function tracer or of trace-cmd's report. */
  record: 32,
} as const;

const SPACE = 0x20;
const EQUALS = 0x3d;
const BAR = 0x7c;
const OPEN_PAREN = 0x28;
const CLOSE_PAREN = 0x29;
const DASH = 0x2d;

/** No tracer prints longer lines: the kernel formats one in a page or two. */
const MAX_RECORD = 16_384;

/** The kernel centres `comm-pid` in so many columns; longer ones push the rest to the right. */
const PROC_WIDTH = 14;

function table(members: string): Uint8Array {
  const t = new Uint8Array(256);
  for (const c of members) t[c.charCodeAt(0)] = 1;
  return t;
}

const DIGIT = table('0123456789');
const IRQS_OFF = table('dDbX.');
const NEED_RESCHED = table('NnpBLbl.');
const CONTEXT_CHAR = table('ZzHhs.');
const DEPTH_CHAR = table('0123456789abcdef.');
const OVERHEAD_MARK = table(' $@*#!+');
const DURATION_CHAR = table('0123456789. us');
/** A function's name starts so: C identifiers, the dotted ones compilers make, bare addresses. */
const NAME_START = table('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.$0123456789');

export const CONTEXT_OF = new Uint8Array(256);
for (const [c, context] of [
  ['.', Context.task],
  ['s', Context.softirq],
  ['h', Context.hardirq],
  ['H', Context.hardirq],
  ['z', Context.nmi],
  ['Z', Context.nmi],
] as const) {
  CONTEXT_OF[c.charCodeAt(0)] = context;
}

/** The character classes of the grammar, one byte for each of 256 characters: for the lane. */
export const CHARACTER_CLASSES = {
  digit: DIGIT,
  irqsOff: IRQS_OFF,
  needResched: NEED_RESCHED,
  /** Not a class but the context itself: 0 where the character is no flag. */
  context: CONTEXT_OF,
  depth: DEPTH_CHAR,
  overheadMark: OVERHEAD_MARK,
  duration: DURATION_CHAR,
  nameStart: NAME_START,
} as const;

function isNameStart(byte: number): boolean {
  return NAME_START[byte] === 1;
}

function isGraphic(byte: number): boolean {
  return byte > SPACE && byte < 0x80;
}

function skipSpaces(b: Uint8Array, at: number, end: number): number {
  let p = at;
  while (p < end && b[p] === SPACE) p++;
  return p;
}

function skipDigits(b: Uint8Array, at: number, end: number): number {
  let p = at;
  while (p < end && DIGIT[b[p]] === 1) p++;
  return p;
}

function startsWith(b: Uint8Array, at: number, end: number, text: string): boolean {
  if (end - at < text.length) return false;
  for (let i = 0; i < text.length; i++) if (b[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** The decimal number in [from, to), or UNKNOWN when it is empty or too large to be a CPU or tid. */
function number(b: Uint8Array, from: number, to: number): number {
  if (from === to || to - from > 10) return UNKNOWN;
  let n = 0;
  for (let p = from; p < to; p++) n = n * 10 + b[p] - 0x30;
  return n;
}

/**
 * Where the tid of a `comm-pid` field in [from, to), padded with spaces, begins; -1 if there is
 * none. A comm may hold spaces, dashes, colons, brackets and bars: only the digits behind the LAST
 * dash are the tid.
 *
 *     `   kworker/u8:-53   `    ` vhost-1-622 `    `  <idle>-0   `
 */
function tidStart(b: Uint8Array, from: number, to: number): number {
  let end = to;
  while (end > from && b[end - 1] === SPACE) end--;
  let p = end;
  while (p > from && DIGIT[b[p - 1]] === 1) p--;
  return p < end && p > from && b[p - 1] === DASH && b[from] !== BAR ? p : -1;
}

/**
 * Skips one column of clock, 0 characters if there is none:
 *
 *     `  148.943278 |  `   funcgraph-abstime
 *     `       12 us |  `   funcgraph-reltime
 */
function skipClock(b: Uint8Array, at: number, end: number): number {
  let p = skipSpaces(b, at, end);
  const digits = p;
  p = skipDigits(b, p, end);
  if (p === digits) return at;
  if (b[p] === 0x2e) {
    const fraction = p + 1;
    p = skipDigits(b, fraction, end);
    if (p - fraction !== 6 || !startsWith(b, p, end, ' |  ')) return at;
    return p + 4;
  }
  return startsWith(b, p, end, ' us |  ') ? p + 7 : at;
}

/** Skips all columns of clock in front of a line. */
function skipClocks(b: Uint8Array, at: number, end: number): number {
  const first = skipClock(b, at, end);
  return first === at ? at : skipClock(b, first, end);
}

/**
 * Length of the flags column at `at`, 0 if there is none: a space, the flags, ` | `.
 *
 *     ` d.h1. | `    ` dNH2 | ` (before 5.12: no migrate-disable depth)
 */
export function flagsWidth(b: Uint8Array, at: number, end: number): number {
  if (
    end - at < 8 ||
    b[at] !== SPACE ||
    IRQS_OFF[b[at + 1]] === 0 ||
    NEED_RESCHED[b[at + 2]] === 0 ||
    CONTEXT_CHAR[b[at + 3]] === 0
  ) {
    return 0;
  }
  let p = at + 4;
  while (p < end && DEPTH_CHAR[b[p]] === 1) p++;
  return p > at + 4 && p < at + 8 && startsWith(b, p, end, ' | ') ? p + 3 - at : 0;
}

/** Offset of the context character inside the flags column. */
const FLAGS_CONTEXT = 3;

/**
 * Length of the duration column at `at`, 0 if there is none: an overhead mark or space, a space, the
 * duration or blanks, `|  `.
 *
 *     `  0.471 us    |  `   `! 155.623 us  |  `   `              |  `
 */
export function durationWidth(b: Uint8Array, at: number, end: number): number {
  if (end - at < 3 || OVERHEAD_MARK[b[at]] === 0 || b[at + 1] !== SPACE) return 0;
  let p = at + 2;
  while (p < end && DURATION_CHAR[b[p]] === 1) p++;
  return p - at >= 14 && startsWith(b, p, end, '|  ') ? p + 3 - at : 0;
}

/** Sets kind and name from the body of a graph line: what follows the indent. */
function parseBody(b: Uint8Array, at: number, end: number, line: Line): boolean {
  line.nameFrom = at;
  line.nameTo = at;
  if (at >= end) return false;
  if (b[at] === 0x7d) return parseReturn(b, at, end, line);
  if (b[at] === 0x2f) {
    // An event printed between the functions: `/* sched_switch: prev_comm=... */`
    line.kind = Kind.event;
    return b[at + 1] === 0x2a && end - at >= 4 && b[end - 1] === 0x2f && b[end - 2] === 0x2a;
  }
  if (!isNameStart(b[at])) return false;
  let p = at;
  while (p < end && isGraphic(b[p]) && b[p] !== OPEN_PAREN) p++;
  line.nameTo = p;
  p = skipModule(b, p, end);
  if (p >= end || b[p] !== OPEN_PAREN || !areArguments(b, p + 1, end)) return false;
  return parseCallEnd(b, p + 1, end, line);
}

/** `kvm_sched_in [kvm]() {`: a module's name stands between name and brackets. */
function skipModule(b: Uint8Array, at: number, end: number): number {
  if (!startsWith(b, at, end, ' [')) return at;
  let p = at + 2;
  while (p < end && isGraphic(b[p]) && b[p] !== 0x5d) p++;
  return b[p] === 0x5d && p > at + 2 ? p + 1 : at;
}

/** Whether nothing, `name=value` or, where the kernel knows no names, `0x1f` stands behind a `(`. */
function areArguments(b: Uint8Array, at: number, end: number): boolean {
  if (b[at] === CLOSE_PAREN || startsWith(b, at, end, '0x')) return true;
  let p = at;
  while (p < end && isNameStart(b[p])) p++;
  return p > at && b[p] === EQUALS;
}

/**
 * The rest of a call from behind its `(`. Since 6.5 a return value, since 6.13 the return address and
 * since 6.15 arguments may stand there:
 *
 *     `) {`    `);`    `fd=3, buf=0x7ffe) {`    `); /* = 0x0 *\/`    `) { /* <-do_sys_open+0x57 *\/`
 */
function parseCallEnd(b: Uint8Array, at: number, end: number, line: Line): boolean {
  for (let p = at; p < end; p++) {
    if (b[p] !== CLOSE_PAREN) continue;
    let after = p + 1;
    if (b[after] === 0x3b && after < end) {
      line.kind = Kind.leaf;
      after += 1;
    } else if (startsWith(b, after, end, ' {')) {
      line.kind = Kind.open;
      after += 2;
    } else {
      continue;
    }
    return after === end || isComment(b, after, end);
  }
  return false;
}

function isComment(b: Uint8Array, at: number, end: number): boolean {
  return (
    startsWith(b, at, end, ' /* ') && end - at >= 7 && b[end - 1] === 0x2f && b[end - 2] === 0x2a
  );
}

/** `}`, `} /* fn *\/`, `} /* fn [kvm] ret=0x0 *\/`, `} /* = 0x0 *\/`, `} (Overruns: 3)`. */
function parseReturn(b: Uint8Array, at: number, end: number, line: Line): boolean {
  line.kind = Kind.close;
  if (end === at + 1) return true;
  if (startsWith(b, at + 1, end, ' (Overruns: ')) return b[end - 1] === CLOSE_PAREN;
  if (!isComment(b, at + 1, end)) return false;
  let p = at + 5;
  line.nameFrom = p;
  if (isNameStart(b[p])) while (p < end && isGraphic(b[p])) p++;
  line.nameTo = p;
  return true;
}

/**
 * One line of function_graph text:
 *
 *     [abstime] [reltime] [" %*d) " cpu] [comm-pid, centred in 14, " | "] [flags] [duration] indent body
 *     ` 1)  qemu-sy-624   |  d..3. |   svm_sched_in [kvm_amd]();`
 *     ` 0)    node-218    |   0.471 us    |    fput();`
 *
 * Source of the columns: print_graph_prologue in the kernel's trace_functions_graph.c.
 */
function parseGraph(b: Uint8Array, from: number, end: number, line: Line): boolean {
  let p = skipClocks(b, from, end);
  line.columns = p > from ? Column.clock : 0;
  line.headFrom = p;
  line.cpu = UNKNOWN;
  line.tid = UNKNOWN;
  line.context = Context.none;

  const cpuFrom = skipSpaces(b, p, end);
  const cpuTo = skipDigits(b, cpuFrom, end);
  if (cpuTo > cpuFrom && b[cpuTo] === CLOSE_PAREN && b[cpuTo + 1] === SPACE) {
    line.cpu = number(b, cpuFrom, cpuTo);
    line.columns |= Column.cpu;
    p = cpuTo + 2;
    if (parseSwitch(b, p, end, line)) return true;
  }

  for (let bar = p + PROC_WIDTH + 1; bar + 1 < end; bar++) {
    if (b[bar] !== BAR) continue;
    if (b[bar - 1] !== SPACE || b[bar + 1] !== SPACE) continue;
    const tid = tidStart(b, p, bar - 1);
    if (tid < 0) break;
    let tidEnd = tid;
    while (DIGIT[b[tidEnd]] === 1) tidEnd++;
    line.tid = number(b, tid, tidEnd);
    line.columns |= Column.proc;
    p = bar + 2;
    break;
  }
  line.headTo = p;

  const flags = flagsWidth(b, p, end);
  if (flags > 0) {
    line.context = CONTEXT_OF[b[p + FLAGS_CONTEXT]];
    line.columns |= Column.flags;
    p += flags;
  }
  if (isArrow(b, p, end)) {
    line.kind = Kind.marker;
    return true;
  }
  const duration = durationWidth(b, p, end);
  if (duration > 0) {
    line.columns |= Column.duration;
    p += duration;
  }
  return parseIndented(b, p, end, line);
}

/** Indent, two spaces a level, and body. Sets depth, kind and name. */
function parseIndented(b: Uint8Array, at: number, end: number, line: Line): boolean {
  const body = skipSpaces(b, at, end);
  if (((body - at) & 1) !== 0) return false;
  line.depth = (body - at) >> 1;
  return parseBody(b, body, end, line);
}

/**
 * A switch of tasks, behind its CPU. A comm may hold an arrow: the one between two tasks counts.
 *
 *     ` 1)    <idle>-0    =>    node-479   `
 */
function parseSwitch(b: Uint8Array, at: number, end: number, line: Line): boolean {
  for (let p = at; p + 3 < end && b[p] !== BAR; p++) {
    if (b[p + 1] !== EQUALS || !startsWith(b, p, end, ' => ')) continue;
    const next = tidStart(b, p + 4, end);
    if (next < 0 || tidStart(b, at, p) < 0) continue;
    line.tid = number(b, next, skipDigits(b, next, end));
    line.kind = Kind.switch;
    return true;
  }
  return false;
}

/** Where an interrupt begins or ends, behind all columns: `  ==========> |`, `<==========`. */
function isArrow(b: Uint8Array, at: number, end: number): boolean {
  const arrow = skipSpaces(b, at, end);
  if (!startsWith(b, arrow, end, '==========>') && !startsWith(b, arrow, end, '<==========')) {
    return false;
  }
  const behind = arrow + 11;
  return skipSpaces(b, startsWith(b, behind, end, ' |') ? behind + 2 : behind, end) === end;
}

function text(b: Uint8Array, from: number, to: number): string {
  return latin1(b.subarray(from, to));
}

/**
 * A record of the function tracer or of trace-cmd's report, up to its event:
 *
 *     `            node-218   [001] d..2. 17284.993652: sys_close <-do_syscall_64`
 *     `            node-218   (    218) [001] d..2. 17284.993652: sys_close <-do_syscall_64`
 *     `            node-218   [001]    68.579378: funcgraph_entry:                   |  ksys_read() {`
 *     `    node-218     1d.h2. 17284us+: sys_close <-do_syscall_64`      (latency-format)
 */
const RECORD =
  /^(.+?-(\d+) +(?:\( *(?:\d+|-+)\) +)?(?:\[(\d+)\] +(?:([dDbX.][NnpBLbl.][ZzHhs.][0-9a-f.]{1,3}) +)?|(\d+)([dDbX.][NnpBLbl.][ZzHhs.][0-9a-f.]{1,3}) +))[\d.]+(?:us[ !+#*@$]?)?: +/;

/** trace-cmd's own names of the two function_graph records, with their duration column. */
const REPORT_GRAPH = /^funcgraph_(?:entry|exit): *(?:[!+#*@$] *)?(?:[\d.]+ us)? *\| {2}/;

/** `sys_close <-do_syscall_64`, `svm_sched_in [kvm_amd] <-kvm_sched_in [kvm]`, `fn(a=1) <-caller`. */
const CALL = /^([A-Za-z_.$0-9][^\s(<]*)(?:\(.*\))?(?: \[[^\]]+\])? <-([^\s(+]+)/;

/** trace-cmd indents a call below its callers, and names one only with `-O parent`. */
const REPORT_CALL = /^function: +([A-Za-z_.$0-9][^\s(+<]*)(?:\+0x[0-9a-f]+)?(?: +<-- ([^\s(+]+))?/;

function parseRecord(b: Uint8Array, from: number, end: number, line: Line): boolean {
  if (end - from > MAX_RECORD) return false;
  const s = text(b, from, end);
  const record = RECORD.exec(s);
  if (record === null) return false;
  line.columns = Column.cpu | Column.proc | Column.record;
  line.headFrom = from;
  line.headTo = from + record[1].length;
  line.tid = Number(record[2]);
  line.cpu = Number(record[3] ?? record[5]);
  const flags = record[4] ?? record[6];
  line.context = flags === undefined ? Context.none : CONTEXT_OF[flags.charCodeAt(2)];
  line.depth = 0;
  const eventAt = record[0].length;
  const event = s.slice(eventAt);
  const graph = REPORT_GRAPH.exec(event);
  if (graph !== null) return parseIndented(b, from + eventAt + graph[0].length, end, line);
  const call = REPORT_CALL.exec(event) ?? CALL.exec(event);
  if (call === null) {
    line.kind = Kind.event;
    line.nameFrom = line.nameTo = end;
    return /^[\w.]+:/.test(event);
  }
  line.kind = Kind.call;
  const callee = call[0].startsWith('function:') ? call[0].search(/(?<=:) *\S/) : 0;
  line.nameFrom = skipSpaces(b, from + eventAt + callee, end);
  line.nameTo = line.nameFrom + call[1].length;
  if (call[2] !== undefined) {
    line.parentTo = from + eventAt + call[0].length;
    line.parentFrom = line.parentTo - call[2].length;
  }
  return true;
}

/**
 * Lost events, as `trace`, `trace_pipe` and trace-cmd say it:
 *
 *     `CPU:1 [LOST EVENTS]`    `CPU:1 [LOST 123 EVENTS]`    `CPU:1 [123 EVENTS DROPPED]`
 */
const LOST = /^CPU: ?(\d+) \[(?:LOST )?(?:(\d+) )?EVENTS(?: DROPPED)?\]/;

/** ` ------------------------------------------ ` */
function isRule(b: Uint8Array, at: number, end: number): boolean {
  let p = at;
  while (p < end && b[p] === DASH) p++;
  return p > at && skipSpaces(b, p, end) === end;
}

/** With funcgraph-overrun, a line of its own behind each return: ` (Overruns: 0)`. */
function isOverruns(b: Uint8Array, at: number, end: number): boolean {
  if (!startsWith(b, at, end, '(Overruns: ')) return false;
  const digits = at + 11;
  const p = skipDigits(b, digits, end);
  return p > digits && b[p] === CLOSE_PAREN && skipSpaces(b, p + 1, end) === end;
}

/** Lines that trace-cmd prints before the first record. */
const REPORT_HEADER = /^(?:cpus=\d+|version = \d+|CPU \d+ is empty|trace-cmd version )/;

/**
 * Takes one line apart; `from` and `end` exclude the line's end. Whatever the line is, `line.kind` says
 * so; bytes that fit no known form are `unparsed`. Never throws.
 */
export function parseLine(b: Uint8Array, from: number, end: number, line: Line): void {
  line.depth = 0;
  line.parentFrom = line.parentTo = from;
  const first = skipSpaces(b, from, end);
  if (first === end) {
    line.kind = Kind.marker;
    return;
  }
  // A duration of 1 to 10 ms is marked with `#`, too: `# 1234.567 us |  fput();`
  if (b[from] === 0x23 && durationWidth(b, from, end) === 0) {
    line.kind = Kind.header;
    line.count = startsWith(b, from, end, '# tracer: ') ? 1 : 0;
    return;
  }
  if (isRule(b, first, end) || isOverruns(b, first, end)) {
    line.kind = Kind.marker;
    return;
  }
  if (parseGraph(b, from, end, line)) return;
  line.kind = Kind.unparsed;
  if (b[from] === 0x43 || b[from] === 0x63 || b[from] === 0x76 || b[from] === 0x74) {
    const s = text(b, from, end);
    const lost = LOST.exec(s);
    if (lost !== null) {
      line.kind = Kind.lost;
      line.cpu = Number(lost[1]);
      line.count = Number(lost[2] ?? 0);
      return;
    }
    if (REPORT_HEADER.test(s)) {
      line.kind = Kind.header;
      line.count = s.startsWith('cpus=') ? 1 : 0;
      return;
    }
  }
  if (!parseRecord(b, from, end, line)) line.kind = Kind.unparsed;
}
