import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { mergeAll, PlainPages } from '../../src/ringbuffer/pages.js';
import { mergedText } from '../../src/ringbuffer/printing.js';
import type { Look } from '../../src/ringbuffer/text.js';
import { readTraceDat } from '../../src/ringbuffer/tracedat.js';
import { traceDatHeader } from '../../src/ringbuffer/tracedat-write.js';
import { latin1 } from '../../src/trace/latin1.js';
import { decodePages, symbolFinder } from '../helpers/raw-pages.js';
import { recorded, recordedCmdlines, recordedFiles } from '../helpers/recorded.js';
import { readTrace, skipWithoutTraces } from '../helpers/traces.js';

const PUBLISHED: Look = {
  tracer: 'function_graph',
  flags: false,
  tail: false,
  duration: false,
  abstime: false,
  lastCpu: 1,
};

const blobOf = (bytes: Uint8Array) => ({
  size: bytes.length,
  read: (offset: number, length: number) => bytes.subarray(offset, offset + length),
});

function decode(recording: ReturnType<typeof recorded>, look: Look) {
  const { layout, symbols, tasks, pages } = recording;
  let text = '';
  const { merger, printer } = mergedText(layout, [0, 1], symbols, tasks, look, (bytes) => {
    text += latin1(bytes);
  });
  printer.header();
  mergeAll(
    merger,
    pages.map((bytes, cpu) => new PlainPages(blobOf(bytes), cpu, 0, bytes.length, 4096)),
  );
  printer.flush();
  return { text, merger };
}

t.test('pages and text of one run', { skip: skipWithoutTraces }, (t) => {
  const recording = recorded();
  const { text, merger } = decode(recording, PUBLISHED);
  t.ok(text === recording.text.toString('latin1'), 'byte by byte what the kernel printed');
  t.same(
    merger.cursors.map(({ lostEvents, lostUncounted, unreadable }) => [
      lostEvents,
      lostUncounted,
      unreadable,
    ]),
    [
      [0, 0, 0],
      [0, 0, 0],
    ],
  );

  // With flags, durations and names at returns, against another reading of the same pages.
  const traceable = new Set(
    readTrace('linux-6.1.available_filter_functions')
      .toString()
      .split('\n')
      .map((line) => line.split(' ')[0]),
  );
  const find = symbolFinder(readTrace('linux-6.1.kallsyms').toString(), traceable);
  const events = recording.pages.map((bytes, cpu) => decodePages(Buffer.from(bytes), cpu, find));
  t.same(
    merger.cursors.map((cursor) => cursor.events),
    events.map((list) => list.length),
    'as many events',
  );
  const flagged = decode(recording, { ...PUBLISHED, flags: true, tail: true }).text;
  const LINE =
    /^ (\d)\) +.{1,7}-(\d+) +\| {2}(.)(.)(.)(.)(.) \| ( *)(?:\} \/\* (\S+).* \*\/|(\S+?)(?: \[\w+\])?\(\)(;| \{))$/;
  const at = [0, 0];
  let lines = 0;
  let differing = 0;
  for (const line of flagged.split('\n')) {
    const m = LINE.exec(line);
    if (m === null) continue;
    lines++;
    const cpu = Number(m[1]);
    const event = events[cpu][at[cpu]];
    const isReturn = m[9] !== undefined;
    at[cpu] += m[11] === ';' ? 2 : 1;
    const context = event.nmi
      ? event.hardirq
        ? 'Z'
        : 'z'
      : event.hardirq
        ? event.softirq
          ? 'H'
          : 'h'
        : event.softirq
          ? 's'
          : '.';
    const same =
      event.tid === Number(m[2]) &&
      event.depth === m[8].length / 2 &&
      event.isEntry === !isReturn &&
      event.name === (m[9] ?? m[10]) &&
      context === m[5] &&
      (event.flags & 1) === (m[3] === 'd' || m[3] === 'D' ? 1 : 0) &&
      (event.preempt & 15).toString(16).replace('0', '.') === m[6];
    if (!same) differing++;
  }
  t.equal(differing, 0, 'name, depth, task and flags of every line are those of its event');
  t.same(
    at,
    events.map((list) => list.length),
    'and every event is in the text',
  );
  t.ok(lines > 385_000);
  t.end();
});

const hasTraceCmd = spawnSync('trace-cmd', ['--version']).error === undefined;
const skip = skipWithoutTraces || (hasTraceCmd ? false : 'trace-cmd is not installed');

