/** Counts names in a table that lies in the lane's memory. */

import * as at from '../layout';
import { hashOf, head16 } from './hash';

let names: i32 = 0;
let arenaUsed: i32 = 0;
let slots: i32 = at.SLOTS;
let slotMask: i32 = (1 << at.SLOTS_LOG2) - 1;

function isEntry(entry: i32, from: i32, length: i32): bool {
  if (load<i32>(entry + 8) !== length) return false;
  const start = load<i32>(entry + 4);
  for (let i = 0; i < length; i += 16) {
    const same = i8x16.eq(head16(from + i, length - i), v128.load(start + i));
    if (i8x16.bitmask(same) !== 0xffff) return false;
  }
  return true;
}

/** Counts the name [from, to). False when there is no room for another name. */
export function count(from: i32, to: i32): bool {
  return countHashed(from, to - from, hashOf(from, to - from)) !== 0;
}

/** The same for a name whose hash is known. Returns its counter, or 0. */
export function countHashed(from: i32, length: i32, hash: u64): i32 {
  const short = <i32>hash;
  let slot = short & slotMask;
  let id = load<i32>(slots + (slot << 2)) - 1;
  while (id >= 0) {
    const entry = at.ENTRIES + (id << 4);
    if (load<i32>(entry) === short && isEntry(entry, from, length)) {
      const counter = at.COUNTS + (id << 3);
      store<i64>(counter, load<i64>(counter) + 1);
      return counter;
    }
    slot = (slot + 1) & slotMask;
    id = load<i32>(slots + (slot << 2)) - 1;
  }
  return add(from, length, short, slot);
}

function add(from: i32, length: i32, hash: i32, slot: i32): i32 {
  const room = (length + 15) & ~15;
  if (names >= at.MAX_NAMES || arenaUsed + room > at.MAX_ARENA) return 0;
  const start = at.ARENA + arenaUsed;
  for (let i = 0; i < length; i += 16) v128.store(start + i, head16(from + i, length - i));
  arenaUsed += room;
  const entry = at.ENTRIES + (names << 4);
  store<i32>(entry, hash);
  store<i32>(entry + 4, start);
  store<i32>(entry + 8, length);
  const counter = at.COUNTS + (names << 3);
  store<i64>(counter, 1);
  names++;
  store<i32>(at.NAMES, names);
  store<i32>(slots + (slot << 2), names);
  if (slots === at.SLOTS && names << 1 > slotMask) rehash();
  return counter;
}

/** From the table that fits the first-level cache, enough for any real trace, to one for all names. */
function rehash(): void {
  slots = at.BIG_SLOTS;
  slotMask = (1 << at.BIG_SLOTS_LOG2) - 1;
  for (let id = 0; id < names; id++) {
    let slot = load<i32>(at.ENTRIES + (id << 4)) & slotMask;
    while (load<i32>(slots + (slot << 2)) !== 0) slot = (slot + 1) & slotMask;
    store<i32>(slots + (slot << 2), id + 1);
  }
}
