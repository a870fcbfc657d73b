/**
 * Tells a task's own work from that of interrupts, line by line.
 *
 * With flags the kernel itself has told the context of every entry; rules are needed only for what the
 * flags leave open: irq_enter_rcu is entered before the hardirq context begins, and irq_exit_rcu goes
 * on when it has ended. Without flags, regions are opened by the roots of ../../../context/roots.ts and
 * closed by depth. Interrupts and softirqs never migrate and end before another task runs, so regions
 * are kept per CPU and forgotten when its task changes; whole tasks may move between CPUs.
 */

import * as at from '../layout';
import { roleOf, rootOf } from './roots';

const UNKNOWN: i64 = -1;
/** A key that no CPU and no task has. */
const NOWHERE: i64 = i64.MIN_VALUE;

/** What a region is, from its first line to the return at its depth. */
const NONE = 0;
/** Behind an interrupt's entry: its handler and exit, or its tails, follow at the same depth. */
const SEQUENCE = 1;
/** A handler, a whole interrupt, an NMI: nothing in it is the task's. */
const HARD = 2;
/** irq_exit_rcu, or a whole interrupt: not the task's, but softirqs may run in it. */
const EXIT = 3;
/** __local_bh_enable_ip, do_softirq: the task's own call, and its own work up to the softirq itself. */
const CALL = 4;
/** __do_softirq or handle_softirqs: its lines are in softirq context, its own two are not. */
const SOFT = 5;

/** An open region: the depth of its first line, what it is, the root that opened it, and of these. */
const REGION_SIZE = 8;
const REGION_KIND = 4;
const REGION_ROOT = 5;
const REGION_TRAITS = 6;
/** The line that opened it was kept: its return goes the same way. */
const KEPT = 1;
/** A softirq region: run by the task's own call. */
const OWN = 2;
/** A softirq region: its lines are kept. */
const KEEPS_LINES = 4;
/** Nothing below it can be kept: one comparison of depths decides. */
const SOLID = 8;

/** The CPU (the task, where the text names no CPU) at hand. */
let state: i32 = at.STATES;
let states: i32 = 1;
/** The text has shown context flags. */
let flagged: bool = false;
/** The text has shown an irq_exit: interrupts here are whole triples, not just their entry. */
let sawExit: bool = false;

let keepForeign: bool = false;
let keepOwn: bool = false;
let keepUnknown: bool = false;
let someTids: bool = false;

/** Chooses the policy, before the first line: softirqs for anybody, of the task's own, unknown contexts. */
export function judgeRegions(foreign: bool, own: bool, unknown: bool): void {
  keepForeign = foreign;
  keepOwn = own;
  keepUnknown = unknown;
  store<i32>(at.JUDGING, at.JUDGE_REGIONS);
  makeState(state, NOWHERE);
  store<i32>(placeOf(NOWHERE), state);
}

function tidSlot(tid: i64): i32 {
  return <i32>((<u64>tid * 0x9e3779b97f4a7c15) >>> (64 - at.TIDS_LOG2));
}

/** Only tasks told of here are wanted, MAX_TIDS of them at most. */
export function want(tid: f64): void {
  const mask = (1 << at.TIDS_LOG2) - 1;
  let slot = tidSlot(<i64>tid);
  someTids = true;
  while (load<i64>(at.TIDS + (slot << 3)) !== 0) slot = (slot + 1) & mask;
  store<i64>(at.TIDS + (slot << 3), <i64>tid + 1);
}

function isWanted(tid: i64): bool {
  if (!someTids) return true;
  const mask = (1 << at.TIDS_LOG2) - 1;
  let slot = tidSlot(tid);
  let known = load<i64>(at.TIDS + (slot << 3));
  while (known !== 0 && known !== tid + 1) {
    slot = (slot + 1) & mask;
    known = load<i64>(at.TIDS + (slot << 3));
  }
  return known !== 0 && tid !== UNKNOWN;
}

/** The place of a key among the slots: of its state, or where that is to stand. */
function placeOf(key: i64): i32 {
  const mask = (1 << at.STATE_SLOTS_LOG2) - 1;
  let slot = <i32>((<u64>key * 0x9e3779b97f4a7c15) >>> (64 - at.STATE_SLOTS_LOG2));
  let known = load<i32>(at.STATE_SLOTS + (slot << 2));
  while (known !== 0 && load<i64>(known + at.STATE_KEY) !== key) {
    slot = (slot + 1) & mask;
    known = load<i32>(at.STATE_SLOTS + (slot << 2));
  }
  return at.STATE_SLOTS + (slot << 2);
}

