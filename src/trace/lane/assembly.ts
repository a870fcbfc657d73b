/**
 * The hot loop of every filter, in AssemblyScript (a strict subset of TypeScript that compiles to
 * WebAssembly): reads lines of exactly the form the ones before had, sixteen bytes at a time. What it is
 * and what it must agree with stands in ../scan.ts; layout.ts says what lies where in its memory.
 */

import {
  ALL_DEPTHS,
  ALL_DONE,
  ARENA,
  ASK,
  AT,
  BIG_SLOTS,
  BIG_SLOTS_LOG2,
  CLASS_CONTEXT,
  CLASS_DEPTH_CHAR,
  CLASS_DIGIT,
  CLASS_DURATION,
  CLASS_IRQS_OFF,
  CLASS_MARK,
  CLASS_NAME_START,
  CLASS_NEED_RESCHED,
  CLEAR,
  CLOCK,
  CONTEXT,
  COUNTS,
  DEPTH,
  DURATION,
  ENTRIES,
  FLAGS_LENGTH,
  HEAD,
  HEAD_CLEAR,
  HEAD_COUNT,
  HEAD_ID,
  HEAD_LENGTH,
  HEAD_LINES,
  HEAD_SLOTS,
  HEAD_SLOTS_LOG2,
  KEPT,
  KIND,
  KIND_CLOSE,
  KIND_LEAF,
  KIND_OPEN,
  KNOWN_HEADS,
  LINES,
  MARKERS,
  MAX_ARENA,
  MAX_KNOWN_HEAD,
  MAX_KNOWN_HEADS,
  MAX_NAMES,
  MODE,
  MODE_EACH,
  MODE_NAMES,
  MODE_RUNS,
  NAME_FROM,
  NAME_TO,
  NAMES,
  NEXT,
  RUN,
  RUN_FROM,
  SLOTS,
  SLOTS_LOG2,
  SOLID_DEPTH,
  STOP,
  SUSPECTS,
  SUSPECTS_LOG2,
  TAIL_MASKS,
  TURN,
  SWITCH,
  SWITCH_CPU,
  SWITCH_TID,
  MODE_GATHER,
  KEPT_TO,
  TURN_TO,
  MAX_LINE,
  SOLID_CAUSE,
  FRAME_DEPTH,
  CONTEXTS,
  CONTEXT_TASK,
  ASK_CODE,
  KEEP_CODE,
  DROP_CODE,
  VERDICTS,
  DEPTHS,
  DROPPED_BY,
  RUN_TO,
  SUSPECT,
  SUSPECT_NAMES,
  MAX_SUSPECT_NAME,
  NO_SUSPECT,
  LOOK,
} from './layout';

/** `();\n`, `() {` and ` /* ` read as little-endian words. */
const LEAF_END: i32 = 0x0a3b2928;
const OPEN_END: i32 = 0x7b202928;
const TAIL_START: i32 = 0x202a2f20;

let names: i32 = 0;
let arenaUsed: i32 = 0;
let slots: i32 = SLOTS;
let slotMask: i32 = (1 << SLOTS_LOG2) - 1;

/** Number of spaces at `p`. */
// @ts-expect-error: decorator
@inline
function spaces(p: i32): i32 {
  let q = p;
  let other = others(q);
  while (other === 0) {
    q += 16;
    other = others(q);
  }
  return q + ctz(other) - p;
}

/** Bits of the bytes at `p` that are no spaces. */
// @ts-expect-error: decorator
@inline
function others(p: i32): i32 {
  return ~i8x16.bitmask(i8x16.eq(v128.load(p), i8x16.splat(0x20))) & 0xffff;
}

// @ts-expect-error: decorator
@inline
function isClass(classAt: i32, p: i32): bool {
  return load<u8>(classAt + load<u8>(p)) !== 0;
}

/** As skipClock in line.ts: behind one column of clock, or `at` when there is none. */
function skipClock(at: i32): i32 {
  let p = at + spaces(at);
  const digits = p;
  while (isClass(CLASS_DIGIT, p)) p++;
  if (p === digits) return at;
  if (load<u8>(p) === 0x2e) {
    const fraction = p + 1;
    p = fraction;
    while (isClass(CLASS_DIGIT, p)) p++;
    // " |  "
    return p - fraction === 6 && load<i32>(p) === 0x20207c20 ? p + 4 : at;
  }
  // " us |  "
  return load<i32>(p) === 0x20737520 && load<i32>(p + 3) === 0x20207c20 ? p + 7 : at;
}

