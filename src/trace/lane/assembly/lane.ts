/**
 * The hot loop of every filter, in AssemblyScript (a strict subset of TypeScript that compiles to
 * WebAssembly): reads lines of exactly the form the ones before had, sixteen bytes at a time. What it is
 * and what it must agree with stands in ../../scan.ts; ../layout.ts says what lies where in its memory.
 */

import * as at from '../layout';
import {
  foresee,
  foundBody,
  foundFrom,
  foundIndent,
  foundTo,
  keepBody,
  knownLines,
  learn,
  learnColumns,
  readColumns,
  readKnown,
  turn,
} from './bodies';
import { hashOf, mix } from './hash';
import { findHead, sameHead } from './heads';
import { countHashed } from './names';
import {
  drop,
  enterKnownHead,
  enterSwitch,
  isClear,
  judge,
  solidCause,
  solidDepth,
  verdictsAtHand,
} from './regions';
import { findRoot, rootOf } from './roots';
import {
  durationWidth,
  flagsWidth,
  isClass,
  markerEnd,
  moduleEnd,
  skipClock,
  spaces,
  switchEnd,
} from './text';

export { knowHead } from './heads';
export { count } from './names';
export { addRoots } from './roots';
export {
  begin,
  head,
  judgeLine,
  judgeRegions,
  judgeTraced,
  lose,
  switchTasks,
  want,
} from './regions';

// Exported for no use outside: so the compiler leaves what is rare out of the loop, which V8 has to optimise
// while it runs, at a cost that grows with its size.
export { isBody, learn, learnColumns, readColumns, readKnown } from './bodies';
export { findHead } from './heads';
export { compareRoots } from './roots';
export { durationWidth, flagsWidth, moduleEnd, ruleEnd, skipClock, switchEnd } from './text';
export { judgeFound, passOther, readLine, suffixEnd, tailEnd };

/** `();\n`, `() {` and ` /* ` read as little-endian words. */
const LEAF_END: i32 = 0x0a3b2928;
const OPEN_END: i32 = 0x7b202928;
const TAIL_START: i32 = 0x202a2f20;

/** Bits of the bytes of `v` that end a name or begin a suffix: up to '.' or, being signed, above 0x7f. */
// @ts-expect-error: decorator
@inline
function stops(v: v128): i32 {
  return i8x16.bitmask(i8x16.lt_s(v, i8x16.splat(0x2f)));
}

/** Behind the line's end whose ` /* name ... *\/` begins at `p`, 0 if it is none. Sets NAME_TO. */
function tailEnd(p: i32): i32 {
  if (load<i32>(p) !== TAIL_START || !isClass(at.CLASS_NAME_START, p + 4)) return 0;
  let end = p + 4;
  while (load<u8>(end) > 0x20 && load<u8>(end) < 0x80) end++;
  store<i32>(at.NAME_TO, end);
  while (load<u8>(end) !== 0x0a) end++;
  // "*/"
  return end >= p + 7 && load<u16>(end - 2) === 0x2f2a ? end + 1 : 0;
}

/** Where the name that goes on at `p` with a compiler's suffix ends. */
function suffixEnd(from: i32): i32 {
  let p = from;
  while (load<u8>(p) > 0x28 && load<u8>(p) < 0x80) p++;
  return p;
}

/** Moves the kept bytes [from, to) behind those gathered before. */
export function gather(from: i32, to: i32): void {
  const kept = load<i32>(at.KEPT_TO);
  if (kept !== from) memory.copy(kept, from, to - from);
  store<i32>(at.KEPT_TO, kept + to - from);
}

/** No line has as large an indent. */
const ASK_ALL: i32 = i32.MAX_VALUE;

/** The form that is expected, as the words of layout.ts have it, and what follows from it. */
let headLength: i32 = 0;
let flagsLength: i32 = 0;
let clock: bool = false;
let duration: bool = false;
let mode: i32 = 0;
let judging: i32 = 0;
/** judge() is asked about lines. */
let regions: bool = false;
/** Nobody needs to be told of heads and switches. */
let alone: bool = false;
/** Lines can be read by their bodies, and there is nothing else in them. */
let known: bool = false;
let bare: bool = false;

