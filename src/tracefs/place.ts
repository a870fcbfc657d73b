import { existsSync, rmdirSync } from 'node:fs';
import { parseTids } from '../context/tids.js';
import { makeDirectory, readControl, readControlIfAny, writeControl } from './control.js';
import { requireNoTracer } from './locate.js';
import { type Settings, textToRestore } from './settings.js';

/** What tracers there are for us. */
export type Tracer = 'function_graph' | 'function';

/** Where a trace is made: an instance of our own where the kernel lets the tracer run in one. */
export interface Place {
  readonly directory: string;
  readonly isInstance: boolean;
}

const FILTERS = ['set_ftrace_filter', 'set_ftrace_notrace'];

/** Written to while tracing, whether or not they are changed before. */
const LATER = ['set_ftrace_pid', ...FILTERS, 'tracing_on'];

/** What is done in the place of a trace before its tracer is started. */
export interface Readiness {
  make(directory: string): void;
  /** After `make`, where no tracer can be started. */
  undo(): void;
}

/**
 * Sets the threads first: starting a tracer takes tens of milliseconds, and not for all threads there are. Returns
 * what the kernel has against the tracer.
 */
function start(
  settings: Settings,
  directory: string,
  tracer: Tracer,
  tids: Iterable<number>,
  readiness: Readiness,
): Error | undefined {
  settings.save(LATER.map((name) => `${directory}/${name}`));
  settings.set(`${directory}/tracing_on`, '0');
  settings.set(`${directory}/set_ftrace_pid`, [...tids].join(' '));
  for (const filter of FILTERS) settings.setIfAny(`${directory}/${filter}`, '');
  readiness.make(directory);
  try {
    settings.set(`${directory}/current_tracer`, tracer);
    return undefined;
  } catch (error) {
    readiness.undo();
    return error as Error;
  }
}

/**
 * Makes the buffers of the top directory as large as they are announced to become when a tracer is first used:
 *
 *     buffer_size_kb               7 (expanded: 1408)
 *     per_cpu/cpu0/buffer_size_kb  7
 *
 * A kernel that has no function_graph in instances (6.1) takes them to be so as soon as any tracer is asked for in
 * an instance, and leaves them at 7 KB for good. And what is put back later should not be 7.
 */
function expandBuffers(tracefs: string, settings: Settings): void {
  const path = `${tracefs}/buffer_size_kb`;
  const shown = readControlIfAny(path);
  if (shown === undefined || !shown.includes('expanded')) return;
  settings.save([path]);
  writeControl(path, textToRestore(path, shown));
}

/**
 * Makes a tracer the current one for these threads, with recording off: in an instance, or in the top
 * directory, where others may find our traces instead of theirs.
 */
export function claimPlace(
  tracefs: string,
  settings: Settings,
  tracer: Tracer,
  tids: Iterable<number>,
  readiness: Readiness,
): Place {
  requireNoTracer(tracefs);
  const instance = `${tracefs}/instances/kernel-surface-${process.pid}`;
  if (existsSync(`${tracefs}/instances`)) {
    settings.willMake(instance);
    makeDirectory(instance);
    // Before 6.11 or so function_graph runs in the top directory alone. Some kernels that list it answer EINVAL.
    const able = readControlIfAny(`${instance}/available_tracers`)?.split(/\s+/) ?? [];
    if (!able.includes('function_graph')) expandBuffers(tracefs, settings);
    const isAble = able.includes(tracer);
    if (isAble && start(settings, instance, tracer, tids, readiness) === undefined) {
      return { directory: instance, isInstance: true };
    }
    rmdirSync(instance);
    settings.unmade();
  }
  expandBuffers(tracefs, settings);
  const refusal = start(settings, tracefs, tracer, tids, readiness);
  if (refusal !== undefined) throw refusal;
  return { directory: tracefs, isInstance: false };
}

/** Files that leave functions out of every trace and are not ours to change: those that are in use. */
export function foreignFilters(tracefs: string): string[] {
  return ['set_graph_function', 'set_graph_notrace'].filter((name) => {
    const path = `${tracefs}/${name}`;
    return existsSync(path) && !/^#|^$/.test(readControl(path));
  });
}

/** Adds threads to those traced. */
export function addTids(directory: string, tids: Iterable<number>): void {
  const text = [...tids].join(' ');
  if (text !== '') writeControl(`${directory}/set_ftrace_pid`, text, true);
}

/** The threads that the kernel traces now: those that were asked for and, where it follows them, their children. */
export function tracedTids(directory: string): ReadonlySet<number> {
  const path = `${directory}/set_ftrace_pid`;
  return parseTids(textToRestore(path, readControl(path))).tids;
}
