import { Cause } from '../../src/context/regions.js';
import { ROOTS, type Role } from '../../src/context/roots.js';
import type { Policy } from '../../src/context/verdict.js';
import { Context, Kind, UNKNOWN } from '../../src/trace/kinds.js';
import { DEPTHS, MAX_REGIONS, MAX_STATES } from '../../src/trace/lane/layout.js';
import type { Line } from '../../src/trace/line.js';
import type { Judge } from '../../src/trace/scan.js';

// The rules of trace/lane/assembly/regions.ts once more, with strings, maps and objects: what RegionJudge
// is compared with.

const ROOT_BY_NAME = new Map(ROOTS.map((root) => [root.name, root]));
const NUMBER = new Map(ROOTS.map((root, number) => [root.name, number]));

const SUFFIX = /\.(?:part|isra|constprop|llvm)\.\d+$|\.cold$/;

interface Root {
  readonly name: string;
  readonly role: Role;
  readonly cause: number;
}

function rootOf(view: DataView, from: number, to: number): Root | undefined {
  let name = Buffer.from(view.buffer as ArrayBuffer, from, to - from).toString('latin1');
  while (SUFFIX.test(name)) name = name.replace(SUFFIX, '');
  const root = ROOT_BY_NAME.get(name);
  return root && { name, role: root.role, cause: NUMBER.get(name)! };
}

const isBorder = (root: Root | undefined) => root?.role === 'enter' || root?.role === 'exit';

const isSoftirq = (root: Root | undefined) =>
  root?.role === 'softirq' || root?.role === 'softirq-body';

interface Region {
  readonly kind: 'sequence' | 'hard' | 'exit' | 'call' | 'soft';
  readonly depth: number;
  cause: number;
  /** The line that opened it was kept. */
  readonly kept: boolean;
  /** A softirq region: run by the task's own call, and its lines are kept. */
  readonly own: boolean;
  readonly keepsLines: boolean;
  /** Whatever is inside is dropped. */
  solid: boolean;
}

interface Verdict {
  readonly kept: boolean;
  readonly cause: number;
}

const KEPT: Verdict = { kept: true, cause: UNKNOWN };

class State {
  tid = UNKNOWN;
  known = false;
  regions: Region[] = [];
  /** With flags, by depth. */
  verdicts = new Map<number, Verdict>();

  constructor(readonly key: number | undefined) {}

  get top(): Region | undefined {
    return this.regions.at(-1);
  }

  forget(known: boolean): void {
    this.known = known;
    this.regions = [];
    this.verdicts.clear();
  }
}

export class RegionModel implements Judge {
  readonly dropped = new Float64Array(Cause.count);
  unattributed = 0;
  resynchronised = 0;

  private states = new Map<number | undefined, State>();
  private state = this.stateOf(undefined);
  private byTask = false;
  private sawExit = false;
  private readonly keepForeign: boolean;
  private readonly keepOwn: boolean;
  private readonly keepUnknown: boolean;

  constructor(private readonly policy: Policy) {
    this.keepForeign = policy.softirq === 'keep';
    this.keepOwn = policy.softirq !== 'drop';
    this.keepUnknown = policy.unknown === 'keep';
  }

  private stateOf(key: number | undefined): State {
    if (!this.states.has(key)) {
      if (this.states.size >= MAX_STATES) this.states = new Map([[this.state.key, this.state]]);
      this.states.set(key, new State(key));
    }
    return this.states.get(key)!;
  }

  private get wanted(): boolean {
    return this.policy.tids?.has(this.state.tid) ?? true;
  }

  head(cpu: number, tid: number): void {
    this.byTask = cpu === UNKNOWN;
    this.state = this.stateOf(this.byTask ? -2 - tid : cpu);
    const { state } = this;
    if (tid === UNKNOWN || tid === state.tid) return;
    state.forget(state.tid !== UNKNOWN || state.known);
    state.tid = tid;
  }

  note(line: Line): void {
    if (line.kind === Kind.switch) {
      const state = this.stateOf(line.cpu);
      state.forget(true);
      state.tid = line.tid;
    } else if (line.kind === Kind.lost) {
      if (this.byTask) this.forgetAll();
      else this.stateOf(line.cpu).forget(false);
    } else if (line.kind === Kind.header && line.count > 0) {
      this.forgetAll();
      this.sawExit = false;
    }
  }

  private forgetAll(): void {
    for (const state of this.states.values()) state.forget(false);
  }

  keep(
    view: DataView,
    kind: number,
    context: number,
    depth: number,
    nameFrom: number,
    nameTo: number,
  ): boolean {
    return this.judge(view, kind, context, depth, nameFrom, nameTo).kept;
  }