/** As flagsWidth in line.ts. */
function flagsWidth(at: i32): i32 {
  if (
    load<u8>(at) !== 0x20 ||
    !isClass(CLASS_IRQS_OFF, at + 1) ||
    !isClass(CLASS_NEED_RESCHED, at + 2) ||
    !isClass(CLASS_CONTEXT, at + 3)
  ) {
    return 0;
  }
  let p = at + 4;
  while (isClass(CLASS_DEPTH_CHAR, p)) p++;
  // " | "
  return p > at + 4 && p < at + 8 && (load<i32>(p) & 0xffffff) === 0x207c20 ? p + 3 - at : 0;
}

/** As durationWidth in line.ts. */
function durationWidth(at: i32): i32 {
  if (!isClass(CLASS_MARK, at) || load<u8>(at + 1) !== 0x20) return 0;
  let p = at + 2;
  while (isClass(CLASS_DURATION, p)) p++;
  // "|  "
  return p - at >= 14 && (load<i32>(p) & 0xffffff) === 0x20207c ? p + 3 - at : 0;
}

/** Whether the line at `p` begins with the head that is expected. */
// @ts-expect-error: decorator
@inline
function isHead(p: i32, length: i32): bool {
  if (length >= 16) {
    for (let i = 0; i + 16 < length; i += 16) {
      const same = i8x16.eq(v128.load(p + i), v128.load(HEAD + i));
      if (!i8x16.all_true(same)) return false;
    }
    const last = length - 16;
    return i8x16.all_true(i8x16.eq(v128.load(p + last), v128.load(HEAD + last)));
  }
  for (let i = 0; i < length; i++) {
    if (load<u8>(p + i) !== load<u8>(HEAD + i)) return false;
  }
  return true;
}

/** The slot of a head by its end, where the tid stands. Heads of 16 bytes and more only. */
function headSlot(p: i32, length: i32): i32 {
  return <i32>(mix(length, v128.load(p + length - 16)) >>> (64 - HEAD_SLOTS_LOG2));
}

/** Remembers the head [from, from + length) under the number `id`, if it fits. */
export function knowHead(from: i32, length: i32, id: i32): void {
  if (length < 16 || length > MAX_KNOWN_HEAD || id >= MAX_KNOWN_HEADS) return;
  const mask = (1 << HEAD_SLOTS_LOG2) - 1;
  let slot = headSlot(from, length);
  while (load<i32>(HEAD_SLOTS + (slot << 2)) !== 0) slot = (slot + 1) & mask;
  store<i32>(HEAD_SLOTS + (slot << 2), id + 1);
  store<i32>(KNOWN_HEADS + (id << 6), length);
  memory.copy(KNOWN_HEADS + (id << 6) + 4, from, length);
}

/** The number of the head of `length` at `p`, -1 if it is not known. */
function findHead(p: i32, length: i32): i32 {
  if (length < 16 || length > MAX_KNOWN_HEAD) return -1;
  const mask = (1 << HEAD_SLOTS_LOG2) - 1;
  let slot = headSlot(p, length);
  let id = load<i32>(HEAD_SLOTS + (slot << 2)) - 1;
  while (id >= 0) {
    const known = KNOWN_HEADS + (id << 6);
    if (load<i32>(known) === length && memory.compare(known + 4, p, length) === 0) return id;
    slot = (slot + 1) & mask;
    id = load<i32>(HEAD_SLOTS + (slot << 2)) - 1;
  }
  return -1;
}

/** Behind the blank line or rule at `s`; 0 if it is neither. */
function markerEnd(s: i32): i32 {
  if (load<u8>(s) === 0x0a) return s + 1;
  if (load<i32>(s) !== 0x2d2d2d20) return 0;
  let p = s + 4;
  while (load<u8>(p) === 0x2d) p++;
  return load<u8>(p) === 0x0a ? p + 1 : 0;
}

