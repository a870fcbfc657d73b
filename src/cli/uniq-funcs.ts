import { KeepAll } from '../context/all.js';
import type { Tally } from '../context/tally.js';
import { byName, type FunctionCount, NamesSink } from '../functions/names.js';
import { PathsSink } from '../functions/paths.js';
import { callsByPhase, cutOf, type Phases, parsePhases } from '../functions/phases.js';
import { callsByRole, parseRoles } from '../functions/roles.js';
import type { SyscallMachine } from '../functions/syscall-numbers.js';
import { parseInFlight, syscallsOf } from '../functions/syscalls.js';
import { hasClock, Windows } from '../functions/windows.js';
import { UsageError } from '../stream/errors.js';
import { printOut, readText, warn } from '../stream/io.js';
import { main } from '../stream/main.js';
import { eachOfStdin, pumpStdin } from '../stream/pump.js';
import { Feed } from '../trace/feed.js';
import { Scanner } from '../trace/scan.js';
import {
  counted,
  Judging,
  judgingOptions,
  readTids,
  reportTally,
  requireTrace,
} from './judging.js';
import { type Manual, readOptions } from './options.js';

const options = {
  count: { type: 'boolean', describe: 'calls in front of each name' },
  csv: { type: 'boolean', describe: 'a table: function, calls, tids, call path' },
  by: {
    choices: ['role', 'phase'],
    requiresArg: true,
    describe: 'a table: function, role or phase, calls',
  },
  roles: {
    type: 'string',
    requiresArg: true,
    describe: "with --by role: roles.csv, the tasks' roles by run-container",
  },
  phases: {
    type: 'string',
    requiresArg: true,
    describe: "with --by phase: run.json, the phases' times by run-container",
  },
  syscalls: { type: 'boolean', describe: 'system calls instead of functions' },
  'in-flight': {
    type: 'string',
    requiresArg: true,
    describe: 'with --syscalls: add the calls of FILE, lines of /proc/PID/task/TID/syscall',
  },
  machine: {
    choices: ['x86_64', 'aarch64'],
    default: 'x86_64',
    requiresArg: true,
    describe: 'whose system call numbers --in-flight holds',
  },
  strip: { type: 'boolean', describe: 'do the work of strip-irq in the same process' },
  ...judgingOptions,
} as const;

const manual = {
  name: 'uniq-funcs',
  summary: 'Lists the functions a trace entered, each once, sorted.',
  usage: '[OPTIONS] < TRACE',
  options,
  examples: [
    ['zcat samples/runc-node-express.trace.gz | uniq-funcs --strip', "without interrupts' work"],
    ['strip-irq < trace | uniq-funcs --count | sort -rn | head', 'the busiest functions'],
    ['uniq-funcs --strip --syscalls < trace', 'the system calls'],
  ],
} as const satisfies Manual<typeof options>;

const NO_FUNCTION = 'stdin: no function is entered in it';

/** The system calls that threads were in, by --in-flight FILE. */
function inFlightCalls(
  file: string,
  machine: SyscallMachine,
  tids?: ReadonlySet<number>,
): string[] {
  const calls = new Set<string>();
  let usable = 0;
  let garbage = 0;
  let firstGarbage = 0;
  for (const [index, line] of readText(file).split('\n').entries()) {
    if (line.trim() === '') continue;
    const found = parseInFlight(line.trim(), machine);
    if (found === undefined) {
      if (garbage++ === 0) firstGarbage = index + 1;
      continue;
    }
    usable++;
    if (found !== null && (found.tid === undefined || (tids?.has(found.tid) ?? true))) {
      calls.add(found.call);
    }
  }
  if (usable === 0) throw new UsageError(`${file}: no line of /proc/PID/task/TID/syscall in it`);
  if (garbage > 0) {
    warn(
      manual.name,
      `${file}:${firstGarbage}: no line of a syscall file (${counted(garbage, 'such line')})`,
    );
  }
  return [...calls];
}

/** Roles by tid, from --roles FILE. */
function readRoles(file: string): ReadonlyMap<number, string> {
  const text = readText(file);
  try {
    const { roles, bad } = parseRoles(text);
    if (bad !== undefined) warn(manual.name, `${file}:${bad.line}: no tid and role: '${bad.text}'`);
    if (roles.size === 0) throw new UsageError(`${file}: no role in it`);
    return roles;
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}

/** The phases of --phases FILE. */
function readPhases(file: string): Phases {
  try {
    return parsePhases(readText(file));
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`${file}: ${error.message}`);
    throw error;
  }
}

