import { Tally } from '../context/tally.js';
import { hashBytes, Interner } from '../trace/intern.js';
import { Kind, UNKNOWN } from '../trace/kinds.js';
import type { Line } from '../trace/line.js';
import type { Sink } from '../trace/scan.js';
import { byName, type FunctionCount } from './names.js';
import { syscallOf } from './syscalls.js';

/** A function with the tasks that entered it and the way by which it was reached. */
export interface FunctionDetail extends FunctionCount {
  /** Thread ids, ascending; empty where the text does not tell tasks. */
  readonly tids: readonly number[];
  /** How often each of them entered it. */
  readonly callsOf: ReadonlyMap<number, number>;
  /**
   * From the outermost caller to the function itself; `?` stands for callers the trace does not show. The
   * shortest without a gap that begins in a system call; where there is none, that of the first call.
   */
  readonly path: readonly string[];
}

const UNSEEN = -1;

/**
 * A path that begins in a system call has it among its first steps: `x64_sys_call;__x64_sys_read`, or on arm64
 * `do_el0_svc;el0_svc_common.constprop.0;invoke_syscall;__arm64_sys_read`.
 */
const FIRST_STEPS = 4;

class Detail {
  calls = 0;
  readonly callsOf = new Map<number, number>();
  path: number[] = [];
  /** Whether the path begins in a system call and has no gap. */
  fromSyscall = false;
}

/**
 * Like NamesSink, and remembers by whom and by which path. A task's stack is its own: it goes to sleep
 * inside a call on one CPU and wakes up in it on another.
 */
export class PathsSink implements Sink {
  readonly tally = new Tally();
  private readonly interner = new Interner();
  private readonly details: Detail[] = [];
  /** Whether the name of an id is that of a system call, where that has been asked. */
  private readonly syscalls: boolean[] = [];
  private readonly stacks = new Map<number, number[]>();
  private stack: number[] = [];
  private tid = UNKNOWN;
  /** Where lines name a CPU but no task: that CPU, and the tasks that switches have named. */
  private cpu = UNKNOWN;
  private readonly taskOfCpu = new Map<number, number>();
  private bytes: Uint8Array = new Uint8Array(0);
  private view = new DataView(this.bytes.buffer);

  begin(bytes: Uint8Array, _from: number): void {
    if (this.bytes === bytes) return;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  head(cpu: number, tid: number): void {
    this.cpu = tid === UNKNOWN ? cpu : UNKNOWN;
    this.enterTask(tid === UNKNOWN ? (this.taskOfCpu.get(cpu) ?? -2 - cpu) : tid);
  }

  line(kind: number, depth: number, nameFrom: number, nameTo: number): void {
    if (kind === Kind.event) return;
    const stack = this.stack;
    if (stack.length > depth) stack.length = depth;
    if (kind === Kind.close) return;
    while (stack.length < depth) stack.push(UNSEEN);
    const id = this.intern(nameFrom, nameTo);
    this.add(id, stack);
    if (kind === Kind.open) stack.push(id);
  }

  markers(count: number): void {
    this.tally.markers += count;
  }

  note(line: Line, from: number, next: number): void {
    this.tally.count(line, this.bytes, from, next);
    if (line.kind === Kind.switch) {
      this.taskOfCpu.set(line.cpu, line.tid);
      if (line.cpu === this.cpu) this.enterTask(line.tid);
    }
    // Behind a loss, and in another trace, no call can be placed below one from before it.
    if (line.kind === Kind.lost || (line.kind === Kind.header && line.count > 0)) {
      for (const stack of this.stacks.values()) stack.length = 0;
    }
  }

  private enterTask(tid: number): void {
    let stack = this.stacks.get(tid);
    if (stack === undefined) {
      stack = [];
      this.stacks.set(tid, stack);
    }
    this.tid = tid;
    this.stack = stack;
  }

  call(line: Line): void {
    const { nameFrom, nameTo, parentFrom, parentTo } = line;
    const id = this.intern(nameFrom, nameTo);
    const callers: number[] = [];
    if (parentTo > parentFrom) callers.push(UNSEEN, this.intern(parentFrom, parentTo));
    this.add(id, callers);
  }

  private intern(from: number, to: number): number {
    return this.interner.intern(this.view, from, to, hashBytes(this.view, from, to));
  }

  private add(id: number, callers: readonly number[]): void {
    this.details[id] ??= new Detail();
    const detail = this.details[id];
    if (detail.calls++ === 0 || callers.length + 1 < detail.path.length || !detail.fromSyscall) {
      this.witness(detail, callers, id);
    }
    if (this.tid >= 0) detail.callsOf.set(this.tid, (detail.callsOf.get(this.tid) ?? 0) + 1);
  }

  /** Takes a path that tells more shortly how a function is reached, or the first one. */
  private witness(detail: Detail, callers: readonly number[], id: number): void {
    const fromSyscall = this.fromSyscall(callers, id);
    if (!fromSyscall && detail.path.length > 0) return;
    detail.path = [...callers, id];
    detail.fromSyscall = fromSyscall;
  }

  private fromSyscall(callers: readonly number[], id: number): boolean {
    let found = callers.length < FIRST_STEPS && this.isSyscall(id);
    for (let i = 0; i < FIRST_STEPS && i < callers.length && !found; i++) {
      found = callers[i] !== UNSEEN && this.isSyscall(callers[i]);
    }
    return found && !callers.includes(UNSEEN);
  }

  private isSyscall(id: number): boolean {
    this.syscalls[id] ??= syscallOf(this.interner.text(id)) !== undefined;
    return this.syscalls[id];
  }

  /** The functions, sorted by name. */
  functions(): FunctionDetail[] {
    const list: FunctionDetail[] = [];
    this.details.forEach((detail, id) => {
      const path: string[] = [];
      for (const step of detail.path) {
        if (step !== UNSEEN) path.push(this.interner.text(step));
        else if (path.at(-1) !== '?') path.push('?');
      }
      const { calls, callsOf } = detail;
      const tids = [...callsOf.keys()].sort((a, b) => a - b);
      list.push({ name: this.interner.text(id), calls, tids, callsOf, path });
    });
    return list.sort(byName);
  }
}
