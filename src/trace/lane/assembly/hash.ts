/** Hashes of names and heads, sixteen bytes at a time. */

import * as at from '../layout';

// @ts-expect-error: decorator
@inline
export function mix(hash: u64, v: v128): u64 {
  const word = i64x2.extract_lane(v, 0) ^ rotl<u64>(hash + i64x2.extract_lane(v, 1), 29);
  const product = word * 0x9e3779b97f4a7c15;
  return product ^ (product >> 32);
}

/** The first `length` bytes at `p`, at most 16, the others zero. */
// @ts-expect-error: decorator
@inline
export function head16(p: i32, length: i32): v128 {
  const v = v128.load(p);
  return length >= 16 ? v : v128.and(v, v128.load(at.TAIL_MASKS + 48 - length));
}

export function hashOf(from: i32, length: i32): u64 {
  let hash: u64 = 0;
  for (let i = 0; i < length; i += 16) hash = mix(hash, head16(from + i, length - i));
  return hash;
}