function stateOf(key: i64): i32 {
  let place = placeOf(key);
  const known = load<i32>(place);
  if (known !== 0) return known;
  if (states === at.MAX_STATES) {
    forgetOthers();
    place = placeOf(key);
  }
  const made = at.STATES + states * at.STATE_SIZE;
  states++;
  makeState(made, key);
  store<i32>(place, made);
  return made;
}

/** Makes room: input of nothing but new CPUs and tasks must not grow the table. */
function forgetOthers(): void {
  memory.fill(at.STATE_SLOTS, 0, 4 << at.STATE_SLOTS_LOG2);
  if (state !== at.STATES) memory.copy(at.STATES, state, at.STATE_SIZE);
  memory.fill(at.HEAD_STATES, 0, 4 * at.MAX_KNOWN_HEADS);
  state = at.STATES;
  states = 1;
  store<i32>(placeOf(load<i64>(state + at.STATE_KEY)), state);
}

function makeState(made: i32, key: i64): void {
  memory.fill(made, 0, at.STATE_SIZE);
  store<i64>(made + at.STATE_KEY, key);
  store<i64>(made + at.STATE_TID, UNKNOWN);
  // The stop among the regions: of no kind, and every line is inside it.
  store<i32>(made + at.STATE_REGIONS, -1);
  store<i32>(made + at.STATE_TOP, at.STATE_REGIONS);
  store<u8>(made + at.STATE_WANTED, isWanted(UNKNOWN));
  settle(made);
}

function forget(which: i32, known: bool): void {
  store<u8>(which + at.STATE_KNOWN, known);
  store<i32>(which + at.STATE_TOP, at.STATE_REGIONS);
  if (flagged) memory.fill(which + at.STATE_VERDICTS, 0, at.DEPTHS);
  settle(which);
}

/** Another task runs from here on, in a context that is known or not. */
function setTask(which: i32, tid: i64, known: bool): void {
  store<i64>(which + at.STATE_TID, tid);
  store<u8>(which + at.STATE_WANTED, isWanted(tid));
  forget(which, known);
}

function forgetAll(): void {
  for (let i = 0; i < states; i++) forget(at.STATES + i * at.STATE_SIZE, false);
}

/** Lines deeper than this are dropped, whatever they are, for solidCause(). */
// @ts-expect-error: decorator
@inline
export function solidDepth(): i32 {
  return load<i32>(state + at.STATE_SOLID_DEPTH);
}

// @ts-expect-error: decorator
@inline
export function solidCause(): i32 {
  return load<u8>(state + at.STATE_SOLID_CAUSE);
}

/** Other lines are kept if they have no flags and name no root. */
// @ts-expect-error: decorator
@inline
export function isClear(): bool {
  return load<u8>(state + at.STATE_CLEAR) !== 0;
}

// @ts-expect-error: decorator
@inline
function isWantedHere(): bool {
  return load<u8>(state + at.STATE_WANTED) !== 0;
}

// @ts-expect-error: decorator
@inline
function isKnown(): bool {
  return load<u8>(state + at.STATE_KNOWN) !== 0;
}

// @ts-expect-error: decorator
@inline
function tidAtHand(): i64 {
  return load<i64>(state + at.STATE_TID);
}

/** The innermost open region; of kind NONE where none is open. */
// @ts-expect-error: decorator
@inline
function top(): i32 {
  return state + load<i32>(state + at.STATE_TOP);
}

/** Where the verdicts on open functions stand, one for each depth; 0 where there are none. */
export function verdictsAtHand(): i32 {
  return flagged ? state + at.STATE_VERDICTS : 0;
}

function pop(): void {
  store<i32>(state + at.STATE_TOP, load<i32>(state + at.STATE_TOP) - REGION_SIZE);
}

// @ts-expect-error: decorator
@inline
function kindOf(region: i32): i32 {
  return load<u8>(region + REGION_KIND);
}

// @ts-expect-error: decorator
@inline
function depthOf(region: i32): i32 {
  return load<i32>(region);
}

