import { hashBytes, Interner } from '../trace/intern.js';
import { Context, Kind, UNKNOWN } from '../trace/kinds.js';
import type { Line } from '../trace/line.js';
import { ALL_DEPTHS, Code, DEPTHS, Gate, type Judge, LOOK, NO_SUSPECT } from '../trace/scan.js';
import { ROOTS, type Role, withoutSuffix } from './roots.js';
import type { Policy } from './verdict.js';

/** Causes of a drop that are no root, numbered behind the roots. */
export const Cause = {
  otherTask: ROOTS.length,
  unattributed: ROOTS.length + 1,
  hardirqFlag: ROOTS.length + 2,
  softirqFlag: ROOTS.length + 3,
  nmiFlag: ROOTS.length + 4,
  count: ROOTS.length + 5,
} as const;

const NO_ROOT = NO_SUSPECT;

const ROLES: readonly Role[] = ROOTS.map((root) => root.role);
const ROOT_BY_NAME = new Map(ROOTS.map((root, index) => [root.name, index]));

/** Names looked up before the table starts afresh: input made of nothing but new names must not grow it. */
const MAX_LOOKED_UP = 8192;

/** CPUs (or tasks, without a CPU column) told apart before all are forgotten, for the same reason. */
const MAX_SLOTS = 16_384;

/** Finds roots by the bytes of their names; each distinct name becomes a string only once. */
class RootFinder {
  private names = new Interner();
  private roots: number[] = [];

  /** The root that the bytes [from, to) name, or NO_ROOT. */
  find(view: DataView, from: number, to: number): number {
    if (this.names.size >= MAX_LOOKED_UP) {
      this.names = new Interner();
      this.roots = [];
    }
    const id = this.names.intern(view, from, to, hashBytes(view, from, to));
    if (id === this.roots.length) {
      const name = this.names.text(id);
      const root = ROOT_BY_NAME.get(name) ?? ROOT_BY_NAME.get(withoutSuffix(name));
      this.roots.push(root ?? NO_ROOT);
    }
    return this.roots[id];
  }
}

/** Where an interrupt's context begins or ends, but not where its flag does. */
function isBorder(root: number): boolean {
  return root !== NO_ROOT && (ROLES[root] === 'enter' || ROLES[root] === 'exit');
}

/** What a region is, from its first line to the return at its depth. */
const Region = {
  /** Behind an interrupt's entry: its handler and exit, or its tails, follow at the same depth. */
  sequence: 0,
  /** A handler, a whole interrupt, an NMI: nothing in it is the task's. */
  hard: 1,
  /** irq_exit_rcu, or a whole interrupt: not the task's, but softirqs may run in it. */
  exit: 2,
  /** __local_bh_enable_ip, do_softirq: the task's own call, and its own work up to the softirq itself. */
  call: 3,
  /** __do_softirq or handle_softirqs: its lines are in softirq context, its own two are not. */
  soft: 4,
} as const;

interface Frame {
  readonly region: number;
  readonly depth: number;
  root: number;
  /** Whether the line that opened it was kept: its return goes the same way. */
  readonly kept: boolean;
  /** A softirq region: run by the task's own call, and its lines are kept. */
  readonly own: boolean;
  readonly keepLines: boolean;
  /** Nothing below it can be kept: one comparison of depths decides. */
  solid: boolean;
}

/** What is known of one CPU (of one task, where the text names no CPU). */
class Slot {
  tid = UNKNOWN;
  /** Text without flags: whether the context is known, as it is not at the start and behind a loss. */
  known = false;
  readonly frames: Frame[] = [];
  /** Text with flags: the code of the open function at each depth, Code.ask where none was seen. */
  verdicts: Uint8Array = new Uint8Array(DEPTHS);

  forget(known: boolean): void {
    this.known = known;
    this.frames.length = 0;
    this.verdicts.fill(0);
  }
}

/**
 * Tells a task's own work from that of interrupts, line by line.
 *
 * With flags the kernel itself has told the context of every entry; rules are needed only for what the
 * flags leave open: irq_enter_rcu is entered before the hardirq context begins, and irq_exit_rcu goes
 * on when it has ended. Without flags, regions are opened by the roots of roots.ts and closed by depth.
 * Interrupts and softirqs never migrate and end before another task runs, so regions are kept per CPU
 * and forgotten when its task changes; whole tasks may move between CPUs.
 */