/** The number in [from, to), -1 if it is longer than any CPU's or thread's. */
function decimal(from: i32, to: i32): i32 {
  if (to === from || to - from > 9) return -1;
  let n = 0;
  for (let p = from; p < to; p++) n = n * 10 + load<u8>(p) - 0x30;
  return n;
}

/** As tidStart in line.ts: where the tid of the field [from, to) begins, -1 if it has none. */
function tidStart(from: i32, to: i32): i32 {
  let p = to;
  while (p > from && isClass(CLASS_DIGIT, p - 1)) p--;
  return p < to && p > from && load<u8>(p - 1) === 0x2d && load<u8>(from) !== 0x7c ? p : -1;
}

/** Behind the last byte of [from, to) that is no space. */
function trimmed(from: i32, to: i32): i32 {
  let p = to;
  while (p > from && load<u8>(p - 1) === 0x20) p--;
  return p;
}

/**
 * Behind the switch of tasks at `s`, 0 if it is none: ` 1)    <idle>-0    =>    node-479   `. Sets CPU
 * and tid. Only the plainest form, with one arrow and no bar; the slow lane reads the others.
 */
function switchEnd(s: i32): i32 {
  const cpuFrom = s + spaces(s);
  let p = cpuFrom;
  while (isClass(CLASS_DIGIT, p)) p++;
  const cpu = decimal(cpuFrom, p);
  // ") "
  if (cpu < 0 || load<u16>(p) !== 0x2029) return 0;
  const from = p + 2;
  let arrow = 0;
  for (p = from; load<u8>(p) !== 0x0a; p++) {
    if (load<u8>(p) === 0x7c) return 0;
    // " => "
    if (load<i32>(p) !== 0x203e3d20) continue;
    if (arrow !== 0) return 0;
    arrow = p;
  }
  if (arrow === 0) return 0;
  const end = trimmed(arrow + 4, p);
  const next = tidStart(arrow + 4, end);
  if (next < 0 || tidStart(from, trimmed(from, arrow)) < 0) return 0;
  const tid = decimal(next, end);
  if (tid < 0) return 0;
  store<i32>(SWITCH_CPU, cpu);
  store<i32>(SWITCH_TID, tid);
  store<i32>(NEXT, p + 1);
  return p + 1;
}

/** Behind the ` [module]` at `p`; `p` itself if it is not well-formed, where no bracket stands. */
function moduleEnd(p: i32): i32 {
  let q = p + 2;
  while (load<u8>(q) > 0x20 && load<u8>(q) < 0x80 && load<u8>(q) !== 0x5d) q++;
  return load<u8>(q) === 0x5d && q > p + 2 ? q + 1 : p;
}

/** Bits of the bytes of `v` that are dots, where a compiler's suffix begins. */
// @ts-expect-error: decorator
@inline
function dots(v: v128): i32 {
  return i8x16.bitmask(i8x16.eq(v, i8x16.splat(0x2e)));
}

/** Bits of the bytes of `v` that end a name: below ')' or above 0x7f. */
// @ts-expect-error: decorator
@inline
function nameEnds(v: v128): i32 {
  return i8x16.bitmask(i8x16.lt_u(v, i8x16.splat(0x29))) | i8x16.bitmask(v);
}

// @ts-expect-error: decorator
@inline
function mix(hash: u64, v: v128): u64 {
  const low = (hash ^ i64x2.extract_lane(v, 0)) * 0x9e3779b97f4a7c15;
  const high = ((low ^ (low >> 29)) ^ i64x2.extract_lane(v, 1)) * 0xbf58476d1ce4e5b9;
  return high ^ (high >> 32);
}

/** The first `length` bytes at `p`, at most 16, the others zero. */
// @ts-expect-error: decorator
@inline
function head16(p: i32, length: i32): v128 {
  const v = v128.load(p);
  return length >= 16 ? v : v128.and(v, v128.load(TAIL_MASKS + 16 - length));
}

function isEntry(entry: i32, from: i32, length: i32): bool {
  if (load<i32>(entry + 8) !== length) return false;
  const start = load<i32>(entry + 4);
  for (let i = 0; i < length; i += 16) {
    const same = i8x16.eq(head16(from + i, length - i), v128.load(start + i));
    if (!i8x16.all_true(same)) return false;
  }
  return true;
}