// @ts-expect-error: decorator
@inline
function openerOf(region: i32): i32 {
  return load<u8>(region + REGION_ROOT);
}

// @ts-expect-error: decorator
@inline
function has(region: i32, trait: i32): bool {
  return (load<u8>(region + REGION_TRAITS) & trait) !== 0;
}

/** The lines that follow are of this task on this CPU, -1 if not told. */
export function head(cpu: f64, tid: f64): void {
  enterHead(<i64>cpu, <i64>tid);
}

function enterHead(cpu: i64, tid: i64): void {
  // Without a CPU column the regions of interleaved tasks are told apart by task.
  state = stateOf(cpu === UNKNOWN ? -2 - tid : cpu);
  const before = tidAtHand();
  // A CPU changes its task in task context only: what comes next is known to be the task's.
  if (tid !== UNKNOWN && before !== tid) setTask(state, tid, before !== UNKNOWN || isKnown());
}

/** The same by the number of a known head, which mostly goes on where it was left. */
export function enterKnownHead(id: i32): void {
  const tid = load<i64>(at.HEAD_TIDS + (id << 3));
  const known = load<i32>(at.HEAD_STATES + (id << 2));
  if (known !== 0 && load<i64>(known + at.STATE_TID) === tid) {
    state = known;
    return;
  }
  enterHead(load<i64>(at.HEAD_CPUS + (id << 3)), tid);
  store<i32>(at.HEAD_STATES + (id << 2), state);
}

/** Whether the text names no CPU. */
function isByTask(): bool {
  const key = load<i64>(state + at.STATE_KEY);
  return key < 0 && key !== NOWHERE;
}

/** Another task runs on a CPU from here on. */
export function switchTasks(cpu: f64, tid: f64): void {
  enterSwitch(<i64>cpu, <i64>tid);
}

export function enterSwitch(cpu: i64, tid: i64): void {
  setTask(stateOf(cpu), tid, true);
}

/** Events of a CPU are missing from here on. */
export function lose(cpu: f64): void {
  // Text without a CPU column does not tell whose lines are missing: anybody's may be.
  if (isByTask()) forgetAll();
  else forget(stateOf(<i64>cpu), false);
}

/** Another trace begins. */
export function begin(): void {
  forgetAll();
  sawExit = false;
}

/** The verdict on an open, leaf, close or event line: KEEP_CODE, or DROP_CODE with a cause. */
export function judge(kind: i32, context: i32, depth: i32, root: i32): i32 {
  if (depth > solidDepth()) return drop(solidCause());
  if (!isWantedHere()) return dropUnwanted();
  if (context !== at.CONTEXT_NONE) return judgeFlagged(kind, context, depth, root);
  return kind === at.KIND_OPEN || kind === at.KIND_LEAF
    ? judgeCall(kind, depth, root)
    : judgeNameless(kind, depth);
}

/** The same for a line that nobody has looked at for roots. */
export function judgeLine(kind: i32, context: i32, depth: i32, nameFrom: i32, nameTo: i32): i32 {
  const named = kind === at.KIND_OPEN || kind === at.KIND_LEAF;
  return judge(kind, context, depth, named ? rootOf(nameFrom, nameTo) : at.NO_ROOT);
}

/**
 * The same for a line of the function tracer. Without depth there are no regions: only the flags, and
 * the caller for what those leave open.
 */
export function judgeTraced(
  context: i32,
  nameFrom: i32,
  nameTo: i32,
  parentFrom: i32,
  parentTo: i32,
): i32 {
  if (!isWantedHere()) return dropUnwanted();
  if (context === at.CONTEXT_NONE) return judgeUnknown();
  if (context === at.CONTEXT_TASK || context === at.CONTEXT_SOFTIRQ) {
    const root = rootOf(nameFrom, nameTo);
    const caller = rootOf(parentFrom, parentTo);
    if (isBorder(root)) return drop(root);
    if (isBorder(caller)) {
      return isSoftirq(roleOf(root)) && keepForeign ? at.KEEP_CODE : drop(caller);
    }
  }
  return judgeByFlag(context);
}

/** Where an interrupt's context begins or ends, but not where its flag does. */
function isBorder(root: i32): bool {
  const role = roleOf(root);
  return role === at.ROLE_ENTER || role === at.ROLE_EXIT;
}

function isSoftirq(role: i32): bool {
  return role === at.ROLE_SOFTIRQ || role === at.ROLE_SOFTIRQ_BODY;
}

