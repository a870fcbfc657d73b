/** Finds the roots of ../../../context/roots.ts by their names. */

import * as at from '../layout';
import { hashOf } from './hash';

/** `.cold`, `.part.`, `.isra.`, `.llvm.` and the two halves of `.constprop.` as little-endian words. */
const COLD: u64 = 0x646c6f632e;
const PART: u64 = 0x2e747261702e;
const ISRA: u64 = 0x2e617273692e;
const LLVM: u64 = 0x2e6d766c6c2e;
const CONSTPR: u64 = 0x727074736e6f632e;
const OP: u32 = 0x2e706f;

/** Makes each line of [from, to), a byte for the role and a name, a root: the first of number 0. */
export function addRoots(from: i32, to: i32): void {
  let root = 0;
  while (from < to) {
    let end = from + 1;
    while (load<u8>(end) !== 0x0a) end++;
    addRoot(from + 1, end, root, load<u8>(from));
    from = end + 1;
    root++;
  }
}

function addRoot(from: i32, to: i32, root: i32, role: i32): void {
  const mask = (1 << at.ROOT_SLOTS_LOG2) - 1;
  let slot = <i32>(hashOf(from, to - from) >>> (64 - at.ROOT_SLOTS_LOG2));
  while (load<u8>(at.ROOT_SLOTS + slot) !== 0) slot = (slot + 1) & mask;
  store<u8>(at.ROOT_SLOTS + slot, root + 1);
  memory.copy(at.ROOT_NAMES + root * at.MAX_ROOT_NAME, from, to - from);
  store<u8>(at.ROLES + root, role);
}

export function roleOf(root: i32): i32 {
  return root === at.NO_ROOT ? at.NO_ROOT : load<u8>(at.ROLES + root);
}

/** The root that the bytes [from, to) name, whatever suffixes a compiler has added, or NO_ROOT. */
export function rootOf(from: i32, to: i32): i32 {
  let baseTo = from;
  while (baseTo < to && load<u8>(baseTo) !== 0x2e) baseTo++;
  return findRoot(from, baseTo, to, hashOf(from, baseTo - from));
}

/** The same where the first dot of the name, or its end, and the hash of what is before it are known. */
// @ts-ignore: decorator
@inline
export function findRoot(from: i32, baseTo: i32, to: i32, hash: u64): i32 {
  const slot = <i32>(hash >>> (64 - at.ROOT_SLOTS_LOG2));
  return load<u8>(at.ROOT_SLOTS + slot) === 0 ? at.NO_ROOT : compareRoots(from, baseTo, to, slot);
}

/** The rest of findRoot(). */
export function compareRoots(from: i32, baseTo: i32, to: i32, first: i32): i32 {
  const length = baseTo - from;
  if (length >= at.MAX_ROOT_NAME) return at.NO_ROOT;
  const mask = (1 << at.ROOT_SLOTS_LOG2) - 1;
  let slot = first;
  let root = <i32>load<u8>(at.ROOT_SLOTS + slot) - 1;
  while (root >= 0) {
    const name = at.ROOT_NAMES + root * at.MAX_ROOT_NAME;
    if (memory.compare(name, from, length) === 0 && load<u8>(name + length) === 0) {
      return areSuffixes(baseTo, to) ? root : at.NO_ROOT;
    }
    slot = (slot + 1) & mask;
    root = <i32>load<u8>(at.ROOT_SLOTS + slot) - 1;
  }
  return at.NO_ROOT;
}

/** Whether [from, to) is nothing but suffixes of compilers: `.part.0`, `.isra.1.cold`. */
function areSuffixes(from: i32, to: i32): bool {
  let p = from;
  while (p < to) {
    const word = load<u64>(p);
    if ((word & 0xffffffffff) === COLD) {
      p += 5;
      continue;
    }
    const six = word & 0xffffffffffff;
    if (six === PART || six === ISRA || six === LLVM) p += 6;
    else if (word === CONSTPR && (load<u32>(p + 8) & 0xffffff) === OP) p += 11;
    else return false;
    const digits = p;
    while (p < to && isDigit(load<u8>(p))) p++;
    if (p === digits) return false;
  }
  return p === to;
}

function isDigit(byte: i32): bool {
  return byte >= 0x30 && byte <= 0x39;
}