function hashOf(from: i32, length: i32): u64 {
  let hash: u64 = 0;
  for (let i = 0; i < length; i += 16) hash = mix(hash, head16(from + i, length - i));
  return hash;
}

/** Makes the name [from, to) suspect under a number below MAX_SUSPECTS. */
export function suspect(from: i32, to: i32, number: i32): void {
  const mask = (1 << SUSPECTS_LOG2) - 1;
  let slot = <i32>(hashOf(from, to - from) >>> (64 - SUSPECTS_LOG2));
  while (load<u8>(SUSPECTS + slot) !== 0) slot = (slot + 1) & mask;
  store<u8>(SUSPECTS + slot, number + 1);
  memory.copy(SUSPECT_NAMES + number * MAX_SUSPECT_NAME, from, to - from);
}

/** The number of the suspect name of `length` at `from`, whose hash is `hash`; NO_SUSPECT if it is none. */
// @ts-ignore: decorator
@inline
function findSuspect(from: i32, length: i32, hash: u64): i32 {
  const slot = <i32>(hash >>> (64 - SUSPECTS_LOG2));
  return load<u8>(SUSPECTS + slot) === 0 ? NO_SUSPECT : compareSuspects(from, length, slot);
}

function compareSuspects(from: i32, length: i32, first: i32): i32 {
  if (length >= MAX_SUSPECT_NAME) return NO_SUSPECT;
  const mask = (1 << SUSPECTS_LOG2) - 1;
  let slot = first;
  let number = <i32>load<u8>(SUSPECTS + slot) - 1;
  while (number >= 0) {
    const name = SUSPECT_NAMES + number * MAX_SUSPECT_NAME;
    if (memory.compare(name, from, length) === 0 && load<u8>(name + length) === 0) return number;
    slot = (slot + 1) & mask;
    number = <i32>load<u8>(SUSPECTS + slot) - 1;
  }
  return NO_SUSPECT;
}

/** Counts the name [from, to). False when there is no room for another name. */
export function count(from: i32, to: i32): bool {
  return countHashed(from, to - from, hashOf(from, to - from));
}

function countHashed(from: i32, length: i32, hash: u64): bool {
  const short = <i32>hash;
  let slot = short & slotMask;
  let id = load<i32>(slots + (slot << 2)) - 1;
  while (id >= 0) {
    const entry = ENTRIES + (id << 4);
    if (load<i32>(entry) === short && isEntry(entry, from, length)) {
      const counter = COUNTS + (id << 3);
      store<f64>(counter, load<f64>(counter) + 1);
      return true;
    }
    slot = (slot + 1) & slotMask;
    id = load<i32>(slots + (slot << 2)) - 1;
  }
  return add(from, length, short, slot);
}

function add(from: i32, length: i32, hash: i32, slot: i32): bool {
  const room = (length + 15) & ~15;
  if (names >= MAX_NAMES || arenaUsed + room > MAX_ARENA) return false;
  const start = ARENA + arenaUsed;
  for (let i = 0; i < length; i += 16) v128.store(start + i, head16(from + i, length - i));
  arenaUsed += room;
  const entry = ENTRIES + (names << 4);
  store<i32>(entry, hash);
  store<i32>(entry + 4, start);
  store<i32>(entry + 8, length);
  store<f64>(COUNTS + (names << 3), 1);
  names++;
  store<i32>(NAMES, names);
  store<i32>(slots + (slot << 2), names);
  if (slots === SLOTS && names << 1 > slotMask) rehash();
  return true;
}

/** From the table that fits the first-level cache, enough for any real trace, to one for all names. */
function rehash(): void {
  slots = BIG_SLOTS;
  slotMask = (1 << BIG_SLOTS_LOG2) - 1;
  for (let id = 0; id < names; id++) {
    let slot = load<i32>(ENTRIES + (id << 4)) & slotMask;
    while (load<i32>(slots + (slot << 2)) !== 0) slot = (slot + 1) & slotMask;
    store<i32>(slots + (slot << 2), id + 1);
  }
}