/** A return or an event, in text without flags. */
function judgeNameless(kind: i32, depth: i32): i32 {
  if (kind === at.KIND_CLOSE) {
    const closed = leave(depth, true);
    if (closed !== 0) return has(closed, KEPT) ? at.KEEP_CODE : drop(openerOf(closed));
  }
  const inside = top();
  if (kindOf(inside) !== NONE) return judgeInside(inside);
  if (isKnown()) return at.KEEP_CODE;
  // Whatever this was, it was the outermost function: the next line is not inside anything.
  if (kind === at.KIND_CLOSE && depth === 0) {
    store<u8>(state + at.STATE_KNOWN, 1);
    settle(state);
  }
  return judgeUnknown();
}

/** A call, in text without flags. */
function judgeCall(kind: i32, depth: i32, root: i32): i32 {
  leave(depth, false);
  if (root !== at.NO_ROOT) {
    const code = enter(kind, depth, root, false);
    if (code !== at.ASK_CODE) return code;
  }
  const code = judgeOrdinary(kind, depth);
  if (code === at.KEEP_CODE) enterCall(kind, depth, root);
  return code;
}

/** A call in text without flags that opens no region of an interrupt. */
function judgeOrdinary(kind: i32, depth: i32): i32 {
  let inside = top();
  let settled = true;
  if (kindOf(inside) === SEQUENCE && depthOf(inside) === depth) {
    const opener = openerOf(inside);
    if (sawExit) {
      // The handler is inlined into its untraceable entry: its callees stand here in its place.
      if (kind === at.KIND_OPEN) push(HARD, depth, opener, 0);
      return drop(opener);
    }
    pop();
    inside = top();
    settled = false;
  }
  // A new outermost function that is no interrupt is the task's.
  if (kindOf(inside) === NONE && depth === 0 && !isKnown()) {
    store<u8>(state + at.STATE_KNOWN, 1);
    settled = false;
  }
  if (!settled) settle(state);
  if (kindOf(inside) !== NONE) return judgeInside(inside);
  return isKnown() ? at.KEEP_CODE : judgeUnknown();
}

/** A line without a role of its own inside a region. */
function judgeInside(region: i32): i32 {
  switch (kindOf(region)) {
    case CALL:
      return isKnown() ? at.KEEP_CODE : judgeUnknown();
    case SOFT:
      if (has(region, KEEPS_LINES)) return at.KEEP_CODE;
      if (!has(region, SOLID)) {
        store<u8>(region + REGION_TRAITS, load<u8>(region + REGION_TRAITS) | SOLID);
        settle(state);
      }
      return drop(openerOf(region));
    default:
      return drop(openerOf(region));
  }
}

/**
 * Text with flags: the context at a function's entry decides for its entry and its return. Lines that
 * the flags call the task's or a softirq's are still an interrupt's between irq_enter and the end of
 * irq_exit.
 */
function judgeFlagged(kind: i32, context: i32, depth: i32, root: i32): i32 {
  if (!flagged || !isKnown()) {
    flagged = true;
    store<u8>(state + at.STATE_KNOWN, 1);
    settle(state);
  }
  const verdict = state + at.STATE_VERDICTS + min(depth, at.DEPTHS - 1);
  if (kind === at.KIND_CLOSE) {
    // A handler's return is still in hardirq context and does not end the sequence it stands in.
    const hard = context === at.CONTEXT_HARDIRQ || context === at.CONTEXT_NMI;
    if (!(hard && kindOf(top()) === SEQUENCE)) leave(depth, true);
    const code = <i32>load<u8>(verdict);
    store<u8>(verdict, at.ASK_CODE);
    if (code === at.ASK_CODE) return judgeByFlag(context);
    return code === at.KEEP_CODE ? code : drop(code - at.DROP_CODE);
  }
  const code = judgeEntry(kind, context, depth, root);
  if (kind === at.KIND_OPEN) store<u8>(verdict, code);
  return code;
}