/** The head at hand, and where it stands. */
let head: i32 = 0;
let headAt: i32 = 0;
/** The head before it, MAX_KNOWN_HEADS where it is not known: the lines of two CPUs often take turns. */
let headBefore: i32 = at.MAX_KNOWN_HEADS;
let linesBefore: i32 = 0;
let lines: i32 = 0;
let markers: i32 = 0;
let runFrom: i32 = 0;
/** ALL_DONE as long as the lane goes on. */
let result: i32 = 0;
/** A marker was passed over just now: what follows is hardly a line of the head at hand. */
let behindMarker: bool = false;

function expectForm(): void {
  headLength = load<i32>(at.HEAD_LENGTH);
  flagsLength = load<i32>(at.FLAGS_LENGTH);
  clock = load<i32>(at.CLOCK) !== 0;
  duration = load<i32>(at.DURATION) !== 0;
  mode = load<i32>(at.MODE);
  judging = load<i32>(at.JUDGING);
  regions = judging === at.JUDGE_REGIONS;
  alone = judging !== at.ASK_CODE && (mode & at.MODE_TASKS) === 0;
  bare = flagsLength === 0 && !clock;
  known =
    alone &&
    (mode & (at.MODE_EACH | at.MODE_RUNS)) === 0 &&
    headLength >= 16 &&
    headLength <= 32 &&
    (flagsLength === 0 || flagsLength === at.USUAL_FLAGS) &&
    !duration;
  head = load<i32>(at.HEAD_ID);
  headAt = at.HEAD;
  headBefore = at.MAX_KNOWN_HEADS;
  linesBefore = 0;
  lines = 0;
  markers = 0;
  runFrom = load<i32>(at.RUN_FROM);
  result = at.ALL_DONE;
}

/** Adds the lines since the last call to those of the head at hand. */
function addLines(): void {
  const counter = at.HEAD_LINES + (head << 2);
  store<i32>(counter, load<i32>(counter) + lines - linesBefore);
  linesBefore = lines;
}

/** Ends the run of kept lines in front of `s`; the next one begins at `next` at the earliest. */
// @ts-expect-error: decorator
@inline
function endRun(s: i32, next: i32): void {
  if ((mode & at.MODE_GATHER) !== 0 && s !== runFrom) gather(runFrom, s);
  runFrom = next;
}

/** Reads lines by their bodies; returns where the first one stands of which there is more to be read. */
function readBodies(from: i32, to: i32): i32 {
  let s = from;
  while (s < to) {
    const solid = regions ? solidDepth() : at.ALL_DEPTHS;
    const drops = solid !== at.ALL_DEPTHS;
    const asks = !drops && regions && !isClear();
    const least = drops ? (solid + 1) << 1 : asks ? ASK_ALL : 0;
    const dropped = drops ? at.DROPPED + (solidCause() << 3) : 0;
    const start = s;
    if (bare) {
      s = readKnown(s, to, headAt, headLength, least, dropped);
    } else {
      if (asks) break;
      const hasFlags = flagsLength !== 0;
      const verdicts = verdictsAtHand();
      s = readColumns(s, to, headAt, headLength, clock, hasFlags, verdicts, least, dropped);
    }
    lines += knownLines;
    if (drops && s !== start) endRun(start, s);
    if (s === to || !bare || foundBody === 0 || !judgeFound(s)) break;
    s = foundTo + 1;
  }
  return s;
}

/** Judges the line at `s`, whose body is known; false if it has to be read all the same. */
function judgeFound(s: i32): bool {
  const body = foundBody;
  const kind: i32 = load<u8>(body + at.BODY_KIND);
  let counter = load<i32>(body + at.BODY_COUNTER);
  const names = (mode & at.MODE_NAMES) !== 0 && kind !== at.KIND_CLOSE;
  const root: i32 = load<i16>(body + at.BODY_ROOT);
  const depth = foundIndent >> 1;
  const code = regions ? judge(kind, at.CONTEXT_NONE, depth, root) : at.KEEP_CODE;
  lines++;
  if (code !== at.KEEP_CODE) {
    endRun(s, foundTo + 1);
    return true;
  }
  if (counter !== 0) {
    store<i64>(counter, load<i64>(counter) + 1);
    return true;
  }
  counter = at.NOT_COUNTED;
  if (names) {
    const length: i32 = load<u8>(body + at.BODY_NAME);
    counter = countHashed(foundFrom, length, hashOf(foundFrom, length));
    if (counter === 0) {
      result = at.FULL;
      return false;
    }
  }
  keepBody(body, counter);
  return true;
}