/** Moves the kept bytes [from, to) behind those gathered before. */
export function gather(from: i32, to: i32): void {
  const kept = load<i32>(KEPT_TO);
  if (kept !== from) memory.copy(kept, from, to - from);
  store<i32>(KEPT_TO, kept + to - from);
}

/**
 * Reads lines from `from` up to `to`, where a line ends, and says why it stopped; AT is where. STOP: the
 * line there is not of the expected form. ASK: the gate leaves its line open. KEPT: a line is kept and
 * each is wanted. RUN: a run of kept lines ends there. TURN: another known head goes on.
 * SWITCH: a switch of tasks stands there. What is known of the line stands in KIND to NEXT.
 */
export function lane(from: i32, to: i32): i32 {
  const headLength = load<i32>(HEAD_LENGTH);
  const flagsLength = load<i32>(FLAGS_LENGTH);
  const clock = load<i32>(CLOCK) !== 0;
  const duration = load<i32>(DURATION) !== 0;
  const solidDepth = load<i32>(SOLID_DEPTH);
  const solidCause = load<i32>(SOLID_CAUSE);
  const frameDepth = load<i32>(FRAME_DEPTH);
  const clear = load<i32>(CLEAR) !== 0;
  const mode = load<i32>(MODE);
  const open = clear && solidDepth === ALL_DEPTHS && (mode & MODE_EACH) === 0;
  let head = load<i32>(HEAD_ID);
  let linesBefore = 0;
  let runFrom = load<i32>(RUN_FROM);
  let lines = 0;
  let markers = 0;
  let result = ALL_DONE;
  let s = from;
  while (s < to) {
    result = STOP;
    let p = s;
    if (clock) {
      p = skipClock(s);
      if (p !== s) p = skipClock(p);
    }
    if (!isHead(p, headLength)) {
      const behind = markerEnd(s);
      if (behind === 0) {
        const id = findHead(p, headLength);
        if (id < 0) {
          if (switchEnd(s) !== 0) result = SWITCH;
          break;
        }
        memory.copy(HEAD, p, headLength);
        // Two tasks with nothing open, on two CPUs: nobody needs to be told.
        if (open && head >= 0 && load<u8>(HEAD_CLEAR + id) !== 0) {
          const counter = HEAD_LINES + (head << 2);
          store<i32>(counter, load<i32>(counter) + lines - linesBefore);
          linesBefore = lines;
          head = id;
          result = ALL_DONE;
          continue;
        }
        store<i32>(TURN_TO, id);
        result = TURN;
        break;
      }
      if ((mode & MODE_RUNS) !== 0 && s !== runFrom) {
        store<i32>(RUN_TO, s);
        markers++;
        s = behind;
        result = RUN;
        break;
      }
      if ((mode & MODE_GATHER) !== 0 && s !== runFrom) gather(runFrom, s);
      markers++;
      s = runFrom = behind;
      result = ALL_DONE;
      continue;
    }
    p += headLength;
    let context = 0;
    if (flagsLength !== 0) {
      if (flagsWidth(p) !== flagsLength) break;
      context = load<u8>(CLASS_CONTEXT + load<u8>(p + 3));
      p += flagsLength;
    }
    if (duration) {
      const width = durationWidth(p);
      if (width === 0) break;
      p += width;
    }
    const indent = spaces(p);
    if ((indent & 1) !== 0) break;
    p += indent;
    const depth = indent >> 1;

    let kind: i32 = KIND_CLOSE;
    let nameFrom = p;
    let nameTo = p;
    let next = p + 2;
    let suspected = NO_SUSPECT;
    let hash: u64 = 0;
    const first: i32 = load<u8>(p);
    if (first !== 0x7d) {
      if (load<u8>(CLASS_NAME_START + first) === 0) break;
      let v = v128.load(p);
      let dot = dots(v);
      let ends = nameEnds(v);
      while (ends === 0) {
        hash = mix(hash, v);
        nameTo += 16;
        v = v128.load(nameTo);
        dot |= dots(v);
        ends = nameEnds(v);
      }
      const rest = ctz(ends);
      if (rest !== 0) hash = mix(hash, v128.and(v, v128.load(TAIL_MASKS + 16 - rest)));
      nameTo += rest;
      let baseTo = nameTo;
      let base = hash;
      if (dot !== 0) {
        baseTo = nameFrom;
        while (baseTo < nameTo && load<u8>(baseTo) !== 0x2e) baseTo++;
        if (baseTo < nameTo) base = hashOf(nameFrom, baseTo - nameFrom);
      }
      suspected = findSuspect(nameFrom, baseTo - nameFrom, base);
      if (suspected !== NO_SUSPECT && baseTo < nameTo) suspected = LOOK;
      // " [": `svm_sched_in [kvm_amd]();`
      const end = load<u16>(nameTo) === 0x5b20 ? moduleEnd(nameTo) : nameTo;
      const after = load<i32>(end);
      if (after === LEAF_END) {
        kind = KIND_LEAF;
        next = end + 4;
      } else if (after === OPEN_END && load<u8>(end + 4) === 0x0a) {
        kind = KIND_OPEN;
        next = end + 5;
      } else {
        break;
      }
    } else if (load<u8>(p + 1) !== 0x0a) {
      if (load<i32>(p + 1) !== TAIL_START || !isClass(CLASS_NAME_START, p + 5)) break;
      nameFrom = p + 5;
      nameTo = nameFrom;
      while (load<u8>(nameTo) > 0x20 && load<u8>(nameTo) < 0x80) nameTo++;
      next = nameTo;
      while (load<u8>(next) !== 0x0a) next++;
      // "*/"
      if (next < p + 8 || load<u16>(next - 2) !== 0x2f2a) break;
      next++;
    }

    if (next - s > MAX_LINE + 1) break;
    // KEEP_CODE, ASK_CODE, or DROP_CODE with a cause.
    let code = ASK_CODE;
    if (depth > solidDepth) {
      code = DROP_CODE + solidCause;
    } else if (suspected !== NO_SUSPECT) {
      code = ASK_CODE;
    } else if (context === 0) {
      if (clear) code = KEEP_CODE;
    } else if (depth > frameDepth && depth < DEPTHS && head >= 0) {
      const verdict = VERDICTS + head * DEPTHS + depth;
      if (kind === KIND_CLOSE) {
        code = load<u8>(verdict);
        if (code !== ASK_CODE) store<u8>(verdict, ASK_CODE);
        else if (context === CONTEXT_TASK) code = KEEP_CODE;
      } else {
        code = load<u8>(CONTEXTS + context - CONTEXT_TASK);
        if (kind === KIND_OPEN && code !== ASK_CODE) store<u8>(verdict, code);
      }
    }
    const keep = code === KEEP_CODE;
    if (code === ASK_CODE) result = ASK;
    if (result === ASK || (keep && (mode & MODE_EACH) !== 0)) {
      if (keep) result = KEPT;
      store<i32>(KIND, kind);
      store<i32>(SUSPECT, suspected);
      store<i32>(CONTEXT, context);
      store<i32>(DEPTH, depth);
      store<i32>(NAME_FROM, nameFrom);
      store<i32>(NAME_TO, nameTo);
      store<i32>(NEXT, next);
      break;
    }
    if (keep) {
      // A name that finds no room is left to the slow lane, which says so.
      if (
        (mode & MODE_NAMES) !== 0 && kind !== KIND_CLOSE &&
        !countHashed(nameFrom, nameTo - nameFrom, hash)
      ) {
        result = STOP;
        break;
      }
    } else {
      const counter = DROPPED_BY + ((code - DROP_CODE) << 2);
      store<i32>(counter, load<i32>(counter) + 1);
      if ((mode & MODE_RUNS) !== 0 && s !== runFrom) {
        // The line itself is done with: the run ends in front of it, the next begins behind.
        store<i32>(RUN_TO, s);
        lines++;
        s = next;
        result = RUN;
        break;
      }
      if ((mode & MODE_GATHER) !== 0 && s !== runFrom) gather(runFrom, s);
      runFrom = next;
    }
    lines++;
    s = next;
    result = ALL_DONE;
  }
  store<i32>(RUN_FROM, runFrom);
  store<i32>(LINES, lines);
  store<i32>(MARKERS, markers);
  store<i32>(AT, s);
  store<i32>(HEAD_ID, head);
  store<i32>(HEAD_COUNT, lines - linesBefore);
  return result;
}