  private judge(
    view: DataView,
    kind: number,
    context: number,
    depth: number,
    nameFrom: number,
    nameTo: number,
  ): Verdict {
    if (!this.wanted) return this.dropUnwanted();
    const solid = this.state.regions.find((region) => region.solid);
    if (solid !== undefined && depth > solid.depth) return this.drop(solid.cause);
    const named = kind === Kind.open || kind === Kind.leaf;
    const root = named ? rootOf(view, nameFrom, nameTo) : undefined;
    if (context !== Context.none) return this.judgeFlagged(kind, context, depth, root);
    return named ? this.judgeCall(kind, depth, root) : this.judgeNameless(kind, depth);
  }

  keepCall(view: DataView, line: Line): boolean {
    if (!this.wanted) return this.dropUnwanted().kept;
    const { context } = line;
    if (context === Context.none) return this.judgeUnknown().kept;
    if (context !== Context.task && context !== Context.softirq) {
      return this.judgeByFlag(context).kept;
    }
    const root = rootOf(view, line.nameFrom, line.nameTo);
    const caller = rootOf(view, line.parentFrom, line.parentTo);
    if (isBorder(root)) return this.drop(root!.cause).kept;
    if (isBorder(caller)) {
      return (isSoftirq(root) && this.keepForeign) || this.drop(caller!.cause).kept;
    }
    return this.judgeByFlag(context).kept;
  }

  private judgeNameless(kind: number, depth: number): Verdict {
    const { state } = this;
    if (kind === Kind.close) {
      const closed = this.leave(depth, true);
      if (closed !== undefined) return closed.kept ? KEPT : this.drop(closed.cause);
    }
    if (state.top !== undefined) return this.judgeInside(state.top);
    if (state.known) return KEPT;
    state.known = kind === Kind.close && depth === 0;
    return this.judgeUnknown();
  }

  private judgeCall(kind: number, depth: number, root: Root | undefined): Verdict {
    this.leave(depth, false);
    const entered = root && this.enter(kind, depth, root, false);
    if (entered !== undefined) return entered;
    const verdict = this.judgeOrdinary(kind, depth);
    if (verdict.kept) this.enterCall(kind, depth, root);
    return verdict;
  }

  private judgeOrdinary(kind: number, depth: number): Verdict {
    const { state } = this;
    const before = state.top;
    if (before?.kind === 'sequence' && before.depth === depth) {
      if (this.sawExit) {
        if (kind === Kind.open) this.push('hard', depth, before.cause, false);
        return this.drop(before.cause);
      }
      state.regions.pop();
    }
    if (state.top !== undefined) return this.judgeInside(state.top);
    if (depth === 0) state.known = true;
    return state.known ? KEPT : this.judgeUnknown();
  }

  private judgeInside(region: Region): Verdict {
    if (region.kind === 'call') return this.state.known ? KEPT : this.judgeUnknown();
    if (region.kind === 'soft') {
      if (region.keepsLines) return KEPT;
      region.solid = true;
    }
    return this.drop(region.cause);
  }

  private judgeFlagged(
    kind: number,
    context: number,
    depth: number,
    root: Root | undefined,
  ): Verdict {
    const { state } = this;
    state.known = true;
    const level = Math.min(depth, DEPTHS - 1);
    if (kind === Kind.close) {
      const hard = context === Context.hardirq || context === Context.nmi;
      if (!(hard && state.top?.kind === 'sequence')) this.leave(depth, true);
      const verdict = state.verdicts.get(level);
      state.verdicts.delete(level);
      if (verdict === undefined) return this.judgeByFlag(context);
      return verdict.kept ? KEPT : this.drop(verdict.cause);
    }
    const verdict = this.judgeEntry(kind, context, depth, root);
    if (kind === Kind.open) state.verdicts.set(level, verdict);
    return verdict;
  }

  private judgeEntry(
    kind: number,
    context: number,
    depth: number,
    root: Root | undefined,
  ): Verdict {
    const { state } = this;
    if (kind !== Kind.event) this.leave(depth, false);
    if (context === Context.hardirq || context === Context.nmi) {
      return this.judgeHard(kind, context, depth, root);
    }
    const entered = root && this.enter(kind, depth, root, true);
    if (entered !== undefined) return entered;
    while (kind !== Kind.event && state.top?.kind === 'sequence') state.regions.pop();
    const { top } = state;
    if (top?.kind === 'exit') return this.drop(top.cause);
    if (context === Context.task) {
      this.enterCall(kind, depth, root);
      return KEPT;
    }
    if (top?.kind === 'soft') return top.keepsLines ? KEPT : this.drop(top.cause);
    return this.judgeByFlag(context);
  }

  private judgeHard(kind: number, context: number, depth: number, root: Root | undefined): Verdict {
    if (root !== undefined && isBorder(root)) return this.enter(kind, depth, root, true)!;
    const { top } = this.state;
    if (top?.kind !== 'sequence') return this.judgeByFlag(context);
    if (root !== undefined && root.role !== 'tail') top.cause = root.cause;
    return this.drop(top.cause);
  }