function judgeEntry(kind: i32, context: i32, depth: i32, root: i32): i32 {
  if (kind !== at.KIND_EVENT) leave(depth, false);
  if (context === at.CONTEXT_HARDIRQ || context === at.CONTEXT_NMI) {
    return judgeHard(kind, context, depth, root);
  }
  if (root !== at.NO_ROOT) {
    const code = enter(kind, depth, root, true);
    if (code !== at.ASK_CODE) return code;
  }
  if (kind !== at.KIND_EVENT && kindOf(top()) === SEQUENCE) {
    while (kindOf(top()) === SEQUENCE) pop();
    settle(state);
  }
  const inside = top();
  if (kindOf(inside) === EXIT) return drop(openerOf(inside));
  if (context === at.CONTEXT_TASK) {
    enterCall(kind, depth, root);
    return at.KEEP_CODE;
  }
  if (kindOf(inside) === SOFT) {
    return has(inside, KEEPS_LINES) ? at.KEEP_CODE : drop(openerOf(inside));
  }
  return judgeByFlag(context);
}

/** A line the flags put in an interrupt: only for whose sake it is dropped is asked. */
function judgeHard(kind: i32, context: i32, depth: i32, root: i32): i32 {
  const inside = top();
  const role = roleOf(root);
  if (role === at.ROLE_EXIT || role === at.ROLE_ENTER) return enter(kind, depth, root, true);
  if (kindOf(inside) !== SEQUENCE) return judgeByFlag(context);
  if (root !== at.NO_ROOT && role !== at.ROLE_TAIL) {
    store<u8>(inside + REGION_ROOT, root);
    settle(state);
  }
  return drop(openerOf(inside));
}

/** The kernel's word for a line of which nothing else is known. */
function judgeByFlag(context: i32): i32 {
  switch (context) {
    case at.CONTEXT_TASK:
      return at.KEEP_CODE;
    case at.CONTEXT_SOFTIRQ:
      return keepForeign ? at.KEEP_CODE : drop(at.SOFTIRQ_FLAG);
    case at.CONTEXT_NMI:
      return drop(at.NMI_FLAG);
    default:
      return drop(at.HARDIRQ_FLAG);
  }
}

/** Opens what a root opens; ASK_CODE when it is, where it stands, an ordinary function. */
function enter(kind: i32, depth: i32, root: i32, withFlags: bool): i32 {
  const inside = top();
  const opens = kind === at.KIND_OPEN;
  const inSequence = kindOf(inside) === SEQUENCE && depthOf(inside) === depth;
  const endsInterrupt = inSequence || kindOf(inside) === EXIT;
  const role = roleOf(root);
  switch (role) {
    case at.ROLE_ENTER:
      if (inSequence) pop();
      push(SEQUENCE, depth, root, 0);
      if (opens) push(HARD, depth, root, 0);
      return drop(root);
    case at.ROLE_EXIT:
      sawExit = true;
      if (inSequence) pop();
      if (opens) push(EXIT, depth, root, 0);
      settle(state);
      return drop(root);
    case at.ROLE_HANDLER:
    case at.ROLE_INTERRUPT:
    case at.ROLE_NMI:
      if (inSequence) store<u8>(inside + REGION_ROOT, root);
      // A whole interrupt has softirqs at its end, as irq_exit_rcu has.
      if (opens) push(role === at.ROLE_INTERRUPT ? EXIT : HARD, depth, root, 0);
      else settle(state);
      return drop(root);
    case at.ROLE_TAIL:
      if (!inSequence) return at.ASK_CODE;
      if (opens) push(HARD, depth, root, 0);
      return drop(root);
    case at.ROLE_SOFTIRQ_CALL:
      // No interrupt ends with it: the sequence is over, and this is an ordinary function.
      if (inSequence) {
        pop();
        settle(state);
      }
      return at.ASK_CODE;
    case at.ROLE_SOFTIRQ_STACK:
      return endsInterrupt ? enterForeign(opens, depth, root) : at.ASK_CODE;
    default:
      if (endsInterrupt) return enterForeign(opens, depth, root);
      if (!withFlags && !isKnown() && kindOf(inside) === NONE) return at.ASK_CODE;
      enterSoftirq(opens, depth, root, inside, withFlags);
      return at.KEEP_CODE;
  }
}

/** Softirqs run below a task's own call are its own. */
function enterCall(kind: i32, depth: i32, root: i32): void {
  if (kind !== at.KIND_OPEN) return;
  const role = roleOf(root);
  if (role === at.ROLE_SOFTIRQ_CALL || role === at.ROLE_SOFTIRQ_STACK) push(CALL, depth, root, KEPT);
}

