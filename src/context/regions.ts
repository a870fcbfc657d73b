import { Kind } from '../trace/kinds.js';
import type { Lane } from '../trace/lane/lane.js';
import * as at from '../trace/lane/layout.js';
import type { Line } from '../trace/line.js';
import type { Judge } from '../trace/scan.js';
import { ROOTS, type Role } from './roots.js';
import type { Policy } from './verdict.js';

/** Causes of a drop that are no root, numbered behind all roots. */
export const Cause = {
  otherTask: at.OTHER_TASK,
  unattributed: at.NOT_ATTRIBUTED,
  hardirqFlag: at.HARDIRQ_FLAG,
  softirqFlag: at.SOFTIRQ_FLAG,
  nmiFlag: at.NMI_FLAG,
  count: at.CAUSES,
} as const;

/** How many tasks a policy may name. */
export { MAX_TIDS } from '../trace/lane/layout.js';

const ROLES: Readonly<Record<Role, number>> = {
  enter: at.ROLE_ENTER,
  exit: at.ROLE_EXIT,
  handler: at.ROLE_HANDLER,
  interrupt: at.ROLE_INTERRUPT,
  nmi: at.ROLE_NMI,
  tail: at.ROLE_TAIL,
  softirq: at.ROLE_SOFTIRQ,
  'softirq-body': at.ROLE_SOFTIRQ_BODY,
  'softirq-call': at.ROLE_SOFTIRQ_CALL,
  'softirq-stack': at.ROLE_SOFTIRQ_STACK,
};

/**
 * Tells a task's own work from that of interrupts, line by line. How is in trace/lane/assembly/regions.ts:
 * the lane judges by itself what it reads by itself, and is asked here about all other lines.
 */
export class RegionJudge implements Judge {
  private lane!: Lane;

  constructor(private readonly policy: Policy) {}

  attach(lane: Lane): void {
    const { softirq, unknown, tids } = this.policy;
    if (tids !== undefined && tids.size > at.MAX_TIDS) throw new RangeError('too many thread ids');
    this.lane = lane;
    lane.addRoots(ROOTS.map(({ name, role }) => ({ name, role: ROLES[role] })));
    for (const tid of tids ?? []) lane.exports.want(tid);
    const foreign = softirq === 'keep';
    lane.exports.judgeRegions(+foreign, +(softirq !== 'drop'), +(unknown === 'keep'));
  }

  /** Lines dropped, by root (index into ROOTS) or Cause. */
  get dropped(): Float64Array {
    const lines = new Float64Array(Cause.count);
    for (let cause = 0; cause < lines.length; cause++) {
      lines[cause] = this.lane.counter(at.DROPPED + 8 * cause);
    }
    return lines;
  }

  /** Lines whose context could not be told, and what happened to them is the policy's. */
  get unattributed(): number {
    return this.lane.counter(at.UNATTRIBUTED);
  }

  /** Return lines that never came: regions closed by a line above them. */
  get resynchronised(): number {
    return this.lane.counter(at.RESYNCHRONISED);
  }

  head(cpu: number, tid: number): void {
    this.lane.exports.head(cpu, tid);
  }

  note(line: Line): void {
    const { exports } = this.lane;
    if (line.kind === Kind.switch) exports.switchTasks(line.cpu, line.tid);
    else if (line.kind === Kind.lost) exports.lose(line.cpu);
    else if (line.kind === Kind.header && line.count > 0) exports.begin();
  }

  keep(
    _view: DataView,
    kind: number,
    context: number,
    depth: number,
    nameFrom: number,
    nameTo: number,
  ): boolean {
    const { exports } = this.lane;
    return exports.judgeLine(kind, context, depth, nameFrom, nameTo) === at.KEEP_CODE;
  }

  keepCall(_view: DataView, line: Line): boolean {
    const { context, nameFrom, nameTo, parentFrom, parentTo } = line;
    const { exports } = this.lane;
    const code = exports.judgeTraced(context, nameFrom, nameTo, parentFrom, parentTo);
    return code === at.KEEP_CODE;
  }
}