  private judgeByFlag(context: number): Verdict {
    if (context === Context.task) return KEPT;
    if (context === Context.softirq) {
      return this.keepForeign ? KEPT : this.drop(Cause.softirqFlag);
    }
    return this.drop(context === Context.nmi ? Cause.nmiFlag : Cause.hardirqFlag);
  }

  /** Undefined when the root is, where it stands, an ordinary function. */
  private enter(kind: number, depth: number, root: Root, withFlags: boolean): Verdict | undefined {
    const { state } = this;
    const { top } = state;
    const { cause } = root;
    const opens = kind === Kind.open;
    const inSequence = top?.kind === 'sequence' && top.depth === depth;
    const endsInterrupt = inSequence || top?.kind === 'exit';
    switch (root.role) {
      case 'enter':
        if (inSequence) state.regions.pop();
        this.push('sequence', depth, cause, false);
        if (opens) this.push('hard', depth, cause, false);
        return this.drop(cause);
      case 'exit':
        this.sawExit = true;
        if (inSequence) state.regions.pop();
        if (opens) this.push('exit', depth, cause, false);
        return this.drop(cause);
      case 'handler':
      case 'interrupt':
      case 'nmi':
        if (inSequence) top.cause = cause;
        if (opens) this.push(root.role === 'interrupt' ? 'exit' : 'hard', depth, cause, false);
        return this.drop(cause);
      case 'tail':
        if (!inSequence) return undefined;
        if (opens) this.push('hard', depth, cause, false);
        return this.drop(cause);
      case 'softirq-call':
        if (inSequence) state.regions.pop();
        return undefined;
      case 'softirq-stack':
        return endsInterrupt ? this.enterForeign(opens, depth, cause) : undefined;
      case 'softirq':
      case 'softirq-body':
        if (endsInterrupt) return this.enterForeign(opens, depth, cause);
        if (!withFlags && !state.known && top === undefined) return undefined;
        if (opens) this.enterSoftirq(depth, root, withFlags);
        return KEPT;
    }
  }

  private enterCall(kind: number, depth: number, root: Root | undefined): void {
    if (kind !== Kind.open) return;
    if (root?.role === 'softirq-call' || root?.role === 'softirq-stack') {
      this.push('call', depth, root.cause, true);
    }
  }

  private enterForeign(opens: boolean, depth: number, cause: number): Verdict {
    const kept = this.keepForeign;
    if (opens) this.push('soft', depth, cause, kept, { keepsLines: kept });
    return kept ? KEPT : this.drop(cause);
  }

  private enterSoftirq(depth: number, root: Root, withFlags: boolean): void {
    const { top } = this.state;
    const own = top?.kind === 'soft' ? top.own : top?.kind === 'call';
    const keepsLines = own ? this.keepOwn : this.keepForeign;
    const solid = root.role === 'softirq-body' && !keepsLines && !withFlags;
    this.push('soft', depth, root.cause, true, { own, keepsLines, solid });
  }

  private push(
    kind: Region['kind'],
    depth: number,
    cause: number,
    kept: boolean,
    traits: { own?: boolean; keepsLines?: boolean; solid?: boolean } = {},
  ): void {
    const { state } = this;
    if (state.regions.length >= MAX_REGIONS) {
      state.forget(false);
      return;
    }
    const { own = false, keepsLines = false, solid = false } = traits;
    state.regions.push({
      kind,
      depth,
      cause,
      kept,
      own,
      keepsLines,
      solid:
        solid ||
        kind === 'hard' ||
        (kind === 'exit' && !this.keepForeign) ||
        (kind === 'soft' && !kept),
    });
  }

  /** Closes the regions that a line at `depth` is outside of; the one whose return it is, if it is one. */
  private leave(depth: number, isReturn: boolean): Region | undefined {
    const { regions } = this.state;
    while (regions.length > 0) {
      const top = regions.at(-1)!;
      if (depth > top.depth) break;
      const sibling = depth === top.depth;
      const sequence = top.kind === 'sequence';
      if (sibling && !isReturn && sequence) break;
      regions.pop();
      if (sibling && isReturn && !sequence) return top;
      if (!sequence) this.resynchronised++;
    }
    return undefined;
  }

  private drop(cause: number): Verdict {
    this.dropped[cause]++;
    return { kept: false, cause };
  }

  private judgeUnknown(): Verdict {
    this.unattributed++;
    return this.keepUnknown ? KEPT : this.drop(Cause.unattributed);
  }

  private dropUnwanted(): Verdict {
    return this.state.tid === UNKNOWN ? this.judgeUnknown() : this.drop(Cause.otherTask);
  }
}
