import os, { tmpdir } from 'node:os';
import type { FormatFiles, Layout } from '../ringbuffer/format.js';
import { Sightings } from '../ringbuffer/sightings.js';
import type { Symbols } from '../ringbuffer/symbols.js';
import type { Output } from '../stream/output.js';
import { Backlog } from './backlog.js';
import { readControl } from './control.js';
import { layoutOf, readFormats } from './kernel-files.js';
import type { Names } from './names.js';
import { type Page, PageQueue } from './page-queue.js';
import type { Plan } from './plan.js';
import type { Preparation } from './preparation.js';
import { RawFile } from './raw-file.js';
import { cpusIn } from './ring.js';
import { type Sink, TextSink } from './sinks.js';
import { Watch } from './watch.js';

/** What pages may take of the machine's memory while they wait. */
const MEMORY_SHARE = 1 / 8;
const MEMORY_BYTES = 1 << 30;

/** What is made of the pages of one place, ready before the first of them comes. */
export class Reading {
  readonly layout: Layout;
  readonly watch: Watch;
  readonly sightings: Sightings | undefined;
  readonly queue: PageQueue;
  readonly sink: Sink;
  readonly backlog: Backlog;
  /**
   * What is to be taken out is to be known soon, and threads that are to be moved back by the end. All else has
   * time: what is not read meanwhile is lost.
   */
  readonly isUrgent: boolean;

  /** `wanted`: the threads that are traced from the start. */
  constructor(
    private readonly plan: Plan,
    private readonly directory: string,
    readonly preparation: Preparation,
    wanted: ReadonlySet<number>,
    private readonly names: Names,
    private readonly output: Output,
  ) {
    const formats = readFormats(plan.tracefs, directory);
    this.layout = layoutOf(formats, directory);
    this.watch = new Watch(this.layout, wanted, preparation.fork);
    if (plan.times > 0) {
      const symbols = preparation.symbols as Symbols;
      this.sightings = new Sightings(this.layout, symbols, plan.times, this.watch.wanted);
    }
    names.learn([]);
    const isText = plan.rawFile === undefined;
    const memory = Math.min(MEMORY_BYTES, Math.floor(os.totalmem() * MEMORY_SHARE));
    // What waits for a file has no other place to wait.
    this.queue = new PageQueue(this.layout.pageSize, memory, isText ? tmpdir() : undefined);
    this.sink = this.newSink(formats);
    this.isUrgent = plan.times > 0 || plan.pin !== undefined;
    const look = ({ cpu, bytes }: Page) => {
      this.watch.page(bytes);
      this.sightings?.page(cpu, bytes);
      // Before the page is printed.
      const shown = this.watch.takeShown();
      if (isText && shown.length > 0) names.learn(shown);
    };
    this.backlog = new Backlog(this.queue, this.sink, look, this.isUrgent);
  }

  private newSink(formats: FormatFiles): Sink {
    const { directory, layout, names, output, plan } = this;
    const { forkText, kallsyms, look, printingMs, symbols } = this.preparation;
    const cpus = cpusIn(directory);
    if (plan.rawFile === undefined) {
      return new TextSink(layout, cpus, symbols as Symbols, names.tasks, look, output, printingMs);
    }
    return new RawFile(
      plan.rawFile,
      {
        headerPage: formats.headerPage,
        headerEvent: formats.headerEvent,
        ftraceEvents: formats.events,
        systems: forkText === undefined ? [] : [{ name: 'sched', events: [forkText] }],
        kallsyms,
        clock: readControl(`${directory}/trace_clock`),
        uname: [os.type(), os.hostname(), os.release(), os.version(), os.machine()].join(' '),
        longSize: layout.longSize,
        pageSize: layout.pageSize,
      },
      cpus,
    );
  }

  /** Gives back what waited for its printing. */
  close(): void {
    this.queue.close();
    this.sink.close();
  }
}
