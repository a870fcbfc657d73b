import { Kind } from '../trace/kinds.js';
import type { Line } from '../trace/line.js';
import type { Judge } from '../trace/scan.js';

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const OPEN_BRACE = 0x7b;

/** Text in which the published trace of a task may begin. */
const STARTS = ['SyS', 'sys', 'do_syscall', 'kthread_should_stop', 'vcpu_enter_guest'];

/** Text that, anywhere in a line, made it an interrupt. */
const INTERRUPTS = [
  'smp_irq_work_interrupt',
  'smp_apic_timer_interrupt',
  'smp_reschedule_interrupt',
  'smp_call_function_single_interrupt',
  'do_softirq',
];

/** Beyond this indent the published error filter let the expected one grow no more. */
const INDENT_LIMIT = 101;

class TaskState {
  started = false;
  expected = -1;
  /** The indent at which interrupts are being dropped, -1 while none are. */
  dropping = -1;
}

/**
 * The three filters of the published measurements (start, errors, interrupts), task by task, with all
 * their faults: what they keep is comparable with figures published from 2018 on, and is not right. They
 * worked on the text right of the first bar, so the indent is one more than two spaces a level;
 * columns that the published options switch off are passed over here.
 */
export class PublishedJudge implements Judge {
  readonly dropped = { start: 0, errors: 0, interrupts: 0, otherTask: 0 };
  private readonly tasks = new Map<number, TaskState>();
  private state = new TaskState();
  private wanted = true;
  private bytes = new Uint8Array(0);

  constructor(private readonly tids: ReadonlySet<number> | undefined) {}

  head(_cpu: number, tid: number): void {
    this.wanted = this.tids === undefined || this.tids.has(tid);
    let state = this.tasks.get(tid);
    if (state === undefined) {
      state = new TaskState();
      this.tasks.set(tid, state);
    }
    this.state = state;
  }

  note(_line: Line): void {}

  keep(
    view: DataView,
    kind: number,
    _context: number,
    depth: number,
    nameFrom: number,
    _nameTo: number,
  ): boolean {
    if (!this.wanted) {
      this.dropped.otherTask++;
      return false;
    }
    const bytes = this.bytesOf(view);
    let end = nameFrom;
    while (bytes[end] !== NEWLINE && bytes[end] !== CARRIAGE_RETURN && bytes[end] !== 0) end++;
    const indent = 2 * depth + 1;
    const isReturn = kind === Kind.close;
    if (!this.start(bytes, isReturn, nameFrom)) {
      this.dropped.start++;
      return false;
    }
    if (!this.expect(indent, isReturn, bytes[end - 1] === OPEN_BRACE)) {
      this.dropped.errors++;
      return false;
    }
    if (this.interrupt(bytes, nameFrom, end, indent)) {
      this.dropped.interrupts++;
      return false;
    }
    return true;
  }

  private bytesOf(view: DataView): Uint8Array {
    if (this.bytes.buffer !== view.buffer) this.bytes = new Uint8Array(view.buffer as ArrayBuffer);
    return this.bytes;
  }

  /** The published method knows function_graph only. */
  keepCall(_view: DataView, _line: Line): boolean {
    this.dropped.errors++;
    return false;
  }

  private start(bytes: Uint8Array, isReturn: boolean, at: number): boolean {
    const state = this.state;
    if (!state.started && !isReturn) {
      state.started = STARTS.some((text) => holds(bytes, at, text));
    }
    return state.started;
  }

  private expect(indent: number, isReturn: boolean, opens: boolean): boolean {
    const state = this.state;
    if (state.expected < 0) state.expected = indent;
    if (isReturn) {
      if (indent !== state.expected - 2) return false;
      state.expected = indent;
      return true;
    }
    if (indent !== state.expected) return false;
    if (opens && state.expected + 2 <= INDENT_LIMIT) state.expected += 2;
    return true;
  }

  private interrupt(bytes: Uint8Array, from: number, end: number, indent: number): boolean {
    const state = this.state;
    if (state.dropping < 0) {
      if (!contains(bytes, from, end, INTERRUPTS)) return false;
      state.dropping = indent;
      return true;
    }
    if (indent < state.dropping) return false;
    if (indent === state.dropping) state.dropping = -1;
    return true;
  }
}

function holds(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (bytes[at + i] !== text.charCodeAt(i)) return false;
  }
  return true;
}

function contains(bytes: Uint8Array, from: number, end: number, texts: string[]): boolean {
  for (let p = from; p < end; p++) {
    if (texts.some((text) => p + text.length <= end && holds(bytes, p, text))) return true;
  }
  return false;
}