export class RegionJudge implements Judge {
  readonly gate = new Gate(ROOTS.map((root) => root.name));
  /** Lines dropped, by root (index into ROOTS) or Cause. */
  readonly dropped = this.gate.dropped;
  /** Lines whose context could not be told, and what happened to them is the policy's. */
  unattributed = 0;
  /** Return lines that never came: regions closed by a line above them. */
  resynchronised = 0;

  private readonly slots = new Map<number, Slot>();
  private slot = new Slot();
  private byTask = false;
  private wanted = true;
  /** The text has shown context flags. */
  private flagged = false;
  /** The text has shown an irq_exit: interrupts here are whole triples, not just their entry. */
  private sawExit = false;

  private readonly finder = new RootFinder();
  private cause: number = NO_ROOT;

  private readonly keepForeign: boolean;
  private readonly keepOwn: boolean;
  private readonly keepUnknown: boolean;

  constructor(private readonly policy: Policy) {
    this.keepForeign = policy.softirq === 'keep';
    this.keepOwn = policy.softirq !== 'drop';
    this.keepUnknown = policy.unknown === 'keep';
  }

  head(cpu: number, tid: number): void {
    // Without a CPU column the regions of interleaved tasks are told apart by task.
    this.byTask = cpu === UNKNOWN;
    const slot = this.slotOf(this.byTask ? -2 - tid : cpu);
    if (tid !== UNKNOWN && slot.tid !== tid) {
      // A CPU changes its task in task context only: what comes next is known to be the task's.
      slot.forget(slot.tid !== UNKNOWN || slot.known);
      slot.tid = tid;
    }
    this.slot = slot;
    // The codes of this CPU's open functions move to where they are wanted now.
    const verdicts = this.gate.verdicts;
    if (verdicts !== undefined && verdicts !== slot.verdicts) {
      verdicts.set(slot.verdicts);
      slot.verdicts = verdicts;
    }
    const { tids } = this.policy;
    this.wanted = tids === undefined || tids.has(slot.tid);
    this.settle();
  }

  note(line: Line): void {
    if (line.kind === Kind.switch) {
      const slot = this.slotOf(line.cpu);
      slot.forget(true);
      slot.tid = line.tid;
      if (slot === this.slot) this.head(line.cpu, line.tid);
    } else if (line.kind === Kind.lost) {
      // Text without a CPU column does not tell whose lines are missing: anybody's may be.
      if (this.byTask) this.forgetAll();
      else this.slotOf(line.cpu).forget(false);
      this.settle();
    } else if (line.kind === Kind.header && line.count > 0) {
      this.forgetAll();
      this.sawExit = false;
      this.settle();
    }
  }

  private forgetAll(): void {
    for (const slot of this.slots.values()) slot.forget(false);
  }

  keep(
    view: DataView,
    kind: number,
    context: number,
    depth: number,
    nameFrom: number,
    nameTo: number,
    suspect: number = LOOK,
  ): boolean {
    // The suspects of the gate are the roots, by the same numbers.
    const named = kind === Kind.open || kind === Kind.leaf;
    let root = NO_ROOT;
    if (named) root = suspect === LOOK ? this.finder.find(view, nameFrom, nameTo) : suspect;
    if (context !== Context.none) return this.keepFlagged(kind, context, depth, root);
    return named ? this.keepEdge(kind, depth, root) : this.keepNameless(kind, depth);
  }

  keepCall(view: DataView, line: Line): boolean {
    if (!this.wanted) return this.dropUnwanted();
    // Without depth there are no regions: only the flags, and the caller for what those leave open.
    const { context } = line;
    if (context === Context.none) return this.keepUnattributed();
    if (context !== Context.task && context !== Context.softirq) return this.keepByFlag(context);
    const root = this.finder.find(view, line.nameFrom, line.nameTo);
    const caller = this.finder.find(view, line.parentFrom, line.parentTo);
    if (isBorder(root)) return this.drop(root);
    if (isBorder(caller)) {
      const isSoftirq = root !== NO_ROOT && ROLES[root] === 'softirq';
      return (isSoftirq && this.keepForeign) || this.drop(caller);
    }
    return this.keepByFlag(context);
  }

