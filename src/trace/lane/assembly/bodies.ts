/**
 * Reads lines whose head is the one at hand and whose body (`vfs_read() {`, `fget();`, `}`) has been seen
 * before: all that there is to know of such a line is its indent and which body it is. Nearly all lines of
 * a trace are such lines.
 *
 * Where a line ends is taken from the bits of 32 bytes behind its indent, which is foreseen, and what its
 * body is from a table: but for long ones there is no branch or loop for indent, length or kind, which no
 * processor foresees, and the next line does not wait for this one to be understood.
 */

import * as at from '../layout';
import { spaces } from './text';

/** Lines read by the last call of readKnown() or readColumns(). */
export let knownLines: i32 = 0;

/** Where readKnown() has stopped at a line with a known body because it has to be asked about: the body, or 0. */
export let foundBody: i32 = 0;
export let foundFrom: i32 = 0;
export let foundTo: i32 = 0;
export let foundIndent: i32 = 0;

/** How wide the clock column is that is known, 0 while none is. */
let clockWidth: i32 = 0;

/** Spaces that the next line begins with in all likelihood: lines change their depth by little. */
let passed: i32 = 0;

// @ts-expect-error: decorator
@inline
function half(v: v128): u64 {
  return i64x2.extract_lane(v, 0) ^ rotl<u64>(i64x2.extract_lane(v, 1), 29);
}

/** The hash of a body of up to 32 bytes; a longer one adds hashOfRest(). */
// @ts-expect-error: decorator
@inline
function hashOf(a: v128, b: v128): u64 {
  return half(i64x2.add(a, i64x2.shl(b, 1))) * 0x9e3779b97f4a7c15;
}

// @ts-expect-error: decorator
@inline
function hashOfRest(c: v128): u64 {
  return half(c) * 0xff51afd7ed558ccd;
}

// @ts-expect-error: decorator
@inline
function slotOf(hash: u64): i32 {
  return at.BODY_SLOTS + (<i32>(hash >>> (64 - at.BODY_SLOTS_LOG2)) << 1);
}

/** The slot of a body whose own is taken. */
// @ts-expect-error: decorator
@inline
function secondSlot(slot: i32): i32 {
  return slot ^ 2;
}

// @ts-expect-error: decorator
@inline
function bodyIn(slot: i32): i32 {
  return at.BODIES + <i32>load<u16>(slot) * at.BODY_SIZE;
}

/** The `index`-th vector of a body of `length` at `from`, zeros behind its end. */
// @ts-expect-error: decorator
@inline
function part(from: i32, length: i32, index: i32): v128 {
  const place = index << 4;
  return v128.and(
    v128.load(from + place),
    v128.load(at.TAIL_MASKS + at.MAX_BODY - length + place),
  );
}

/** What is no space in the first `length` of 48 bytes, the vector `index` of them. */
// @ts-expect-error: decorator
@inline
function noSpace(p: i32, length: i32, space: v128, index: i32): v128 {
  const place = index << 4;
  return v128.and(
    v128.xor(v128.load(p + place), space),
    v128.load(at.TAIL_MASKS + 48 - length + place),
  );
}

/** A bit for each of 32 bytes that is `byte`. */
// @ts-expect-error: decorator
@inline
function bitsOf(byte: v128, a: v128, b: v128): i32 {
  return i8x16.bitmask(i8x16.eq(a, byte)) | (i8x16.bitmask(i8x16.eq(b, byte)) << 16);
}

// @ts-expect-error: decorator
@inline
function foreseen(indent: i32): i32 {
  return max(indent - 2, 0);
}

/** Lines of `body` are kept and counted at `counter`: from now on unasked, if it is no root's. */
export function keepBody(body: i32, counter: i32): void {
  store<i32>(body + at.BODY_COUNTER, counter);
  if (load<i16>(body + at.BODY_ROOT) === at.NO_ROOT) {
    store<i32>(body + at.BODY_LENGTH, load<i32>(body + at.BODY_LENGTH) & ~at.ASKED);
  }
}

/** Whether `body` is the one of `length` at `from`. */
export function isBody(body: i32, from: i32, length: i32): bool {
  if ((load<i32>(body + at.BODY_LENGTH) & ~at.ASKED) !== length) return false;
  const a = v128.xor(part(from, length, 0), v128.load(body));
  const b = v128.xor(part(from, length, 1), v128.load(body + 16));
  const c = v128.xor(part(from, length, 2), v128.load(body + 32));
  return !v128.any_true(v128.or(v128.or(a, b), c));
}

/** Foresees that the lines of head `to`, which follow those of head `from`, go on at the indent they had. */
export function turn(from: i32, to: i32): void {
  store<i32>(at.HEAD_INDENTS + (from << 2), passed);
  passed = load<i32>(at.HEAD_INDENTS + (to << 2));
}

/** Foresees the indent of the next line, which begins at `p`; false if it was foreseen. */
export function foresee(p: i32): bool {
  const before = passed;
  passed = foreseen(spaces(p));
  return passed !== before;
}

