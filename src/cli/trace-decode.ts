import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { decompress } from 'fzstd';
import { FormatError, type FormatFiles, type Layout, parseLayout } from '../ringbuffer/format.js';
import { type Tracer, tracerOf } from '../ringbuffer/page.js';
import { mergeAll, type PageSource, Peekable, PlainPages } from '../ringbuffer/pages.js';
import { mergedText } from '../ringbuffer/printing.js';
import { Symbols } from '../ringbuffer/symbols.js';
import { Tasks } from '../ringbuffer/tasks.js';
import { readTraceDat, type TraceBuffer } from '../ringbuffer/tracedat.js';
import { openBlob } from '../stream/blob.js';
import { UsageError } from '../stream/errors.js';
import { readText, warn, writeAll, writeFileWhole } from '../stream/io.js';
import { main } from '../stream/main.js';
import { latin1 } from '../trace/latin1.js';
import { counted } from './judging.js';
import { type Manual, readOptions, type Values } from './options.js';

// Output, as the kernel writes it into 'trace':
//
//   # tracer: function_graph
//   #
//    0)    node-218    |  ...1. | hrtimer_try_to_cancel() {
//    0)    node-218    |  ...1. |   hrtimer_active();
//    0)    node-218    |  ..... | } /* hrtimer_try_to_cancel */
const options = {
  format: {
    type: 'string',
    requiresArg: true,
    describe: 'the files are bare pages, described in DIR: header_page, header_event, *format',
  },
  kallsyms: {
    type: 'string',
    requiresArg: true,
    describe: 'with --format: FILE with the addresses of functions, /proc/kallsyms of that boot',
  },
  cmdlines: {
    type: 'string',
    requiresArg: true,
    describe: 'with --format: FILE with the names of tasks, a saved_cmdlines',
  },
  instance: {
    type: 'string',
    requiresArg: true,
    describe: 'of a trace.dat: the buffer of this instance (default: the top level)',
  },
  cpu: { type: 'string', requiresArg: true, describe: 'these CPUs only, as in 0,2' },
  abstime: { type: 'boolean', describe: 'the time of each line in front' },
  duration: { type: 'boolean', describe: 'how long each function took' },
  'no-flags': {
    type: 'boolean',
    describe: "without the context flags and without names at returns: the tracer's default",
  },
  stats: { type: 'string', requiresArg: true, describe: 'write counts to FILE, as JSON' },
} as const;

const manual = {
  name: 'trace-decode',
  summary: "Turns pages of the kernel's ring buffer into trace text.",
  usage: '[OPTIONS] [TRACE_DAT | --format DIR --kallsyms FILE CPU_PAGES...]',
  options,
  positionals: ['FILE...'],
  examples: [
    ['trace-decode trace.dat | uniq-funcs --strip', 'the functions of a trace-cmd recording'],
    ['zcat trace.dat.gz | trace-decode --duration | less', 'from a pipe'],
    [
      'trace-decode --format /sys/kernel/tracing/events --kallsyms /proc/kallsyms cpu0.raw cpu1.raw',
      'pages of trace_pipe_raw',
    ],
  ],
} as const satisfies Manual<typeof options>;

/** So many pages of a CPU without any function's event are no function trace. */
const PEEK_PAGES = 1024;

/** What is to be decoded, wherever it comes from. */
interface Recording {
  /** For messages. */
  readonly place: string;
  readonly layout: Layout;
  readonly symbols: Symbols;
  readonly tasks: Tasks;
  readonly sources: readonly PageSource[];
  readonly lastCpu: number;
  readonly clock: string | undefined;
}

/** What pure code says of an input, as a usage error that names it. */
function at<T>(place: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof FormatError) throw new UsageError(`${place}: ${error.message}`);
    throw error;
  }
}

function unpack(algorithm: string, packed: Uint8Array, size: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    if (algorithm === 'zstd') bytes = decompress(packed);
    else if (algorithm === 'zlib') bytes = inflateSync(packed, { maxOutputLength: size });
    else throw new FormatError(`is compressed by ${algorithm}: zlib and zstd are read`);
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(`the ${algorithm} data is damaged: ${(error as Error).message}`);
  }
  if (bytes.length !== size) throw new FormatError(`the ${algorithm} data is damaged`);
  return bytes;
}