/** Softirqs run at the end of an interrupt, for anybody. */
function enterForeign(opens: bool, depth: i32, root: i32): i32 {
  if (opens) push(SOFT, depth, root, keepForeign ? KEPT | KEEPS_LINES : 0);
  return keepForeign ? at.KEEP_CODE : drop(root);
}

/** Softirqs run from task context: the entry itself is the task's, by the kernel's own flags. */
function enterSoftirq(opens: bool, depth: i32, root: i32, inside: i32, withFlags: bool): void {
  // __do_softirq() { handle_softirqs() { ... }: the inner one is still no softirq.
  const nested = kindOf(inside) === SOFT;
  const own = nested ? has(inside, OWN) : kindOf(inside) === CALL;
  const keepsLines = own ? keepOwn : keepForeign;
  if (!opens) return;
  let traits = KEPT;
  if (own) traits |= OWN;
  if (keepsLines) traits |= KEEPS_LINES;
  else if (roleOf(root) === at.ROLE_SOFTIRQ_BODY && !withFlags) traits |= SOLID;
  push(SOFT, depth, root, traits);
}

function push(kind: i32, depth: i32, root: i32, traits: i32): void {
  const next = load<i32>(state + at.STATE_TOP) + REGION_SIZE;
  if (next > at.STATE_REGIONS + REGION_SIZE * at.MAX_REGIONS) {
    forget(state, false);
    return;
  }
  const solid =
    kind === HARD || (kind === EXIT && !keepForeign) || (kind === SOFT && (traits & KEPT) === 0);
  const region = state + next;
  store<i32>(region, depth);
  store<u8>(region + REGION_KIND, kind);
  store<u8>(region + REGION_ROOT, root);
  store<u8>(region + REGION_TRAITS, solid ? traits | SOLID : traits);
  store<i32>(state + at.STATE_TOP, next);
  settle(state);
}

/**
 * Closes the regions that a line at `depth` is outside of; the one whose return it is, if it is one, or
 * 0. A region left without its return line has lost it.
 */
function leave(depth: i32, isReturn: bool): i32 {
  let region = top();
  if (depth > depthOf(region)) return 0;
  let closed = 0;
  for (; depth <= depthOf(region); region = top()) {
    const sibling = depth === depthOf(region);
    const sequence = kindOf(region) === SEQUENCE;
    if (sibling && !isReturn && sequence) break;
    pop();
    if (sibling && isReturn && !sequence) {
      closed = region;
      break;
    }
    if (!sequence) increment(at.RESYNCHRONISED);
  }
  settle(state);
  return closed;
}

// @ts-expect-error: decorator
@inline
function increment(counter: i32): void {
  store<i64>(counter, load<i64>(counter) + 1);
}

/** Drops a line for a cause. */
// @ts-expect-error: decorator
@inline
export function drop(cause: i32): i32 {
  increment(at.DROPPED + (cause << 3));
  return at.DROP_CODE + cause;
}

function judgeUnknown(): i32 {
  increment(at.UNATTRIBUTED);
  return keepUnknown ? at.KEEP_CODE : drop(at.NOT_ATTRIBUTED);
}

function dropUnwanted(): i32 {
  return tidAtHand() === UNKNOWN ? judgeUnknown() : drop(at.OTHER_TASK);
}

/** Says what the regions that are open mean for most lines. */
function settle(which: i32): void {
  const innermost = which + load<i32>(which + at.STATE_TOP);
  const wanted = load<u8>(which + at.STATE_WANTED) !== 0;
  const known = load<u8>(which + at.STATE_KNOWN) !== 0;
  store<u8>(which + at.STATE_CLEAR, wanted && known && kindOf(innermost) === NONE);
  let depth: i32 = at.ALL_DEPTHS;
  let cause: i32 = at.OTHER_TASK;
  if (wanted) {
    for (let region = which + at.STATE_REGIONS; region <= innermost; region += REGION_SIZE) {
      if (!has(region, SOLID)) continue;
      depth = depthOf(region);
      cause = openerOf(region);
      break;
    }
  } else if (load<i64>(which + at.STATE_TID) !== UNKNOWN) {
    depth = -1;
  }
  store<i32>(which + at.STATE_SOLID_DEPTH, depth);
  store<u8>(which + at.STATE_SOLID_CAUSE, cause);
}
