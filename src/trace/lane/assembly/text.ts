/** The columns of a line, read where they stand: each must agree with its namesake in ../../line.ts. */

import * as at from '../layout';

/** A bit for each of 16 bytes that is `byte`. */
// @ts-expect-error: decorator
@inline
function bitsOf(byte: i8, v: v128): i32 {
  return i8x16.bitmask(i8x16.eq(v, i8x16.splat(byte)));
}

/** How often `byte` stands at `p`. */
// @ts-expect-error: decorator
@inline
function runOf(byte: i8, p: i32): i32 {
  let q = p;
  let same = bitsOf(byte, v128.load(q));
  while (same === 0xffff) {
    q += 16;
    same = bitsOf(byte, v128.load(q));
  }
  return q + ctz(~same) - p;
}

/** Number of spaces at `p`. */
// @ts-expect-error: decorator
@inline
export function spaces(p: i32): i32 {
  return runOf(0x20, p);
}

// @ts-expect-error: decorator
@inline
export function isClass(classAt: i32, p: i32): bool {
  return load<u8>(classAt + load<u8>(p)) !== 0;
}

/** As skipClock in line.ts: behind one column of clock, or `at` when there is none. */
export function skipClock(from: i32): i32 {
  let p = from + spaces(from);
  const digits = p;
  while (isClass(at.CLASS_DIGIT, p)) p++;
  if (p === digits) return from;
  if (load<u8>(p) === 0x2e) {
    const fraction = p + 1;
    p = fraction;
    while (isClass(at.CLASS_DIGIT, p)) p++;
    // " |  "
    return p - fraction === 6 && load<i32>(p) === 0x20207c20 ? p + 4 : from;
  }
  // " us |  "
  return load<i32>(p) === 0x20737520 && load<i32>(p + 3) === 0x20207c20 ? p + 7 : from;
}

/** As flagsWidth in line.ts. */
export function flagsWidth(from: i32): i32 {
  if (
    load<u8>(from) !== 0x20 ||
    !isClass(at.CLASS_IRQS_OFF, from + 1) ||
    !isClass(at.CLASS_NEED_RESCHED, from + 2) ||
    !isClass(at.CLASS_CONTEXT, from + 3)
  ) {
    return 0;
  }
  let p = from + 4;
  while (isClass(at.CLASS_DEPTH_CHAR, p)) p++;
  // " | "
  return p > from + 4 && p < from + 8 && (load<i32>(p) & 0xffffff) === 0x207c20 ? p + 3 - from : 0;
}

/** As durationWidth in line.ts. */
export function durationWidth(from: i32): i32 {
  if (!isClass(at.CLASS_MARK, from) || load<u8>(from + 1) !== 0x20) return 0;
  let p = from + 2;
  while (isClass(at.CLASS_DURATION, p)) p++;
  // "|  "
  return p - from >= 14 && (load<i32>(p) & 0xffffff) === 0x20207c ? p + 3 - from : 0;
}

/** Behind the blank line or rule from `s`; 0 if it is neither. */
// @ts-expect-error: decorator
@inline
export function markerEnd(s: i32): i32 {
  if (load<u8>(s) === 0x0a) return s + 1;
  return load<i32>(s) === 0x2d2d2d20 ? ruleEnd(s) : 0;
}

/** The same of a line that begins like a rule. */
export function ruleEnd(s: i32): i32 {
  const p = s + 4 + runOf(0x2d, s + 4);
  return load<u8>(p) === 0x0a ? p + 1 : 0;
}

/** The number in [from, to), -1 if it is longer than any CPU's or thread's. */
export function decimal(from: i32, to: i32): i32 {
  if (to === from || to - from > 9) return -1;
  let n = 0;
  for (let p = from; p < to; p++) n = n * 10 + load<u8>(p) - 0x30;
  return n;
}

/** As tidStart in line.ts: where the tid of the field [from, to) begins, -1 if it has none. */
export function tidStart(from: i32, to: i32): i32 {
  let p = to;
  while (p > from && isClass(at.CLASS_DIGIT, p - 1)) p--;
  return p < to && p > from && load<u8>(p - 1) === 0x2d && load<u8>(from) !== 0x7c ? p : -1;
}

/** Behind the last byte of [from, to) that is no space. */
export function trimmed(from: i32, to: i32): i32 {
  let p = to;
  while (p > from && load<u8>(p - 1) === 0x20) p--;
  return p;
}

/**
 * Behind the switch of tasks at `s`, 0 if it is none: ` 1)    <idle>-0    =>    node-479   `. Sets CPU
 * and tid. Only the plainest form, with one arrow and no bar; the slow lane reads the others.
 */
export function switchEnd(s: i32): i32 {
  const cpuFrom = s + spaces(s);
  let p = cpuFrom;
  while (isClass(at.CLASS_DIGIT, p)) p++;
  const cpu = decimal(cpuFrom, p);
  // ") "
  if (cpu < 0 || load<u16>(p) !== 0x2029) return 0;
  const from = p + 2;
  let arrow = 0;
  for (p = from; ; ) {
    const v = v128.load(p);
    const found = bitsOf(0x3d, v) | bitsOf(0x7c, v) | bitsOf(0x0a, v);
    if (found === 0) {
      p += 16;
      continue;
    }
    p += ctz(found);
    const byte: i32 = load<u8>(p);
    if (byte === 0x0a) break;
    if (byte === 0x7c) return 0;
    // " => "
    if (p > from && load<i32>(p - 1) === 0x203e3d20) {
      if (arrow !== 0) return 0;
      arrow = p - 1;
    }
    p++;
  }
  if (arrow === 0) return 0;
  const end = trimmed(arrow + 4, p);
  const next = tidStart(arrow + 4, end);
  if (next < 0 || tidStart(from, trimmed(from, arrow)) < 0) return 0;
  const tid = decimal(next, end);
  if (tid < 0) return 0;
  store<i32>(at.SWITCH_CPU, cpu);
  store<i32>(at.SWITCH_TID, tid);
  store<i32>(at.NEXT, p + 1);
  return p + 1;
}

/** Behind the ` [module]` at `p`; `p` itself if it is not well-formed, where no bracket stands. */
export function moduleEnd(p: i32): i32 {
  let q = p + 2;
  while (load<u8>(q) > 0x20 && load<u8>(q) < 0x80 && load<u8>(q) !== 0x5d) q++;
  return load<u8>(q) === 0x5d && q > p + 2 ? q + 1 : p;
}