  /** A return or an event, in text without flags, while regions are open or the context is unknown. */
  private keepNameless(kind: number, depth: number): boolean {
    if (!this.wanted) return this.dropUnwanted();
    const frames = this.slot.frames;
    if (kind === Kind.close) {
      const closed = this.leave(depth, true);
      if (closed !== undefined) return closed.kept || this.drop(closed.root);
    }
    const top = frames.at(-1);
    if (top === undefined) {
      if (this.slot.known) return true;
      // Whatever this was, it was the outermost function: the next line is not inside anything.
      if (kind === Kind.close && depth === 0) {
        this.slot.known = true;
        this.settle();
      }
      return this.keepUnattributed();
    }
    return this.keepInside(top);
  }

  /** A call, in text without flags, that is a root or stands where regions are open. */
  private keepEdge(kind: number, depth: number, root: number): boolean {
    if (!this.wanted) return this.dropUnwanted();
    this.leave(depth, false);
    if (root !== NO_ROOT) {
      const verdict = this.enter(kind, depth, root, false);
      if (verdict !== undefined) return verdict;
    }
    const kept = this.keepOrdinary(kind, depth);
    if (kept) this.enterCall(kind, depth, root);
    return kept;
  }

  /** A call in text without flags that opens no region of an interrupt. */
  private keepOrdinary(kind: number, depth: number): boolean {
    const slot = this.slot;
    let top = slot.frames.at(-1);
    let settled = true;
    if (top !== undefined && top.region === Region.sequence && top.depth === depth) {
      if (this.sawExit) {
        // The handler is inlined into its untraceable entry: its callees stand here in its place.
        if (kind === Kind.open) this.push(Region.hard, depth, top.root, false);
        return this.drop(top.root);
      }
      slot.frames.pop();
      top = slot.frames.at(-1);
      settled = false;
    }
    // A new outermost function that is no interrupt is the task's.
    if (top === undefined && depth === 0 && !slot.known) {
      slot.known = true;
      settled = false;
    }
    if (!settled) this.settle();
    if (top !== undefined) return this.keepInside(top);
    return slot.known || this.keepUnattributed();
  }

  /** A line without a role of its own inside the region `top`. */
  private keepInside(top: Frame): boolean {
    switch (top.region) {
      case Region.call:
        return this.slot.known || this.keepUnattributed();
      case Region.soft:
        if (top.keepLines) return true;
        if (!top.solid) {
          top.solid = true;
          this.settle();
        }
        return this.drop(top.root);
      default:
        return this.drop(top.root);
    }
  }

  /**
   * Text with flags: the context at a function's entry decides for its entry and its return. Lines that
   * the flags call the task's or a softirq's are still an interrupt's between irq_enter and the end of
   * irq_exit.
   */
  private keepFlagged(kind: number, context: number, depth: number, root: number): boolean {
    if (!this.wanted) return this.dropUnwanted();
    const slot = this.slot;
    if (!this.flagged || !slot.known) {
      this.flagged = true;
      slot.known = true;
      this.settle();
    }
    const level = Math.min(depth, DEPTHS - 1);
    if (kind === Kind.close) {
      // A handler's return is still in hardirq context and does not end the sequence it stands in.
      const hard = context === Context.hardirq || context === Context.nmi;
      const top = slot.frames.at(-1);
      if (top !== undefined && !(hard && top.region === Region.sequence)) this.leave(depth, true);
      const code = slot.verdicts[level];
      slot.verdicts[level] = Code.ask;
      if (code === Code.ask) return this.keepByFlag(context);
      return code === Code.keep || this.drop(code - Code.drop);
    }
    const kept = this.keepEntry(kind, context, depth, root);
    if (kind === Kind.open) slot.verdicts[level] = kept ? Code.keep : Code.drop + this.cause;
    return kept;
  }

  private keepEntry(kind: number, context: number, depth: number, root: number): boolean {
    const frames = this.slot.frames;
    if (kind !== Kind.event && frames.length > 0) this.leave(depth, false);
    if (context === Context.hardirq || context === Context.nmi) {
      return this.keepHard(kind, context, depth, root);
    }
    if (root !== NO_ROOT) {
      const verdict = this.enter(kind, depth, root, true);
      if (verdict !== undefined) return verdict;
    }
    if (kind !== Kind.event && frames.at(-1)?.region === Region.sequence) {
      while (frames.at(-1)?.region === Region.sequence) frames.pop();
      this.settle();
    }
    const top = frames.at(-1);
    if (top?.region === Region.exit) return this.drop(top.root);
    if (context === Context.task) {
      this.enterCall(kind, depth, root);
      return true;
    }
    if (top?.region === Region.soft) return top.keepLines || this.drop(top.root);
    return this.keepByFlag(context);
  }

