import { accessSync, closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { EXIT, ToolError, UsageError } from '../stream/errors.js';
import { readSome, warn, writeFileWhole } from '../stream/io.js';
import { main } from '../stream/main.js';
import { Output } from '../stream/output.js';
import { Capture } from '../tracefs/capture.js';
import { journalDirectory } from '../tracefs/journal.js';
import { locateTracefs, requireUsable } from '../tracefs/locate.js';
import type { Tracer } from '../tracefs/place.js';
import type { Listener, Plan, Report } from '../tracefs/plan.js';
import { Session } from '../tracefs/session.js';
import { Stop } from '../tracefs/stop.js';
import { counted, readTids, requireTids } from './judging.js';
import { type Manual, readOptions, type Values } from './options.js';
import { version } from './version.js';

// Output, which strip-irq and uniq-funcs read:
//
//   # tracer: function_graph
//    1)    node-216    |  ...1. | x64_sys_call() {
//    1)    node-216    |  ...1. |   __x64_sys_read() {
const options = {
  tids: {
    type: 'string',
    requiresArg: true,
    describe: 'trace these threads: their ids, @FILE that lists them, or - for standard input',
  },
  cgroup: {
    type: 'string',
    requiresArg: true,
    describe: 'trace the threads of this cgroup, a directory',
  },
  follow: { type: 'boolean', describe: 'trace what they start, too (default)' },
  'no-follow': { type: 'boolean', describe: 'do not' },
  tracer: {
    choices: ['function_graph', 'function'],
    default: 'function_graph',
    requiresArg: true,
    describe: 'what records',
  },
  once: {
    type: 'boolean',
    describe: 'coverage: take each function out of the trace when it has been seen',
  },
  times: {
    type: 'number',
    requiresArg: true,
    describe: 'with --once: how often it has to be seen (default: 1)',
  },
  depth: { type: 'number', requiresArg: true, describe: 'no calls deeper than this' },
  'buffer-size': {
    type: 'number',
    requiresArg: true,
    describe: "kilobytes of each CPU's buffer (default: 8192; with --once the kernel's)",
  },
  clock: { type: 'string', requiresArg: true, describe: 'trace clock: local, global, mono, ...' },
  abstime: { type: 'boolean', describe: 'the time of each line, in seconds of that clock' },
  pin: {
    type: 'string',
    requiresArg: true,
    describe: 'let the threads run on this CPU only while they are traced',
  },
  duration: { type: 'number', requiresArg: true, describe: 'end after so many seconds' },
  'until-eof': { type: 'boolean', describe: 'end when standard input ends' },
  text: { type: 'boolean', describe: "the kernel's own text, of trace_pipe: slower" },
  raw: {
    type: 'string',
    requiresArg: true,
    describe: 'instead of text, write the binary pages to FILE, a trace.dat',
  },
  stats: {
    type: 'string',
    requiresArg: true,
    describe: 'write what was recorded, lost and followed to FILE, as JSON',
  },
  'max-loss': {
    type: 'number',
    default: 0,
    requiresArg: true,
    describe: 'how many lost events are no failure',
  },
  ready: {
    type: 'string',
    requiresArg: true,
    describe: "write 'ready' to this descriptor, or file, when recording is on",
  },
  'command-output': {
    type: 'string',
    requiresArg: true,
    describe: "COMMAND's standard output (default: standard error)",
  },
  check: { type: 'boolean', describe: 'only tell why it could not trace here, if so' },
  reset: { type: 'boolean', describe: 'only put back what a killed capture has left' },
  kallsyms: {
    type: 'string',
    default: '/proc/kallsyms',
    requiresArg: true,
    describe: 'the addresses of functions',
  },
  tracefs: { type: 'string', requiresArg: true, describe: 'where tracefs is (default: found)' },
  state: {
    type: 'string',
    requiresArg: true,
    describe: 'directory of the lock and the journal (default: /run/kernel-surface)',
  },
} as const;

const manual = {
  name: 'ftrace-capture',
  summary: 'Records what the kernel runs for a set of threads, with the context of every event.',
  usage: '[--tids LIST] [--cgroup DIR] [OPTIONS] [-- COMMAND ARG...]',
  options,
  examples: [
    ['ftrace-capture -- ls / | strip-irq | uniq-funcs', 'all functions that ls reaches'],
    [
      'ftrace-capture --cgroup /sys/fs/cgroup/docker/ID --duration 10 > trace',
      'ten seconds of a container',
    ],
    ['ftrace-capture --reset', 'the kernel as it was, after a kill -9'],
  ],
} as const satisfies Manual<typeof options>;

type CaptureValues = Values<typeof options>;

/** With SIGKILL the next start puts everything back; these end a capture in good order. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGPIPE'] as const;

const BUFFER_KILOBYTES = 8192;

/** Arguments of this command, and those behind `--`. */
function splitCommand(args: readonly string[]): { own: string[]; command: string[] } {
  const at = args.indexOf('--');
  if (at < 0) return { own: [...args], command: [] };
  return { own: args.slice(0, at), command: args.slice(at + 1) };
}

function requireNumber(
  values: CaptureValues,
  name: 'times' | 'depth' | 'buffer-size' | 'duration' | 'max-loss',
  least: number,
): void {
  const value = values[name];
  if (value === undefined) return;
  const whole = name === 'duration' || Number.isInteger(value);
  if (!(value >= least) || !whole || value > Number.MAX_SAFE_INTEGER) {
    throw new UsageError(`--${name}: not a number from ${least}`);
  }
}

function requireFolder(option: string, file: string | undefined): void {
  if (file === undefined) return;
  if (file === '') throw new UsageError(`${option}: no file is named`);
  accessSync(dirname(file), constants.W_OK);
}

/** Throws a usage error for options that do not go together. */
function check(values: CaptureValues, command: readonly string[], hasCommand: boolean): void {
  requireNumber(values, 'times', 1);
  requireNumber(values, 'depth', 1);
  requireNumber(values, 'buffer-size', 1);
  requireNumber(values, 'duration', 0.001);
  requireNumber(values, 'max-loss', 0);
  if (hasCommand && command.length === 0) throw new UsageError('no COMMAND behind --');
  if (values.reset || values.check) return;
  const hasTasks = values.tids !== undefined || values.cgroup !== undefined || command.length > 0;
  if (!hasTasks) {
    throw new UsageError(`no --tids, no --cgroup, no COMMAND (see ${manual.name} --help)`);
  }
  const clash = (a: boolean | undefined, b: boolean | undefined, text: string) => {
    if (a && b) throw new UsageError(text);
  };
  clash(values.follow, values['no-follow'], '--follow and --no-follow exclude each other');
  clash(values.text, values.once, '--once needs the binary buffers: it does not go with --text');
  clash(values.text, values.raw !== undefined, '--raw and --text exclude each other');
  clash(values.times !== undefined, !values.once, '--times needs --once');
  clash(values.depth !== undefined, values.tracer === 'function', '--depth needs function_graph');
  clash(
    values['until-eof'],
    values.tids === '-',
    '--until-eof: standard input is where --tids - comes from',
  );
  clash(
    values['command-output'] !== undefined,
    command.length === 0,
    '--command-output needs a COMMAND',
  );
  if (values.pin !== undefined && !/^\d+([-,]\d+)*$/.test(values.pin)) {
    throw new UsageError(`--pin ${values.pin}: not a CPU's number`);
  }
  requireFolder('--raw', values.raw);
  requireFolder('--stats', values.stats);
  requireFolder('--command-output', values['command-output']);
  readyCheck(values.ready);
}

function readStdin(): string {
  const pieces: Buffer[] = [];
  const buffer = new Uint8Array(1 << 16);
  for (;;) {
    const count = readSome(0, buffer, 0, buffer.length);
    if (count === 0) return Buffer.concat(pieces).toString('latin1');
    pieces.push(Buffer.from(buffer.subarray(0, count)));
  }
}

/** --ready: a descriptor by its number, or a file. Undefined for a file. */
function descriptorOf(ready: string): number | undefined {
  return /^\d+$/.test(ready) ? Number(ready) : undefined;
}

function readyCheck(ready: string | undefined): void {
  if (ready === undefined) return;
  const fd = descriptorOf(ready);
  if (fd === undefined) {
    requireFolder('--ready', ready);
    return;
  }
  try {
    fstatSync(fd);
  } catch {
    throw new UsageError(`--ready ${fd}: is not open`);
  }
}

/** Whoever waits for the word and has gone does not need it. */
function tellReady(ready: string | undefined): void {
  if (ready === undefined) return;
  const fd = descriptorOf(ready);
  if (fd === undefined) {
    writeFileWhole(ready, 'ready\n');
    return;
  }
  try {
    writeSync(fd, 'ready\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  }
  if (fd > 2) closeSync(fd);
}

/** Asks for the end when standard input ends. */
function watchStdin(stop: Stop): void {
  process.stdin.on('end', () => stop.ask('stdin'));
  process.stdin.on('error', () => stop.ask('stdin'));
  process.stdin.resume();
}

/** `1000 of 5000 events were lost (CPU 0: 600, CPU 1: 400), none after 1.3 s`. */
function lossOf({ events, lost, lastLoss, cpus }: Report): string {
  const places = cpus.filter((cpu) => cpu.lost > 0).map((cpu) => `CPU ${cpu.cpu}: ${cpu.lost}`);
  const last = lastLoss === null ? '' : `, none after ${lastLoss} s`;
  return `${lost} of ${counted(events + lost, 'event')} were lost (${places.join(', ')})${last}`;
}

function summarize(report: Report): void {
  const { notFollowed, command, coverage } = report;
  if (notFollowed.length > 0) {
    const some = notFollowed.slice(0, 8).map(({ tid, comm }) => `${tid} (${comm ?? 'gone'})`);
    const what = `${counted(notFollowed.length, 'thread')} came later and were not traced`;
    warn(manual.name, `${what}: ${some.join(', ')}`);
  }
  if (command !== null && (command.status !== 0 || command.signal !== null)) {
    warn(manual.name, `the command ended by ${command.signal ?? `exit status ${command.status}`}`);
  }
  if (coverage !== null) {
    const [seconds, functions] = coverage.discovery.at(-1) ?? [0, 0];
    const half = coverage.discovery.find(([, known]) => known * 2 >= functions)?.[0] ?? 0;
    warn(
      manual.name,
      `${counted(functions, 'function')}, half of them after ${half} s, the last after ${seconds} s; ` +
        `${coverage.takenOut} taken out of the trace`,
    );
  }
  const loss = report.lost > 0 ? lossOf(report) : `${counted(report.events, 'event')}, none lost`;
  warn(manual.name, `${loss}, in ${report.seconds} s`);
}

/** Records, puts the kernel's settings back, and prints what is still waiting then. */
async function record(
  plan: Plan,
  session: Session,
  stop: Stop,
  output: Output,
  ready: string | undefined,
): Promise<Report> {
  const listener: Listener = {
    ready: () => tellReady(ready),
    warn: (text) => warn(manual.name, text),
  };
  const capture = new Capture(plan, session.settings, stop, output, listener);
  try {
    let finish: () => Promise<Report>;
    try {
      finish = await capture.run();
    } finally {
      try {
        await capture.close();
      } finally {
        session.end();
      }
    }
    stop.restored = true;
    return await finish();
  } finally {
    capture.dispose();
  }
}

main(manual.name, async () => {
  const args = process.argv.slice(2);
  const { own, command } = splitCommand(args);
  const values = await readOptions(manual, own);
  if (values === undefined) return;
  check(values, command, args.includes('--'));
  const tids =
    values.tids === '-' ? requireTids(readStdin(), 'stdin') : (readTids(values.tids) ?? new Set());

  const tracefs = locateTracefs(values.tracefs);
  if (values.check) {
    requireUsable(tracefs, values.tracer);
    return;
  }
  const commandFd =
    values['command-output'] === undefined ? 2 : openSync(values['command-output'], 'w');
  const stop = new Stop();
  const onSignal = (signal: NodeJS.Signals) => {
    if (signal === 'SIGPIPE') stop.ask('reader');
    else if (!stop.restored) stop.ask('signal');
    else {
      // Nothing is left to put back: the printing may end at once.
      process.off(signal, onSignal);
      process.kill(process.pid, signal);
    }
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  const session = await Session.begin(tracefs, journalDirectory(values.state));
  if (session.repaired > 0) {
    warn(manual.name, 'a capture was killed: the settings that it left have been put back');
  }
  if (values.reset) {
    session.end();
    if (session.repaired === 0) warn(manual.name, 'nothing is left to put back');
    return;
  }
  await capture(values, { tracefs, tids, command, commandFd }, session, stop);
});

async function capture(
  values: CaptureValues,
  given: Pick<Plan, 'tracefs' | 'tids' | 'command' | 'commandFd'>,
  session: Session,
  stop: Stop,
): Promise<void> {
  const plan: Plan = {
    ...given,
    tracer: values.tracer as Tracer,
    cgroup: values.cgroup,
    follow: !values['no-follow'],
    bufferKilobytes: values['buffer-size'] ?? (values.once ? undefined : BUFFER_KILOBYTES),
    clock: values.clock,
    depth: values.depth ?? 0,
    pin: values.pin,
    duration: values.duration,
    times: values.once ? (values.times ?? 1) : 0,
    kernelText: values.text === true,
    abstime: values.abstime === true,
    rawFile: values.raw,
    kallsyms: values.kallsyms,
  };
  const output = new Output(1, () => stop.ask('reader'));
  if (values.raw === undefined) output.watch();
  if (values['until-eof']) watchStdin(stop);
  let report: Report;
  try {
    report = await record(plan, session, stop, output, values.ready);
  } finally {
    output.close();
    if (values['until-eof']) process.stdin.destroy();
  }
  if (values.stats !== undefined) {
    const account = { tool: `${manual.name} ${version}`, ...report };
    writeFileWhole(values.stats, `${JSON.stringify(account, null, 2)}\n`);
  }
  if (output.error !== undefined) throw output.error;
  summarize(report);
  if (report.lost > values['max-loss']) {
    throw new ToolError(`incomplete: more than ${values['max-loss']} events were lost`, EXIT.lost);
  }
}
