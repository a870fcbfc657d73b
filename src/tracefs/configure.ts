import { ToolError, UsageError } from '../stream/errors.js';
import { setCpus } from './affinity.js';
import { readControl, readControlIfAny } from './control.js';
import type { Listener, Plan } from './plan.js';
import { cpusOf, processOf, statOf } from './process.js';
import { cpusIn } from './ring.js';
import type { Settings } from './settings.js';
import type { Forked } from './watch.js';

/** Names of forgotten threads fill this many entries of the kernel's memory; 128 are not enough. */
const SAVED_NAMES = 4096;

/** Options that add to records, or thin them out, by their names in options/. */
const COMMON_OPTIONS: Record<string, string> = {
  overwrite: '1',
  stacktrace: '0',
  userstacktrace: '0',
  func_stack_trace: '0',
  'func-args': '0',
  'funcgraph-irqs': '1',
  'funcgraph-args': '0',
  'funcgraph-retval': '0',
  'funcgraph-retaddr': '0',
};

/** The kernel hands out one sub-buffer at a time: the larger it is, the cheaper is the reading (6.8). */
const PAGE_KILOBYTES = 64;

/** The columns that docs/trace-text.md describes, where the kernel itself prints. */
const TEXT_OPTIONS: Record<string, string> = {
  'latency-format': '1',
  'irq-info': '1',
  'context-info': '1',
  'funcgraph-cpu': '1',
  'funcgraph-proc': '1',
  'funcgraph-tail': '1',
  'funcgraph-duration': '0',
  'funcgraph-overhead': '0',
  'funcgraph-overrun': '0',
};

/** They act on the tracer as soon as they are written to: it has to be there. */
function isTracersOwn(option: string): boolean {
  return option.startsWith('funcgraph-');
}

/**
 * The settings of one trace, but for its tracer and its threads, made before the tracer is started. What it returns
 * makes those that have to wait for that.
 */
export function configure(plan: Plan, settings: Settings, directory: string): () => void {
  const { tracefs } = plan;
  const names = `${tracefs}/saved_cmdlines_size`;
  const clock = `${directory}/trace_clock`;
  const sizes = cpusIn(directory).map((cpu) => `${directory}/per_cpu/cpu${cpu}/buffer_size_kb`);
  const pages = `${directory}/buffer_subbuf_size_kb`;
  const fork = `${directory}/events/sched/sched_process_fork/enable`;
  const options: Record<string, string> = {
    ...COMMON_OPTIONS,
    ...(plan.kernelText ? { ...TEXT_OPTIONS, 'funcgraph-abstime': plan.abstime ? '1' : '0' } : {}),
  };
  // By one write of the journal instead of one for each.
  settings.prepare([
    ...Object.keys({ ...options, 'function-fork': '' }).map((o) => `${directory}/options/${o}`),
    ...[names, clock, fork, ...sizes, pages],
  ]);
  const option = (name: string, value: string) =>
    settings.setIfAny(`${directory}/options/${name}`, value);
  if (!option('function-fork', plan.follow ? '1' : '0') && plan.follow) {
    throw new ToolError(`${directory}/options: this kernel cannot follow forks: use --no-follow`);
  }
  const late: [string, string][] = [];
  for (const [name, value] of Object.entries(options)) {
    if (!isTracersOwn(name)) option(name, value);
    else if (readControlIfAny(`${directory}/options/${name}`) !== value) late.push([name, value]);
  }
  settings.setIfAny(`${tracefs}/options/record-cmd`, '1');
  if (Number(readControlIfAny(names)) < SAVED_NAMES) settings.setIfAny(names, String(SAVED_NAMES));
  if (plan.tracer === 'function_graph') {
    settings.setIfAny(`${tracefs}/max_graph_depth`, String(plan.depth));
  }
  if (plan.clock !== undefined) {
    const clocks = readControl(clock).replace(/[[\]]/g, '').split(/\s+/);
    if (!clocks.includes(plan.clock)) {
      throw new UsageError(`--clock ${plan.clock}: not one of ${clocks.join(', ')}`);
    }
    settings.set(clock, plan.clock);
  }
  // Buffers are rounded up to whole pages: their sizes are set later, and put back later, too.
  if (!plan.kernelText && settings.setIfAny(pages, String(PAGE_KILOBYTES))) settings.save(sizes);
  if (plan.bufferKilobytes !== undefined) {
    try {
      for (const size of sizes) settings.set(size, String(plan.bufferKilobytes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOMEM') throw error;
      throw new ToolError(`--buffer-size ${plan.bufferKilobytes}: not enough memory for all CPUs`);
    }
  }
  if (plan.follow && !plan.kernelText) settings.setIfAny(fork, '1');
  return () => {
    for (const [name, value] of late) option(name, value);
  };
}

/** Moves threads to the CPUs of --pin. Those that cannot be moved are warned of, and traced where they are. */
export function pin(
  settings: Settings,
  tids: Iterable<number>,
  cpus: string,
  warn: Listener['warn'],
): void {
  const moved = [...tids].flatMap((tid) => {
    const stat = statOf(tid);
    const before = cpusOf(tid);
    return stat === undefined || before === undefined || before === cpus
      ? []
      : [{ tid, start: stat.start, cpus: before }];
  });
  settings.willMove(moved);
  for (const { tid } of moved) {
    try {
      setCpus(tid, cpus);
    } catch (error) {
      // Some threads of the kernel are bound for good.
      warn((error as Error).message);
    }
  }
}

/** Lets threads that were born on the CPUs of --pin go where their parents came from. */
export function unpinForked(settings: Settings, plan: Plan, forked: readonly Forked[]): void {
  const { pin: cpus } = plan;
  if (cpus === undefined) return;
  settings.willMove(
    forked.flatMap(({ tid, parent }) => {
      const stat = statOf(tid);
      const home = settings.homeOf(parent ?? processOf(tid) ?? tid);
      if (stat === undefined || home === undefined || cpusOf(tid) !== cpus) return [];
      return [{ tid, start: stat.start, cpus: home }];
    }),
  );
}