function reportOf(judging: Judging | undefined, scanner: Scanner, tally: Tally): void {
  if (judging !== undefined) {
    judging.report(manual.name, scanner, tally);
    return;
  }
  requireTrace(scanner, tally);
  reportTally(manual.name, tally);
}

/** The table of --by phase. */
async function printByPhase(judging: Judging | undefined, phases: Phases): Promise<void> {
  const windows = new Windows(judging?.judge ?? new KeepAll(), cutOf(phases));
  let clock = false;
  eachOfStdin((bytes) => {
    clock ||= hasClock(bytes);
    windows.take(bytes);
  });
  const rows = callsByPhase(windows.endWithCalls(), phases);
  reportOf(judging, windows.scanner, windows.tally);
  if (!clock) throw new UsageError('stdin: no times in it: record, or decode, it with --abstime');
  if (rows.length === 0) throw new UsageError(NO_FUNCTION);
  const { stringify } = await import('./csv.js');
  const table = rows.map(({ name, phase, calls }) => [name, phase, calls]);
  printOut(stringify([['function', 'phase', 'calls'], ...table]));
}

function render(functions: readonly FunctionCount[], count: boolean): string {
  return functions.map(({ name, calls }) => `${count ? `${calls} ` : ''}${name}\n`).join('');
}

main(manual.name, async () => {
  const values = await readOptions(manual);
  if (values === undefined) return;
  for (const [name, option] of Object.entries(judgingOptions)) {
    const given = values[name as keyof typeof judgingOptions];
    if (!values.strip && given !== ('default' in option ? option.default : undefined)) {
      throw new UsageError(`--${name} needs --strip (see uniq-funcs --help)`);
    }
  }
  if (values.csv && (values.count || values.syscalls)) {
    throw new UsageError('--csv goes with neither --count nor --syscalls');
  }
  if ((values.by === 'role') !== (values.roles !== undefined)) {
    throw new UsageError('--by role and --roles FILE go together');
  }
  if ((values.by === 'phase') !== (values.phases !== undefined)) {
    throw new UsageError('--by phase and --phases FILE go together');
  }
  if (values.by !== undefined && (values.csv || values.count || values.syscalls)) {
    throw new UsageError(`--by ${values.by} goes with none of --csv, --count and --syscalls`);
  }
  if (values['in-flight'] !== undefined && !values.syscalls) {
    throw new UsageError('--in-flight needs --syscalls');
  }
  // Before the trace, which may be long.
  const roles = values.roles === undefined ? undefined : readRoles(values.roles);
  const phases = values.phases === undefined ? undefined : readPhases(values.phases);
  const judging = values.strip ? new Judging(values) : undefined;
  if (phases !== undefined) return printByPhase(judging, phases);
  const sink = values.csv || roles !== undefined ? new PathsSink() : new NamesSink();
  const scanner = new Scanner(judging?.judge ?? new KeepAll(), sink);
  pumpStdin(new Feed(scanner, sink), () => {});
  reportOf(judging, scanner, sink.tally);

  const functions = sink.functions();
  if (functions.length === 0) throw new UsageError(NO_FUNCTION);
  if (sink instanceof PathsSink) {
    const { stringify } = await import('./csv.js');
    if (roles !== undefined) {
      const rows = callsByRole(sink.functions(), roles);
      printOut(
        stringify([
          ['function', 'role', 'calls'],
          ...rows.map(({ name, role, calls }) => [name, role, calls]),
        ]),
      );
      return;
    }
    const rows = sink
      .functions()
      .map(({ name, calls, tids, path }) => [name, calls, tids.join(' '), path.join(';')]);
    printOut(stringify([['function', 'calls', 'tids', 'path'], ...rows]));
    return;
  }
  if (!values.syscalls) {
    printOut(render(functions, values.count === true));
    return;
  }
  const calls = syscallsOf(functions);
  if (values['in-flight'] !== undefined) {
    const seen = new Set(calls.map(({ name }) => name));
    const tids = readTids(values.tids);
    for (const name of inFlightCalls(values['in-flight'], values.machine, tids)) {
      if (!seen.has(name)) calls.push({ name, calls: 0 });
    }
    calls.sort(byName);
  }
  printOut(render(calls, values.count === true));
});
