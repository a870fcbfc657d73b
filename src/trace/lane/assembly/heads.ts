/** Heads seen before, by which the lane finds the task of a line without asking. */

import * as at from '../layout';
import { mix } from './hash';

/** The slot of a head by its end, where the tid stands. Heads of 16 bytes and more only. */
function headSlot(p: i32, length: i32): i32 {
  return <i32>(mix(length, v128.load(p + length - 16)) >>> (64 - at.HEAD_SLOTS_LOG2));
}

/** Whether the heads of `length` at `a` and `b` are the same. */
// @ts-expect-error: decorator
@inline
export function sameHead(a: i32, b: i32, length: i32): bool {
  if (length >= 16) {
    const last = length - 16;
    let same = i8x16.eq(v128.load(a + last), v128.load(b + last));
    for (let i = 0; i < last; i += 16) {
      same = v128.and(same, i8x16.eq(v128.load(a + i), v128.load(b + i)));
    }
    return i8x16.bitmask(same) === 0xffff;
  }
  for (let i = 0; i < length; i++) {
    if (load<u8>(a + i) !== load<u8>(b + i)) return false;
  }
  return true;
}

/** Remembers the head [from, from + length) of a CPU and a task under the number `id`, if it fits. */
export function knowHead(from: i32, length: i32, id: i32, cpu: f64, tid: f64): void {
  if (length < 16 || length > at.MAX_KNOWN_HEAD || id >= at.MAX_KNOWN_HEADS) return;
  const mask = (1 << at.HEAD_SLOTS_LOG2) - 1;
  let slot = headSlot(from, length);
  while (load<i32>(at.HEAD_SLOTS + (slot << 2)) !== 0) slot = (slot + 1) & mask;
  store<i32>(at.HEAD_SLOTS + (slot << 2), id + 1);
  store<i32>(at.KNOWN_HEADS + (id << 6), length);
  memory.copy(at.KNOWN_HEADS + (id << 6) + 4, from, length);
  store<i32>(at.HEAD_STATES + (id << 2), 0);
  store<i64>(at.HEAD_CPUS + (id << 3), <i64>cpu);
  store<i64>(at.HEAD_TIDS + (id << 3), <i64>tid);
}

/** The number of the head of `length` at `p`, -1 if it is not known. */
export function findHead(p: i32, length: i32): i32 {
  if (length < 16 || length > at.MAX_KNOWN_HEAD) return -1;
  const mask = (1 << at.HEAD_SLOTS_LOG2) - 1;
  let slot = headSlot(p, length);
  let id = load<i32>(at.HEAD_SLOTS + (slot << 2)) - 1;
  while (id >= 0) {
    const known = at.KNOWN_HEADS + (id << 6);
    if (load<i32>(known) === length && sameHead(known + 4, p, length)) return id;
    slot = (slot + 1) & mask;
    id = load<i32>(at.HEAD_SLOTS + (slot << 2)) - 1;
  }
  return -1;
}
