import { type EventFormat, type Layout, parseEvent } from '../ringbuffer/format.js';
import { rehearsalPage } from '../ringbuffer/rehearsal.js';
import { Sightings } from '../ringbuffer/sightings.js';
import type { Symbols } from '../ringbuffer/symbols.js';
import type { Look } from '../ringbuffer/text.js';
import { readBytes } from '../stream/io.js';
import { readControlIfAny } from './control.js';
import {
  functionNumbers,
  lastCpu,
  layoutOf,
  readFormats,
  readModules,
  symbolsOf,
} from './kernel-files.js';
import type { FunctionNumbers } from './numbers.js';
import type { Plan } from './plan.js';
import { cpusIn } from './ring.js';
import { rehearsePrinting } from './sinks.js';
import { Watch } from './watch.js';

const FORK_EVENT = 'events/sched/sched_process_fork/format';

/** How often V8 is shown how captures begin, and how they go on. */
const BEGINNINGS = 10;
const REHEARSALS = 10;

/** What can be had ready before there is a tracer. */
export interface Preparation {
  /** As they were when the symbols were read. */
  readonly modules: string;
  readonly kallsyms: Uint8Array;
  /** Undefined where nothing needs names. */
  readonly symbols: Symbols | undefined;
  /** Those of coverage. */
  readonly numbers: (() => FunctionNumbers) | undefined;
  /** The format file of sched_process_fork, where it is to be recorded. */
  readonly forkText: string | undefined;
  readonly fork: EventFormat | undefined;
  readonly look: Look;
  /** Milliseconds that the printing of a byte of pages takes. */
  readonly printingMs: number;
}

/** The first pages take V8 a hundred times as long as all others: let them be none that count. */
function rehearse(layout: Layout, symbols: Symbols, fork: EventFormat | undefined): void {
  const page = rehearsalPage(layout, symbols, fork);
  for (let beginning = 0; beginning < BEGINNINGS; beginning++) {
    const watch = new Watch(layout, [0], fork);
    const sightings = new Sightings(layout, symbols, 1, watch.wanted);
    for (let i = 0; i < REHEARSALS; i++) {
      watch.page(page);
      sightings.page(0, page);
      watch.takeShown();
      sightings.take();
    }
  }
}

/**
 * Does all that takes long before a tracer is started: from then on every function of the kernel is slower, for
 * the threads that are to be recorded, too, and what that makes of them had better be in the trace. Throws when
 * the kernel does not tell what is needed.
 */
export function prepare(plan: Plan): Preparation {
  const { tracefs } = plan;
  const isText = plan.rawFile === undefined;
  const modules = readModules();
  const kallsyms = readBytes(plan.kallsyms);
  const layout = layoutOf(readFormats(tracefs, tracefs), tracefs);
  const forkText = plan.follow ? readControlIfAny(`${tracefs}/${FORK_EVENT}`) : undefined;
  const fork = forkText === undefined ? undefined : parseEvent(forkText);
  const look = {
    tracer: plan.tracer,
    flags: true,
    tail: true,
    duration: false,
    abstime: plan.abstime,
    lastCpu: Math.max(lastCpu(), ...cpusIn(tracefs)),
  };
  // To read them costs more than all the rest: raw pages need none.
  const symbols = isText || plan.times > 0 ? symbolsOf(kallsyms, plan.kallsyms) : undefined;
  let printingMs = 0;
  if (symbols !== undefined) {
    if (isText) printingMs = rehearsePrinting(layout, symbols, look);
    if (plan.times > 0) rehearse(layout, symbols, fork);
  }
  const numbers = plan.times > 0 ? functionNumbers(tracefs, plan.kallsyms) : undefined;
  return { modules, kallsyms, symbols, numbers, forkText, fork, look, printingMs };
}