t.test('a trace.dat of ours, read by trace-cmd and by us', { skip }, (t) => {
  const { pages } = recorded();
  const { headerPage, headerEvent, events } = recordedFiles();
  const header = traceDatHeader({
    headerPage,
    headerEvent,
    ftraceEvents: events,
    systems: [],
    kallsyms: readTrace('linux-6.1.kallsyms'),
    cmdlines: recordedCmdlines(),
    clock: '[local] global counter',
    uname: 'Linux lab 6.1.0 x86_64',
    cpuStats: ['CPU: 0\n', 'CPU: 1\n'],
    longSize: 8,
    pageSize: 4096,
    sizes: pages.map((bytes) => bytes.length),
  });
  const file = `${t.testdir()}/trace.dat`;
  writeFileSync(file, Buffer.concat([header, ...pages]));

  const report = execFileSync('trace-cmd', ['report', '-i', file, '-O', 'fgraph:tailprint'], {
    encoding: 'latin1',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  // Of several names of one address trace-cmd takes another than the kernel does.
  const first = new Map<string, string>();
  const byAddress = new Map<string, string>();
  for (const line of readTrace('linux-6.1.kallsyms').toString().split('\n')) {
    const [address, type, name] = line.split(/\s/);
    if (!/^[tTwW]$/.test(type)) continue;
    if (!byAddress.has(address)) byAddress.set(address, name);
    first.set(name, byAddress.get(address)!);
  }
  /** Entries in their order, and the events of each CPU in theirs; a leaf is an entry and a return. */
  const told = () => ({ entries: [] as string[], cpus: [[], []] as string[][] });
  const tell = (
    to: ReturnType<typeof told>,
    cpu: number,
    tid: string,
    took: string,
    body: string,
  ) => {
    const [, indent, tail, name, rest] = /^( *)(\} \/\* )?([^ (]+)(.*)$/.exec(body)!;
    const event = `${cpu} ${tid} ${indent.length / 2} ${first.get(name) ?? name}`;
    if (tail === undefined) {
      to.entries.push(event);
      to.cpus[cpu].push(`> ${event}`);
    }
    if (tail !== undefined || rest.endsWith(';')) to.cpus[cpu].push(`< ${event} ${took}`);
  };

  /** trace-cmd prints all digits of a duration, the kernel seven. */
  const sevenDigits = (took: string) =>
    took.replace(/^(\d+)\.(\d+)/, (_, micro: string, nano: string) =>
      micro.length < 7 ? `${micro}.${nano.slice(0, 7 - micro.length)}` : micro,
    );
  const theirs = told();
  for (const line of report.split('\n')) {
    //   node-218   [000]    67.266581: funcgraph_entry:      + 89.687 us  |    load_new_mm_cr3();
    const m = /^ *.+-(\d+) +\[(\d+)\] +\d+\.\d+: funcgraph_\w+: +\W? *(.*?) *\| {2}(.*)$/.exec(
      line,
    );
    if (m !== null) tell(theirs, Number(m[2]), m[1], sevenDigits(m[3]), m[4]);
  }

  const dat = readTraceDat(blobOf(readFileSync(file)), () => new Uint8Array(0));
  t.equal(dat.version, 6);
  t.equal(dat.clock, '[local] global counter');
  t.equal(dat.cpuCount, 2);
  t.same(dat.files, { headerPage, headerEvent, events });
  t.equal(dat.buffers.length, 1);
  const look = { ...PUBLISHED, tail: true, duration: true };
  const { text } = decode(recorded(), look);
  const ours = told();
  for (const line of text.split('\n')) {
    //  0)    node-218    | + 89.687 us   |    load_new_mm_cr3();
    const m = /^ (\d)\) +.{1,7}-(\d+) +\| . (.{12})\| {2}(.*)$/.exec(line);
    if (m !== null) tell(ours, Number(m[1]), m[2], m[3].trim(), m[4]);
  }
  const differing = (a: readonly string[], b: readonly string[]) => {
    const at = a.findIndex((event, i) => event !== b[i]);
    return at < 0 ? [] : [at, a[at], b[at]];
  };
  t.same(differing(ours.entries, theirs.entries), [], 'the same calls in the same order');
  t.equal(ours.entries.length, theirs.entries.length);
  for (const cpu of [0, 1]) {
    t.same(differing(ours.cpus[cpu], theirs.cpus[cpu]), [], `the same events of CPU ${cpu}`);
    t.equal(ours.cpus[cpu].length, theirs.cpus[cpu].length);
  }
  t.equal(ours.cpus[0].length + ours.cpus[1].length, 554_352);

  const sources = dat.buffers[0].cpus;
  for (const [cpu, source] of sources.entries()) {
    const read: Uint8Array[] = [];
    for (let page = source.next(); page !== undefined; page = source.next()) read.push(page);
    t.ok(Buffer.concat(read).equals(pages[cpu]), `the pages of CPU ${cpu}`);
  }
  t.end();
});
