/**
 * The hot loop of every filter, in AssemblyScript (a strict subset of TypeScript that compiles to
 * WebAssembly): reads lines of exactly the form the ones before had, sixteen bytes at a time. What it is
 * and what it must agree with stands in ../../scan.ts; ../layout.ts says what lies where in its memory.
 */

import * as at from '../layout';
import { knownLines, learn, learnColumns, readColumns, readKnown } from './bodies';
import { hashOf, mix } from './hash';
import { findHead, sameHead } from './heads';
import { countHashed } from './names';
import {
  clear,
  drop,
  enterHead,
  enterSwitch,
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
export { addRoot } from './roots';
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
export { learn, learnColumns, readColumns, readKnown } from './bodies';
export { findHead } from './heads';
export { compareRoots } from './roots';
export { durationWidth, flagsWidth, markerEnd, moduleEnd, skipClock, switchEnd } from './text';
export { suffixEnd, tailEnd };

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

/** Adds to the lines of a known head, or to those of the one that is not known. */
// @ts-expect-error: decorator
@inline
function addLines(head: i32, lines: i32): void {
  const counter = at.HEAD_LINES + (head << 2);
  store<i32>(counter, load<i32>(counter) + lines);
}

/**
 * Reads lines from `from` up to `to`, where a line ends, and says why it stopped; AT is where. STOP: the
 * line there is not of the expected form. ASK: its verdict is somebody else's. KEPT: a line is kept and
 * each is wanted. FULL: its name finds no room. RUN: a run of kept lines ends there. TURN, SWITCH: another
 * known head goes on, a switch of tasks stands there, and somebody else must know. What is known of the
 * line stands in KIND to NEXT.
 */
export function lane(from: i32, to: i32): i32 {
  const headLength = load<i32>(at.HEAD_LENGTH);
  const flagsLength = load<i32>(at.FLAGS_LENGTH);
  const clock = load<i32>(at.CLOCK) !== 0;
  const duration = load<i32>(at.DURATION) !== 0;
  const judging = load<i32>(at.JUDGING);
  const mode = load<i32>(at.MODE);
  const alone = judging !== at.ASK_CODE && (mode & at.MODE_TASKS) === 0;
  const bare = flagsLength === 0 && !clock;
  const known =
    alone &&
    (mode & at.MODE_EACH) === 0 &&
    headLength >= 16 &&
    headLength <= 32 &&
    (flagsLength === 0 || flagsLength === at.USUAL_FLAGS) &&
    !duration;
  let head = load<i32>(at.HEAD_ID);
  let headAt = at.HEAD;
  let linesBefore = 0;
  let runFrom = load<i32>(at.RUN_FROM);
  let lines = 0;
  let markers = 0;
  let result = at.ALL_DONE;
  let s = from;
  while (s < to) {
    if (known && (clear || judging === at.KEEP_CODE)) {
      s = bare
        ? readKnown(s, to, headAt, headLength)
        : readColumns(s, to, headAt, headLength, clock, flagsLength !== 0, verdictsAtHand());
      lines += knownLines;
      if (s === to) {
        result = at.ALL_DONE;
        break;
      }
    }
    result = at.STOP;
    let p = s;
    let clockEnd = s;
    if (clock) {
      clockEnd = skipClock(s);
      if (clockEnd !== s) p = skipClock(clockEnd);
      // Without a clock and without a head, it is a line of another form.
      else if (headLength === 0) break;
    }
    const hasOneClock = p === clockEnd;
    if (!sameHead(p, headAt, headLength)) {
      let behind = markerEnd(s);
      if (behind - s > at.MAX_LINE + 1) break;
      if (behind === 0) {
        const id = findHead(p, headLength);
        if (id >= 0) {
          headAt = at.KNOWN_HEADS + (id << 6) + 4;
          if (!alone) {
            store<i32>(at.TURN_TO, id);
            result = at.TURN;
            break;
          }
          addLines(head, lines - linesBefore);
          linesBefore = lines;
          head = id;
          if (judging === at.JUDGE_REGIONS) {
            enterHead(load<i64>(at.HEAD_CPUS + (id << 3)), load<i64>(at.HEAD_TIDS + (id << 3)));
          }
          continue;
        }
        behind = switchEnd(s);
        if (behind === 0 || behind - s > at.MAX_LINE + 1) break;
        if (!alone) {
          result = at.SWITCH;
          break;
        }
        if (judging === at.JUDGE_REGIONS) {
          enterSwitch(load<i32>(at.SWITCH_CPU), load<i32>(at.SWITCH_TID));
        }
      }
      if ((mode & at.MODE_RUNS) !== 0 && s !== runFrom) {
        store<i32>(at.RUN_TO, s);
        markers++;
        s = behind;
        result = at.RUN;
        break;
      }
      if ((mode & at.MODE_GATHER) !== 0 && s !== runFrom) gather(runFrom, s);
      markers++;
      s = runFrom = behind;
      result = at.ALL_DONE;
      continue;
    }
    p += headLength;
    let context = 0;
    const flagsAt = p;
    if (flagsLength !== 0) {
      if (flagsWidth(p) !== flagsLength) break;
      context = load<u8>(at.CLASS_CONTEXT + load<u8>(p + 3));
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

    let kind: i32 = at.KIND_CLOSE;
    let nameFrom = p;
    let nameTo = p;
    let next = p + 2;
    let root = at.NO_ROOT;
    let hash: u64 = 0;
    const first: i32 = load<u8>(p);
    if (first !== 0x7d) {
      if (load<u8>(at.CLASS_NAME_START + first) === 0) break;
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
        break;
      }
    } else if (load<u8>(p + 1) !== 0x0a) {
      nameFrom = p + 5;
      next = tailEnd(p + 1);
      if (next === 0) break;
      nameTo = load<i32>(at.NAME_TO);
    }

    if (next - s > at.MAX_LINE + 1) break;
    let code = judging;
    if (judging === at.JUDGE_REGIONS) {
      if (depth > solidDepth) code = drop(solidCause);
      else if (clear && context === at.CONTEXT_NONE && root === at.NO_ROOT) code = at.KEEP_CODE;
      else code = judge(kind, context, depth, root);
    }
    const keep = code === at.KEEP_CODE;
    if (code === at.ASK_CODE) result = at.ASK;
    if (result === at.ASK || (keep && (mode & at.MODE_EACH) !== 0)) {
      if (keep) result = at.KEPT;
      store<i32>(at.KIND, kind);
      store<i32>(at.CONTEXT, context);
      store<i32>(at.DEPTH, depth);
      store<i32>(at.NAME_FROM, nameFrom);
      store<i32>(at.NAME_TO, nameTo);
      store<i32>(at.NEXT, next);
      break;
    }
    lines++;
    if (keep) {
      let counter = at.NOT_COUNTED;
      if ((mode & at.MODE_NAMES) !== 0 && kind !== at.KIND_CLOSE) {
        counter = countHashed(nameFrom, nameTo - nameFrom, hash);
        if (counter === 0) {
          result = at.FULL;
          break;
        }
      }
      // Where contexts and roots matter, lines of another context, and calls of a root, are read one by one.
      const matters = judging === at.JUDGE_REGIONS;
      if (known && !(matters && (root !== at.NO_ROOT || context > at.CONTEXT_TASK))) {
        learn(p, next - 1, indent, kind, counter);
        if (!bare && hasOneClock) learnColumns(s, clockEnd, flagsAt, flagsLength !== 0);
      }
    } else {
      if ((mode & at.MODE_RUNS) !== 0 && s !== runFrom) {
        // The line itself is done with: the run ends in front of it, the next begins behind.
        store<i32>(at.RUN_TO, s);
        s = next;
        result = at.RUN;
        break;
      }
      if ((mode & at.MODE_GATHER) !== 0 && s !== runFrom) gather(runFrom, s);
      runFrom = next;
    }
    s = next;
    result = at.ALL_DONE;
  }
  addLines(head, lines - linesBefore);
  if (headAt !== at.HEAD) memory.copy(at.HEAD, headAt, headLength);
  store<i32>(at.RUN_FROM, runFrom);
  store<i32>(at.LINES, lines);
  store<i32>(at.MARKERS, markers);
  store<i32>(at.AT, s);
  store<i32>(at.HEAD_ID, head);
  return result;
}