/** The text of a file in a directory; several events' formats are in files of their own. */
function readFormats(directory: string): FormatFiles {
  let names: string[];
  try {
    names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  } catch (error) {
    const e = error as NodeJS.ErrnoException & { place?: string };
    if (e.code === 'ENOTDIR') throw new UsageError(`${directory}: is not a directory`);
    e.place = directory;
    throw e;
  }
  const formats = names.filter((name) => /(^|\/)format$|\.format$/.test(name)).sort();
  return {
    headerPage: readText(join(directory, 'header_page')),
    headerEvent: readText(join(directory, 'header_event')),
    events: formats.map((name) => readText(join(directory, name))),
  };
}

async function readWhole(path: string): Promise<Uint8Array> {
  const blob = await openBlob(path);
  try {
    return blob.read(0, blob.size);
  } finally {
    blob.close();
  }
}

/** `runc.cpu1.raw.gz`: pages of CPU 1. */
function cpuOf(file: string): number {
  const cpu = /cpu(\d{1,4})(?!.*cpu\d)/.exec(file)?.[1];
  if (cpu === undefined) {
    throw new UsageError(`${file}: its name does not tell the CPU, as in cpu0.raw`);
  }
  return Number(cpu);
}

async function openPages(
  files: readonly string[],
  format: string,
  kallsyms: string,
  cmdlines: string | undefined,
): Promise<Recording> {
  const formats = readFormats(format);
  const layout = at(format, () => parseLayout(formats));
  const bytes = await readWhole(kallsyms);
  const symbols = at(kallsyms, () => new Symbols(bytes));
  const tasks = new Tasks();
  if (cmdlines !== undefined) tasks.read(latin1(await readWhole(cmdlines)));
  const byCpu = new Map<number, PageSource>();
  for (const file of files) {
    const cpu = cpuOf(file);
    if (byCpu.has(cpu)) throw new UsageError(`${file}: a second file of CPU ${cpu}`);
    const blob = await openBlob(file);
    byCpu.set(cpu, new PlainPages(blob, cpu, 0, blob.size, layout.pageSize));
  }
  const lastCpu = Math.max(...byCpu.keys());
  const place = files.join(', ');
  return {
    place,
    layout,
    symbols,
    tasks,
    sources: [...byCpu.values()],
    lastCpu,
    clock: undefined,
  };
}

/** The buffer asked for; without a word, the top level's, or the only one that any pages are in. */
function bufferOf(
  buffers: readonly TraceBuffer[],
  wanted: string | undefined,
  place: string,
): TraceBuffer {
  const found = buffers.find(({ name }) => name === (wanted ?? ''));
  const names = buffers.map(({ name }) => name).filter((name) => name !== '');
  if (wanted !== undefined) {
    if (found !== undefined) return found;
    const has = names.length === 0 ? 'no instance' : names.join(', ');
    throw new UsageError(`${place}: no instance ${wanted} in it: it has ${has}`);
  }
  const filled = buffers.filter(({ cpus }) => cpus.some((source) => source.size > 0));
  if (filled.length === 1) return filled[0];
  if (found !== undefined && (filled.length === 0 || filled.includes(found))) return found;
  throw new UsageError(`${place}: only instances in it: --instance ${names.join(' or ')}`);
}

async function openTraceDat(file: string, instance: string | undefined): Promise<Recording> {
  const blob = await openBlob(file);
  const { place } = blob;
  if (blob.size === 0) throw new UsageError(`${place} is empty: expected a trace.dat`);
  return at(place, () => {
    const dat = readTraceDat(blob, unpack);
    const { cpus } = bufferOf(dat.buffers, instance, place);
    const tasks = new Tasks();
    tasks.read(dat.cmdlines);
    return {
      place,
      layout: parseLayout(dat.files),
      symbols: new Symbols(dat.kallsyms),
      tasks,
      sources: cpus,
      lastCpu: Math.max(dat.cpuCount - 1, ...cpus.map(({ cpu }) => cpu)),
      clock: /\[(.+?)\]/.exec(dat.clock ?? '')?.[1] ?? dat.clock,
    };
  });
}

/** `0,2`: CPU numbers. */
function readCpus(option: string): ReadonlySet<number> {
  const cpus = new Set<number>();
  for (const word of option.split(',')) {
    if (!/^\d{1,4}$/.test(word)) throw new UsageError(`--cpu: '${word}' is no CPU number`);
    cpus.add(Number(word));
  }
  return cpus;
}

/** The tracer that wrote the first function's event, other events may stand before it. */
function whoseTrace(layout: Layout, sources: readonly Peekable[]): Tracer | undefined {
  for (const source of sources) {
    for (let pages = 0; pages < PEEK_PAGES; pages++) {
      const page = source.peek();
      if (page === undefined) break;
      const tracer = tracerOf(layout, page);
      if (tracer !== undefined) return tracer;
    }
  }
  return undefined;
}