/**
 * Makes the body [from, to) of a line of `indent` known: all of the line that is behind the indent, but its
 * end. `counter`: where its kept lines are counted, 0 if none has been kept.
 */
export function learn(
  from: i32,
  to: i32,
  indent: i32,
  kind: i32,
  nameLength: i32,
  root: i32,
  counter: i32,
): void {
  passed = foreseen(indent);
  const length = to - from;
  // From 1: number 0 is that of no body.
  const number = load<i32>(at.BODY_COUNT) + 1;
  if (length > at.MAX_BODY || number === at.MAX_BODIES) return;
  const a = part(from, length, 0);
  const b = part(from, length, 1);
  const c = part(from, length, 2);
  let slot = slotOf(hashOf(a, b) + hashOfRest(c));
  if (load<u16>(slot) !== 0 && !isBody(bodyIn(slot), from, length)) slot = secondSlot(slot);
  if (load<u16>(slot) !== 0) {
    // Who comes third is read by the lane for ever.
    if (counter !== 0 && isBody(bodyIn(slot), from, length)) keepBody(bodyIn(slot), counter);
    return;
  }
  store<u16>(slot, number);
  store<i32>(at.BODY_COUNT, number);
  const body = bodyIn(slot);
  v128.store(body, a);
  v128.store(body + 16, b);
  v128.store(body + 32, c);
  store<i32>(body + at.BODY_LENGTH, length | at.ASKED);
  store<u8>(body + at.BODY_KIND, kind);
  store<u8>(body + at.BODY_NAME, nameLength);
  store<i16>(body + at.BODY_ROOT, root);
  if (counter !== 0) keepBody(body, counter);
  store<u8>(body + at.BODY_LEAVES, kind === at.KIND_LEAF ? 0xff : 0);
  store<u8>(body + at.BODY_SETS, kind === at.KIND_OPEN ? at.KEEP_CODE : at.ASK_CODE);
  store<u8>(body + at.BODY_RETURNS, kind === at.KIND_CLOSE ? 0xff : 0);
}

/** The slot of a column of flags, ` d..3. |`. */
// @ts-expect-error: decorator
@inline
function flagsSlot(flags: u64): i32 {
  return at.FLAGS_SLOTS + (<i32>((flags * 0x9e3779b97f4a7c15) >>> 58) << 3);
}

/** Whether the column of flags at `p`, of the usual width, is known. */
// @ts-expect-error: decorator
@inline
function areKnown(p: i32): bool {
  const flags = load<u64>(p);
  // An empty slot has zeros in it, which in the text would be no flags.
  return flags !== 0 && load<u64>(flagsSlot(flags)) === flags && load<u8>(p + 8) === 0x20;
}

/**
 * Makes columns known whose line is kept if its body is known: the clock [clockAt, clockEnd), which may be
 * empty or `  148.943278 |  `, and the flags, if there are any, at `flagsAt`.
 */
export function learnColumns(clockAt: i32, clockEnd: i32, flagsAt: i32, hasFlags: bool): void {
  const width = clockEnd - clockAt;
  const decimals = width - 10;
  // Another clock than that of seconds, `    2 us |  `, is read by the lane.
  const isKnown = decimals > 1 && width <= at.MAX_CLOCK && load<u8>(clockAt + decimals - 1) === 0x2e;
  if (isKnown && !(clockWidth === width && sameSecond(clockAt))) {
    memory.copy(at.CLOCK_TEXT, clockAt, width);
    for (let i = 0; i < at.MAX_CLOCK; i++) {
      store<u8>(at.CLOCK_FREE + i, i >= width ? 0xff : 0);
      store<u8>(at.CLOCK_DIGITS + i, i >= decimals && i < decimals + 6 ? 0xff : 0);
    }
  }
  clockWidth = isKnown ? width : 0;
  if (hasFlags) {
    const flags = load<u64>(flagsAt);
    store<u64>(flagsSlot(flags), flags);
  }
}

/** Whether the 16 bytes at `p` are those at `offset` of the clock that is known, but for its decimals. */
// @ts-expect-error: decorator
@inline
function sameClock(p: i32, offset: i32): v128 {
  const v = v128.load(p + offset);
  const isDigit = i8x16.lt_u(i8x16.sub(v, i8x16.splat(0x30)), i8x16.splat(10));
  const same = i8x16.eq(v, v128.load(at.CLOCK_TEXT + offset));
  const free = v128.load(at.CLOCK_FREE + offset);
  return v128.or(
    v128.or(same, free),
    v128.and(isDigit, v128.load(at.CLOCK_DIGITS + offset)),
  );
}

/** Whether a clock column of the width and the second of the one that is known begins at `p`. */
// @ts-expect-error: decorator
@inline
function sameSecond(p: i32): bool {
  return i8x16.all_true(v128.and(sameClock(p, 0), sameClock(p, 16)));
}

/**
 * Reads lines from `from` up to `to`, where a line ends, as long as each has the head of 16 to 32 bytes that
 * stands at `headAt` and a known body. Returns where the first other line begins. `columns`: behind a clock
 * of the second that is known, of `clock` bytes if there is one, and in front of flags that are known, if
 * `flags`; where `verdicts` is not 0, the verdict on the open function at each depth stands there. Where
 * `dropped` is not 0, lines are dropped and counted there. A line of an indent below `least` ends it.
 */