  /** A line the flags put in an interrupt: only for whose sake it is dropped is asked. */
  private keepHard(kind: number, context: number, depth: number, root: number): boolean {
    const top = this.slot.frames.at(-1);
    if (root !== NO_ROOT) {
      const role = ROLES[root];
      if (role === 'exit' || role === 'enter') {
        this.enter(kind, depth, root, true);
        return false;
      }
      if (role !== 'tail' && top?.region === Region.sequence) {
        top.root = root;
        this.settle();
      }
    }
    return top?.region === Region.sequence ? this.drop(top.root) : this.keepByFlag(context);
  }

  /** The kernel's word for a line of which nothing else is known. */
  private keepByFlag(context: number): boolean {
    switch (context) {
      case Context.task:
        return true;
      case Context.softirq:
        return this.keepForeign || this.drop(Cause.softirqFlag);
      case Context.nmi:
        return this.drop(Cause.nmiFlag);
      default:
        return this.drop(Cause.hardirqFlag);
    }
  }

  /** Opens what a root opens; undefined when it is, where it stands, an ordinary function. */
  private enter(kind: number, depth: number, root: number, flagged: boolean): boolean | undefined {
    const frames = this.slot.frames;
    const top = frames.at(-1);
    const opens = kind === Kind.open;
    const inSequence = top !== undefined && top.region === Region.sequence && top.depth === depth;
    const role = ROLES[root];
    switch (role) {
      case 'enter':
        if (inSequence) frames.pop();
        this.push(Region.sequence, depth, root, false);
        if (opens) this.push(Region.hard, depth, root, false);
        return this.drop(root);
      case 'exit':
        this.sawExit = true;
        if (inSequence) frames.pop();
        if (opens) this.push(Region.exit, depth, root, false);
        this.settle();
        return this.drop(root);
      case 'handler':
      case 'interrupt':
      case 'nmi':
        if (inSequence) top.root = root;
        // A whole interrupt has softirqs at its end, as irq_exit_rcu has.
        if (opens) this.push(role === 'interrupt' ? Region.exit : Region.hard, depth, root, false);
        else this.settle();
        return this.drop(root);
      case 'tail':
        if (!inSequence) return undefined;
        if (opens) this.push(Region.hard, depth, root, false);
        return this.drop(root);
      case 'softirq-call':
        // No interrupt ends with it: the sequence is over, and this is an ordinary function.
        if (inSequence) {
          frames.pop();
          this.settle();
        }
        return undefined;
      case 'softirq-stack':
        if (inSequence || top?.region === Region.exit) return this.enterForeign(opens, depth, root);
        return undefined;
      case 'softirq':
        if (inSequence || top?.region === Region.exit) return this.enterForeign(opens, depth, root);
        if (!flagged && !this.slot.known && frames.length === 0) return undefined;
        return this.enterSoftirq(opens, depth, root, top, flagged);
    }
  }

  /** Softirqs run below a task's own call are its own. */
  private enterCall(kind: number, depth: number, root: number): void {
    if (root === NO_ROOT || kind !== Kind.open) return;
    const role = ROLES[root];
    if (role === 'softirq-call' || role === 'softirq-stack') {
      this.push(Region.call, depth, root, true);
    }
  }

  /** Softirqs run at the end of an interrupt, for anybody. */
  private enterForeign(opens: boolean, depth: number, root: number): boolean {
    if (opens) this.push(Region.soft, depth, root, this.keepForeign, false, this.keepForeign);
    return this.keepForeign || this.drop(root);
  }

