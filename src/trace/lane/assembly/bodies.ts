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

/** Lines read by the last call of readKnown(). */
export let knownLines: i32 = 0;

/** Spaces that the next line begins with in all likelihood: lines change their depth by little. */
let passed: i32 = 0;

// @ts-expect-error: decorator
@inline
function slotOf(a: v128, b: v128): i32 {
  const first = i64x2.extract_lane(a, 0) ^ rotl<u64>(i64x2.extract_lane(a, 1), 29);
  const second = i64x2.extract_lane(b, 0) ^ rotl<u64>(i64x2.extract_lane(b, 1), 29);
  const product: u64 = first * 0x9e3779b97f4a7c15 + second * 0xc2b2ae3d27d4eb4f;
  return at.BODY_SLOTS + (<i32>(product >>> (64 - at.BODY_SLOTS_LOG2)) << 1);
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
export function learn(from: i32, to: i32, indent: i32, counter: i32): void {
  passed = foreseen(indent);
  const length = to - from;
  // From 1: number 0 is that of no body.
  const number = load<i32>(at.BODY_COUNT) + 1;
  if (length > at.MAX_BODY || number === at.MAX_BODIES) return;
  const a = v128.and(v128.load(from), v128.load(at.TAIL_MASKS + 32 - length));
  const b = v128.and(v128.load(from + 16), v128.load(at.TAIL_MASKS + 48 - length));
  const slot = slotOf(a, b);
  // One place each: who comes second is read by the lane for ever.
  if (load<u16>(slot) !== 0) return;
  const body = at.BODIES + number * at.BODY_SIZE;
  v128.store(body, a);
  v128.store(body + 16, b);
  store<i32>(body + at.BODY_LENGTH, length);
  store<i32>(body + at.BODY_COUNTER, counter);
  store<i32>(at.BODY_COUNT, number);
  store<u16>(slot, number);
}

/**
 * Reads lines from `from` up to `to`, where a line ends, as long as each has the head of 16 to 32 bytes that
 * stands at `headAt` and a known body. Returns where the first other line begins.
 */
export function readKnown(from: i32, to: i32, headAt: i32, headLength: i32): i32 {
  const tail = headLength - 16;
  const first = v128.load(headAt);
  const last = v128.load(headAt + tail);
  const newline = i8x16.splat(0x0a);
  const space = i8x16.splat(0x20);
  let ahead = passed;
  let lines = 0;
  let s = from;
  while (s < to) {
    const head = v128.or(v128.xor(v128.load(s), first), v128.xor(v128.load(s + tail), last));
    if (v128.any_true(head)) break;
    const p = s + headLength;
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
    if (<u32>(length - 1) >= <u32>at.MAX_BODY) break;
    const a = v128.and(v128.load(start), v128.load(at.TAIL_MASKS + 32 - length));
    const b = v128.and(v128.load(start + 16), v128.load(at.TAIL_MASKS + 48 - length));
    const body = at.BODIES + <i32>load<u16>(slotOf(a, b)) * at.BODY_SIZE;
    const other = v128.or(v128.xor(a, v128.load(body)), v128.xor(b, v128.load(body + 16)));
    const indent = start - p;
    // What lies where number 0 would be has no length.
    const wrong = (load<i32>(body + at.BODY_LENGTH) ^ length) | (indent & 1);
    if (wrong !== 0 || v128.any_true(other)) break;
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