// @ts-expect-error: decorator
@inline
function placeOfHead(id: i32): i32 {
  return at.KNOWN_HEADS + (id << 6) + 4;
}

/** The number of the head at `p`, which is not the one at hand, -1 if it is not known. */
// @ts-expect-error: decorator
@inline
function otherHead(p: i32): i32 {
  return headBefore < at.MAX_KNOWN_HEADS && sameHead(p, placeOfHead(headBefore), headLength)
    ? headBefore
    : findHead(p, headLength);
}

/**
 * Passes over the line at `s` that has another head at `p`, or none: to its own place, where it is one that
 * is known and goes on, or behind it, where it is a marker or a switch. Sets `result` where it is neither.
 */
function passOther(s: i32, p: i32): i32 {
  let behind = markerEnd(s);
  if (behind === 0) {
    const id = otherHead(p);
    if (id >= 0) {
      headAt = placeOfHead(id);
      if (!alone) {
        store<i32>(at.TURN_TO, id);
        result = at.TURN;
        return s;
      }
      addLines();
      turn(head, id);
      headBefore = head;
      head = id;
      if (regions) enterKnownHead(id);
      return s;
    }
    behind = switchEnd(s);
    if (behind === 0) {
      result = at.STOP;
      return s;
    }
    if (behind - s <= at.MAX_LINE + 1) {
      if (!alone) {
        result = at.SWITCH;
        return s;
      }
      if (regions) enterSwitch(load<i32>(at.SWITCH_CPU), load<i32>(at.SWITCH_TID));
    }
  }
  if (behind - s > at.MAX_LINE + 1) {
    result = at.STOP;
    return s;
  }
  markers++;
  behindMarker = true;
  if ((mode & at.MODE_RUNS) !== 0 && s !== runFrom) {
    store<i32>(at.RUN_TO, s);
    result = at.RUN;
    return behind;
  }
  endRun(s, behind);
  return behind;
}