  /** Softirqs run from task context: the entry itself is the task's, by the kernel's own flags. */
  private enterSoftirq(
    opens: boolean,
    depth: number,
    root: number,
    top: Frame | undefined,
    flagged: boolean,
  ): boolean {
    // __do_softirq() { handle_softirqs() { ... }: the inner one is still no softirq.
    const nested = top !== undefined && top.region === Region.soft;
    const own = nested ? top.own : top?.region === Region.call;
    const keepLines = own ? this.keepOwn : this.keepForeign;
    if (opens) {
      this.push(Region.soft, depth, root, true, own, keepLines);
      const inner = ROOTS[root].name === 'handle_softirqs';
      if (inner && !keepLines && !flagged) {
        const frame = this.slot.frames.at(-1)!;
        frame.solid = true;
        this.settle();
      }
    }
    return true;
  }

  private push(
    region: number,
    depth: number,
    root: number,
    kept: boolean,
    own = false,
    keepLines = false,
  ): void {
    const solid =
      region === Region.hard ||
      (region === Region.exit && !this.keepForeign) ||
      (region === Region.soft && !kept);
    this.slot.frames.push({ region, depth, root, kept, own, keepLines, solid });
    this.settle();
  }

  /**
   * Closes the regions that a line at `depth` is outside of; the one whose return it is, if it is one.
   * A region left without its return line has lost it.
   */
  private leave(depth: number, isReturn: boolean): Frame | undefined {
    const frames = this.slot.frames;
    const before = frames.length;
    let closed: Frame | undefined;
    while (frames.length > 0) {
      const top = frames[frames.length - 1];
      if (depth > top.depth) break;
      const sibling = depth === top.depth;
      const sequence = top.region === Region.sequence;
      if (sibling && !isReturn && sequence) break;
      frames.pop();
      if (sibling && isReturn && !sequence) {
        closed = top;
        break;
      }
      if (!sequence) this.resynchronised++;
    }
    if (frames.length !== before) this.settle();
    return closed;
  }

  private drop(cause: number): boolean {
    this.cause = cause;
    this.dropped[cause]++;
    return false;
  }

  private keepUnattributed(): boolean {
    this.unattributed++;
    return this.keepUnknown || this.drop(Cause.unattributed);
  }

  private dropUnwanted(): boolean {
    if (this.slot.tid === UNKNOWN) return this.keepUnattributed();
    return this.drop(Cause.otherTask);
  }

  /** Brings the gate in line with the slot. */
  private settle(): void {
    const { gate } = this;
    const { frames, known, tid } = this.slot;
    gate.changed = true;
    gate.solidDepth = ALL_DEPTHS;
    gate.clear = this.wanted && known && frames.length === 0;
    if (!this.wanted) {
      gate.frameDepth = ALL_DEPTHS;
      if (tid === UNKNOWN) return;
      gate.solidDepth = -1;
      gate.solidCause = Cause.otherTask;
      return;
    }
    if (this.flagged) this.settleContexts(frames.at(-1));
    for (const frame of frames) {
      if (!frame.solid) continue;
      gate.solidDepth = frame.depth;
      gate.solidCause = frame.root;
      return;
    }
  }

  /** What keepEntry() says of ordinary functions inside `top`, by their flags. */
  private settleContexts(top: Frame | undefined): void {
    const { contexts } = this.gate;
    this.gate.frameDepth = top?.depth ?? -1;
    contexts[Context.task - 1] = Code.keep;
    contexts[Context.softirq - 1] = this.keepForeign ? Code.keep : Code.drop + Cause.softirqFlag;
    contexts[Context.hardirq - 1] = Code.drop + Cause.hardirqFlag;
    contexts[Context.nmi - 1] = Code.drop + Cause.nmiFlag;
    if (top === undefined) return;
    const inside = Code.drop + top.root;
    switch (top.region) {
      case Region.sequence:
        contexts[Context.task - 1] = contexts[Context.softirq - 1] = Code.ask;
        contexts[Context.hardirq - 1] = contexts[Context.nmi - 1] = inside;
        break;
      case Region.exit:
        contexts[Context.task - 1] = contexts[Context.softirq - 1] = inside;
        break;
      case Region.soft:
        contexts[Context.softirq - 1] = top.keepLines ? Code.keep : inside;
        break;
    }
  }

  private slotOf(key: number): Slot {
    let slot = this.slots.get(key);
    if (slot === undefined) {
      if (this.slots.size >= MAX_SLOTS) this.slots.clear();
      slot = new Slot();
      this.slots.set(key, slot);
    }
    return slot;
  }
}
