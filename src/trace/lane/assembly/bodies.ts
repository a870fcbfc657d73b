/**
 * Reads lines whose head is the one at hand and whose body (`vfs_read() {`, `fget();`, `}`) has been seen
 * before: all that there is to know of such a line is its indent and which body it is. Nearly all lines of
 * a trace are such lines.
 *
 * Where a line ends is taken from the bits of 64 bytes, and what its body is from a table: there is no
 * branch or loop for its indent, length or kind, which no processor foresees, and the next line does not
 * wait for this one to be understood.
 */

import * as at from '../layout';
import { others } from './text';

/** Deeper lines are left to the lane. */
const MAX_PASSED: i32 = 256;

/** Lines read by the last call of readKnown() or readColumns(). */
export let knownLines: i32 = 0;

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
  return half(a) * 0x9e3779b97f4a7c15 + half(b) * 0xc2b2ae3d27d4eb4f;
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

/** A bit for each of 32 bytes that is `byte`. */
// @ts-expect-error: decorator
@inline
function bitsOf(byte: v128, a: v128, b: v128): i32 {
  return i8x16.bitmask(i8x16.eq(a, byte)) | (i8x16.bitmask(i8x16.eq(b, byte)) << 16);
}

// @ts-expect-error: decorator
@inline
function foreseen(indent: i32): i32 {
  return min(indent - 2, MAX_PASSED) & ~15;
}

/**
 * Makes the body [from, to) of a line of `indent` known: all of the line that is behind the indent, but its
 * end. Its lines are counted at `counter`.
 */
export function learn(from: i32, to: i32, indent: i32, kind: i32, counter: i32): void {
  passed = foreseen(indent);
  const length = to - from;
  // From 1: number 0 is that of no body.
  const number = load<i32>(at.BODY_COUNT) + 1;
  if (length > at.MAX_BODY || number === at.MAX_BODIES) return;
  const a = part(from, length, 0);
  const b = part(from, length, 1);
  const c = part(from, length, 2);
  const slot = slotOf(hashOf(a, b) + hashOfRest(c));
  // One place each: who comes second is read by the lane for ever.
  if (load<u16>(slot) !== 0) return;
  const body = at.BODIES + number * at.BODY_SIZE;
  v128.store(body, a);
  v128.store(body + 16, b);
  v128.store(body + 32, c);
  store<i32>(body + at.BODY_LENGTH, length);
  store<i32>(body + at.BODY_COUNTER, counter);
  store<u8>(body + at.BODY_LEAVES, kind === at.KIND_LEAF ? 0xff : 0);
  store<u8>(body + at.BODY_SETS, kind === at.KIND_OPEN ? at.KEEP_CODE : at.ASK_CODE);
  store<u8>(body + at.BODY_RETURNS, kind === at.KIND_CLOSE ? 0xff : 0);
  store<i32>(at.BODY_COUNT, number);
  store<u16>(slot, number);
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
 * `flags`; where `verdicts` is not 0, the verdict on the open function at each depth stands there.
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
): i32 {
  const tail = headLength - 16;
  const first = v128.load(headAt);
  const last = v128.load(headAt + tail);
  const newline = i8x16.splat(0x0a);
  const space = i8x16.splat(0x20);
  const longest: u32 = columns ? at.MAX_BODY : 32;
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
    let window = p;
    if (ahead > 0) {
      while (window < p + ahead && others(window) === 0) window += 16;
      if (window < p + ahead) window = p;
    }
    const v0 = v128.load(window);
    const v1 = v128.load(window + 16);
    const low = bitsOf(newline, v0, v1);
    const high = bitsOf(newline, v128.load(window + 32), v128.load(window + 48));
    const ends = (<u64>(<u32>high) << 32) | <u64>(<u32>low);
    if (ends === 0) break;
    const end = window + <i32>ctz(ends);
    const start = window + ctz(~bitsOf(space, v0, v1));
    const length = end - start;
    if (<u32>(length - 1) >= longest) break;
    const a = part(start, length, 0);
    const b = part(start, length, 1);
    let hash = hashOf(a, b);
    let c = a;
    if (columns) {
      c = part(start, length, 2);
      hash += hashOfRest(c);
    }
    const body = at.BODIES + <i32>load<u16>(slotOf(hash)) * at.BODY_SIZE;
    let other = v128.or(v128.xor(a, v128.load(body)), v128.xor(b, v128.load(body + 16)));
    if (columns) other = v128.or(other, v128.xor(c, v128.load(body + 32)));
    const indent = start - p;
    // What lies where number 0 would be has no length.
    const wrong = (load<i32>(body + at.BODY_LENGTH) ^ length) | (indent & 1);
    if (wrong !== 0 || v128.any_true(other)) break;
    if (columns && verdicts !== 0) {
      const verdict = verdicts + min(indent >> 1, at.DEPTHS - 1);
      const code = <i32>load<u8>(verdict);
      // The return of a function that was dropped.
      if (((code >> 1) & load<u8>(body + at.BODY_RETURNS)) !== 0) break;
      store<u8>(verdict, (code & load<u8>(body + at.BODY_LEAVES)) | load<u8>(body + at.BODY_SETS));
    }
    const counter = load<i32>(body + at.BODY_COUNTER);
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
export function readKnown(from: i32, to: i32, headAt: i32, headLength: i32): i32 {
  return read(from, to, headAt, headLength, false, 0, false, 0);
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
    flags ? verdicts : 0,
  );
}