/** Reads the columns of the line at `s` behind its clock, which ends at `clockEnd`, and its head, at `headFrom`. */
function readLine(s: i32, clockEnd: i32, headFrom: i32): i32 {
  result = at.STOP;
  let p = headFrom + headLength;
  let context = 0;
  const flagsAt = p;
  if (flagsLength !== 0) {
    if (flagsWidth(p) !== flagsLength) return s;
    context = load<u8>(at.CLASS_CONTEXT + load<u8>(p + 3));
    p += flagsLength;
  }
  if (duration) {
    const width = durationWidth(p);
    if (width === 0) return s;
    p += width;
  }
  const indent = spaces(p);
  if ((indent & 1) !== 0) return s;
  p += indent;
  const depth = indent >> 1;

  let kind: i32 = at.KIND_CLOSE;
  let nameFrom = p;
  let nameTo = p;
  let next = p + 2;
  let root = at.NO_ROOT;
  let hash: u64 = 0;
  const first: i32 = load<u8>(p);
  if (first !== 0x7d) {
    if (load<u8>(at.CLASS_NAME_START + first) === 0) return s;
    let v = v128.load(p);
    let end = stops(v);
    while (end === 0) {
      hash = mix(hash, v);
      nameTo += 16;
      v = v128.load(nameTo);
      end = stops(v);
    }
    const rest = ctz(end);
    if (rest !== 0) hash = mix(hash, v128.and(v, v128.load(at.TAIL_MASKS + 48 - rest)));
    nameTo += rest;
    if (load<u8>(nameTo) === 0x2e) {
      nameTo = suffixEnd(nameTo);
      root = rootOf(nameFrom, nameTo);
      hash = hashOf(nameFrom, nameTo - nameFrom);
    } else {
      root = findRoot(nameFrom, nameTo, nameTo, hash);
    }
    // " [": `svm_sched_in [kvm_amd]();`
    next = load<u16>(nameTo) === 0x5b20 ? moduleEnd(nameTo) : nameTo;
    const after = load<i32>(next);
    if (after === LEAF_END) {
      kind = at.KIND_LEAF;
      next += 4;
    } else if (after === OPEN_END && load<u8>(next + 4) === 0x0a) {
      kind = at.KIND_OPEN;
      next += 5;
    } else {
      return s;
    }
  } else if (load<u8>(p + 1) !== 0x0a) {
    nameFrom = p + 5;
    next = tailEnd(p + 1);
    if (next === 0) return s;
    nameTo = load<i32>(at.NAME_TO);
  }

  if (next - s > at.MAX_LINE + 1) return s;
  let code = judging;
  if (regions) {
    if (depth > solidDepth()) code = drop(solidCause());
    else if (isClear() && context === at.CONTEXT_NONE && root === at.NO_ROOT) code = at.KEEP_CODE;
    else code = judge(kind, context, depth, root);
  }
  const keep = code === at.KEEP_CODE;
  if (code === at.ASK_CODE || (keep && (mode & at.MODE_EACH) !== 0)) {
    result = keep ? at.KEPT : at.ASK;
    store<i32>(at.KIND, kind);
    store<i32>(at.CONTEXT, context);
    store<i32>(at.DEPTH, depth);
    store<i32>(at.NAME_FROM, nameFrom);
    store<i32>(at.NAME_TO, nameTo);
    store<i32>(at.NEXT, next);
    return s;
  }
  lines++;
  let counter = 0;
  if (keep) {
    counter = at.NOT_COUNTED;
    if ((mode & at.MODE_NAMES) !== 0 && kind !== at.KIND_CLOSE) {
      counter = countHashed(nameFrom, nameTo - nameFrom, hash);
      if (counter === 0) {
        result = at.FULL;
        return s;
      }
    }
  } else if ((mode & at.MODE_RUNS) !== 0 && s !== runFrom) {
    // The line itself is done with: the run ends in front of it, the next begins behind.
    store<i32>(at.RUN_TO, s);
    result = at.RUN;
    return next;
  } else {
    endRun(s, next);
  }
  result = at.ALL_DONE;
  if (known) {
    // Where contexts and roots matter, lines of another context are read one by one.
    const asks = regions && context > at.CONTEXT_TASK;
    if (!regions) root = at.NO_ROOT;
    learn(p, next - 1, indent, kind, nameTo - nameFrom, root, asks ? 0 : counter);
    if (keep && !asks && root === at.NO_ROOT && !bare && headFrom === clockEnd) {
      learnColumns(s, clockEnd, flagsAt, flagsLength !== 0);
    }
  }
  return next;
}

/**
 * Reads lines from `from` up to `to`, where a line ends, and says why it stopped; AT is where. STOP: the
 * line there is not of the expected form. ASK: its verdict is somebody else's. KEPT: a line is kept and
 * each is wanted. FULL: its name finds no room. RUN: a run of kept lines ends there. TURN, SWITCH: another
 * known head goes on, a switch of tasks stands there, and somebody else must know. What is known of the
 * line stands in KIND to NEXT.
 */
export function lane(from: i32, to: i32): i32 {
  expectForm();
  let s = from;
  while (s < to) {
    if (known && !behindMarker) {
      s = readBodies(s, to);
      if (s === to || result !== at.ALL_DONE) break;
    }
    behindMarker = false;
    let clockEnd = s;
    let p = s;
    if (clock) {
      clockEnd = skipClock(s);
      p = clockEnd === s ? s : skipClock(clockEnd);
      // Without a clock and without a head, it is a line of another form.
      if (clockEnd === s && headLength === 0) {
        result = at.STOP;
        break;
      }
    }
    if (!sameHead(p, headAt, headLength)) s = passOther(s, p);
    // The depth of a task that goes on is any: with the right one, the line may have a known body.
    else if (!known || !bare || !foresee(p + headLength)) s = readLine(s, clockEnd, p);
    if (result !== at.ALL_DONE) break;
  }
  addLines();
  if (headAt !== at.HEAD) memory.copy(at.HEAD, headAt, headLength);
  store<i32>(at.RUN_FROM, runFrom);
  store<i32>(at.LINES, lines);
  store<i32>(at.MARKERS, markers);
  store<i32>(at.AT, s);
  store<i32>(at.HEAD_ID, head);
  return result;
}