// @ts-expect-error: decorator
@inline
function read(
  from: i32,
  to: i32,
  headAt: i32,
  headLength: i32,
  columns: bool,
  clock: i32,
  flags: bool,
  verdicts: i32,
  least: i32,
  dropped: i32,
): i32 {
  const tail = headLength - 16;
  const first = v128.load(headAt);
  const last = v128.load(headAt + tail);
  // Loaded, they stay in registers: a constant is made anew at each use.
  const newline = v128.load(at.NEWLINES);
  const space = v128.load(at.SPACES);
  const unasked = dropped === 0 ? at.MAX_BODY : i32.MAX_VALUE;
  let ahead = passed;
  let lines = 0;
  let s = from;
  while (s < to) {
    let p = s;
    if (columns && clock !== 0) {
      if (!sameSecond(p)) break;
      p += clock;
    }
    const head = v128.or(v128.xor(v128.load(p), first), v128.xor(v128.load(p + tail), last));
    if (v128.any_true(head)) break;
    p += headLength;
    if (columns && flags) {
      if (!areKnown(p)) break;
      p += at.USUAL_FLAGS;
    }
    const window = p + ahead;
    let blank = p;
    let other = v128.splat<i8>(0);
    for (; window - blank > 48; blank += 16) {
      other = v128.or(other, v128.xor(v128.load(blank), space));
    }
    other = v128.or(other, noSpace(blank, window - blank, space, 0));
    other = v128.or(other, noSpace(blank, window - blank, space, 1));
    other = v128.or(other, noSpace(blank, window - blank, space, 2));
    if (v128.any_true(other)) {
      // Not foreseen.
      ahead = 0;
      continue;
    }
    const v0 = v128.load(window);
    let end = window;
    let ends = bitsOf(newline, v0, v128.load(window + 16));
    const isLong = ends === 0;
    if (isLong) {
      end = window + 32;
      ends = bitsOf(newline, v128.load(end), v128.load(end + 16));
      if (ends === 0) break;
    }
    end += ctz(ends);
    const start = window + ctz(~i8x16.bitmask(i8x16.eq(v0, space)));
    const length = end - start;
    if (<u32>(length - 1) >= <u32>at.MAX_BODY) break;
    const a = part(start, length, 0);
    const b = part(start, length, 1);
    let hash = hashOf(a, b);
    if (isLong) hash += hashOfRest(part(start, length, 2));
    const slot = slotOf(hash);
    const body = bodyIn(slot);
    other = v128.or(v128.xor(a, v128.load(body)), v128.xor(b, v128.load(body + 16)));
    if (isLong) other = v128.or(other, v128.xor(part(start, length, 2), v128.load(body + 32)));
    const indent = start - p;
    // What lies where number 0 would be has no length.
    const known = load<i32>(body + at.BODY_LENGTH);
    const differs = v128.any_true(other) || (known & ~at.ASKED) !== length;
    if ((indent & 1) !== 0) break;
    if (differs || known > unasked || indent < least) {
      if (columns) break;
      const found = differs ? bodyIn(secondSlot(slot)) : body;
      if (differs && !isBody(found, start, length)) break;
      foundBody = found;
      foundFrom = start;
      foundTo = end;
      foundIndent = indent;
      ahead = foreseen(indent);
      break;
    }
    if (columns && verdicts !== 0) {
      const verdict = verdicts + min(indent >> 1, at.DEPTHS - 1);
      const code = <i32>load<u8>(verdict);
      // The return of a function that was dropped.
      if (((code >> 1) & load<u8>(body + at.BODY_RETURNS)) !== 0) break;
      store<u8>(verdict, (code & load<u8>(body + at.BODY_LEAVES)) | load<u8>(body + at.BODY_SETS));
    }
    const counter = dropped === 0 ? load<i32>(body + at.BODY_COUNTER) : dropped;
    store<i64>(counter, load<i64>(counter) + 1);
    lines++;
    ahead = foreseen(indent);
    s = end + 1;
  }
  passed = ahead;
  knownLines = lines;
  return s;
}

/** read() for lines of nothing but head and body. */
export function readKnown(
  from: i32,
  to: i32,
  headAt: i32,
  headLength: i32,
  least: i32,
  dropped: i32,
): i32 {
  foundBody = 0;
  return read(from, to, headAt, headLength, false, 0, false, 0, least, dropped);
}

/** read() for lines with more columns; each line is another one as long as no clock of theirs is known. */
export function readColumns(
  from: i32,
  to: i32,
  headAt: i32,
  headLength: i32,
  clock: bool,
  flags: bool,
  verdicts: i32,
  least: i32,
  dropped: i32,
): i32 {
  knownLines = 0;
  if (clock && clockWidth === 0) return from;
  return read(
    from,
    to,
    headAt,
    headLength,
    true,
    clock ? clockWidth : 0,
    flags,
    flags && dropped === 0 ? verdicts : 0,
    least,
    dropped,
  );
}