function decode(
  recording: Recording,
  values: Pick<Values<typeof options>, 'abstime' | 'duration' | 'no-flags'>,
) {
  const { layout, symbols, tasks, lastCpu } = recording;
  const sources = recording.sources.map((source) => new Peekable(source));
  const tracer = whoseTrace(layout, sources);
  if (tracer === undefined) {
    throw new UsageError(`${recording.place}: no event of function_graph or function in it`);
  }
  const look = {
    tracer,
    flags: !values['no-flags'],
    tail: !values['no-flags'],
    duration: values.duration === true,
    abstime: values.abstime === true,
    lastCpu,
  };
  const cpus = sources.map(({ cpu }) => cpu);
  const write = (bytes: Uint8Array) => writeAll(1, bytes);
  const { merger, printer } = mergedText(layout, cpus, symbols, tasks, look, write);
  printer.header();
  mergeAll(merger, sources);
  printer.flush();
  return {
    tracer,
    clock: recording.clock,
    cpus: merger.cursors.map((c) => ({
      cpu: c.cpu,
      pages: c.pages,
      events: c.events,
      lost: c.lostEvents,
      lostUncounted: c.lostUncounted,
      unreadableBytes: c.unreadable,
    })),
    unknownSymbols: printer.unknownSymbols,
    unknownEvents: printer.unknownEvents,
    faults: sources.flatMap(({ cpu, fault }) => (fault === undefined ? [] : [{ cpu, fault }])),
  };
}

/** Says what is not in the text, one line for each kind. */
function report(place: string, stats: ReturnType<typeof decode>): void {
  const say = (text: string) => warn(manual.name, `${place}: ${text}`);
  const lost = stats.cpus.filter((c) => c.lost > 0 || c.lostUncounted > 0);
  if (lost.length > 0) {
    const parts = lost.map(({ cpu, lost, lostUncounted }) => {
      const uncounted = lostUncounted > 0 ? counted(lostUncounted, 'uncounted gap') : '';
      return `CPU ${cpu}: ${[lost > 0 ? lost : '', uncounted].filter((s) => s !== '').join(' and ')}`;
    });
    say(`events were lost while it was recorded (${parts.join(', ')})`);
  }
  const damaged = stats.cpus.filter((c) => c.unreadableBytes > 0);
  if (damaged.length > 0) {
    const parts = damaged.map((c) => `CPU ${c.cpu}: ${c.unreadableBytes} bytes`);
    say(`damaged pages, left out (${parts.join(', ')})`);
  }
  for (const { cpu, fault } of stats.faults) say(`CPU ${cpu}: ${fault}`);
  if (stats.unknownSymbols > 0) {
    say(
      `${counted(stats.unknownSymbols, 'function')} without a name: is it the kallsyms of that boot?`,
    );
  }
  if (stats.unknownEvents > 0) {
    say(`${counted(stats.unknownEvents, 'event')} of unknown format, left out`);
  }
}

main(manual.name, async () => {
  const values = await readOptions(manual);
  if (values === undefined) return;
  const files = values._;
  const { format, kallsyms, cmdlines, instance } = values;
  let recording: Recording;
  if (format !== undefined) {
    if (kallsyms === undefined) throw new UsageError('--format needs --kallsyms');
    if (instance !== undefined) throw new UsageError('--instance goes with a trace.dat only');
    if (files.length === 0) {
      throw new UsageError(`no file of pages is named (see ${manual.name} --help)`);
    }
    recording = await openPages(files, format, kallsyms, cmdlines);
  } else {
    if (kallsyms !== undefined || cmdlines !== undefined) {
      throw new UsageError('--kallsyms and --cmdlines need --format: a trace.dat has its own');
    }
    if (files.length > 1) throw new UsageError(`unexpected argument '${files[1]}'`);
    recording = await openTraceDat(files[0] ?? '-', instance);
  }
  if (values.cpu !== undefined) {
    const wanted = readCpus(values.cpu);
    const sources = recording.sources.filter(({ cpu }) => wanted.has(cpu));
    for (const cpu of wanted) {
      if (!sources.some((source) => source.cpu === cpu)) {
        throw new UsageError(`${recording.place}: no pages of CPU ${cpu} in it`);
      }
    }
    recording = { ...recording, sources };
  }
  const stats = decode(recording, values);
  report(recording.place, stats);
  if (values.stats !== undefined) {
    writeFileWhole(values.stats, `${JSON.stringify(stats, null, 2)}\n`);
  }
});
