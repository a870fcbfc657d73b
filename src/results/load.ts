import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { subsystem } from '../complexity/source.js';
import { syscallOf } from '../functions/syscalls.js';
import { UsageError } from '../stream/errors.js';
import {
  countOf,
  type FunctionRow,
  type Problem,
  parseComplexity,
  parseList,
  parseRecord,
  parseStripping,
  type Run,
  RunProblem,
} from './run.js';
import { lacking, readTable } from './table.js';

/** results/demo/runc-node-express/run-1 is three below results. */
const DEPTH = 4;

/** Excerpts of recordings, which `make demo` puts beside the experiments. */
const DEMO = 'demo';

/** Where `make results/...` leaves a run until it is known to be valid. */
const ATTEMPT = 'invalid';

/** run-2 comes before run-10. */
function inOrder(a: string, b: string): number {
  const padded = (text: string) => text.replace(/\d+/g, (digits) => digits.padStart(16, '0'));
  const [x, y] = [padded(a), padded(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

function isRun(directory: string): boolean {
  return /^run-\d+$/.test(basename(directory)) || existsSync(join(directory, 'run.json'));
}

function foldersIn(directory: string): string[] {
  const isFolder = (name: string) =>
    statSync(join(directory, name), { throwIfNoEntry: false })?.isDirectory() === true;
  return readdirSync(directory)
    .filter((name) => !name.startsWith('.') && isFolder(name))
    .sort(inOrder);
}

/**
 * The run directories in these paths, each a result tree, an experiment's directory or a run's; none
 * twice. `demo` inside of a tree is passed over: it has to be named. Throws a usage error for a path that
 * is no directory, or has no run in it.
 */
export function findRuns(paths: readonly string[]): string[] {
  const found = new Map<string, string>();
  for (const path of paths) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) throw new UsageError(`${path}: no such file or directory`);
    if (!stat.isDirectory()) throw new UsageError(`${path}: not a directory of results`);
    let any = false;
    let demo = false;
    // A link may lead back up.
    const visited = new Set<string>();
    const look = (directory: string, depth: number) => {
      const real = realpathSync(directory);
      if (visited.has(real)) return;
      visited.add(real);
      if (isRun(directory)) {
        any = true;
        if (!found.has(real)) found.set(real, directory);
        return;
      }
      if (depth === 0) return;
      for (const name of foldersIn(directory)) {
        if (name === DEMO) demo = true;
        else look(join(directory, name), depth - 1);
      }
    };
    look(path, DEPTH);
    if (!any) {
      const but = demo ? ` but the excerpts in ${join(path, DEMO)}, which have to be named` : '';
      throw new UsageError(`${path}: no run directory in it${but}`);
    }
  }
  return [...found.values()];
}

/** A file of a run; undefined where it is missing. Throws RunProblem where it cannot be read. */
function readFile(directory: string, file: string): string | undefined {
  try {
    return readFileSync(join(directory, file), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new RunProblem(`${file}: cannot be read (${code})`);
  }
}

function requireFile(directory: string, file: string): string {
  const text = readFile(directory, file);
  if (text === undefined) throw new RunProblem(`no ${file}`);
  return text;
}

function tableIn(text: string, file: string, columns: readonly string[]): Record<string, string>[] {
  let rows: Record<string, string>[];
  try {
    rows = readTable(text);
  } catch (error) {
    throw new RunProblem(`${file}: ${(error as Error).message}`);
  }
  const missing = lacking(rows, columns);
  if (missing !== undefined) throw new RunProblem(`${file}: no column ${missing}`);
  return rows;
}

/** Reads a run directory. Throws RunProblem for one that cannot be used. */
export function loadRun(directory: string): Run {
  const record = parseRecord(requireFile(directory, 'run.json'));
  if (basename(directory) === ATTEMPT) throw new RunProblem('an attempt that was broken off');
  const functions = parseList(requireFile(directory, 'trace.list'), 'trace.list');
  if (functions.length === 0) throw new RunProblem('trace.list: no function in it');
  const syscalls = parseList(requireFile(directory, 'syscalls.list'), 'syscalls.list');
  const sums = requireFile(directory, 'complexity.csv');
  const strip = readFile(directory, 'strip.json');
  return {
    directory,
    record,
    runtime: record.runtime.name,
    application: record.application.name,
    functions,
    syscalls,
    complexity: parseComplexity(tableIn(sums, 'complexity.csv', [])),
    strip: strip === undefined ? undefined : parseStripping(strip),
  };
}

/** The runs in these paths, and what is wrong with those that are left out. */
export function loadRuns(paths: readonly string[]): { runs: Run[]; problems: Problem[] } {
  const runs: Run[] = [];
  const problems: Problem[] = [];
  for (const directory of findRuns(paths)) {
    try {
      runs.push(loadRun(directory));
    } catch (error) {
      if (!(error instanceof RunProblem)) throw error;
      problems.push({ place: directory, reason: error.message });
    }
  }
  return { runs, problems };
}

/** The system call on a path: `__x64_sys_write` of `x64_sys_call;__x64_sys_write;ksys_write`. */
function syscallOn(path: readonly string[]): string {
  for (const step of path) {
    const found = syscallOf(step);
    if (found !== undefined) return found.call;
  }
  return '';
}

const PER_FUNCTION = 'per-function.csv';

/**
 * The functions of a run with call paths and scores, sorted by name. Throws RunProblem where functions.csv
 * cannot be used; without per-function.csv no score is known.
 */
export function loadFunctions({ directory }: Pick<Run, 'directory'>): FunctionRow[] {
  const columns = ['function', 'calls', 'path'];
  const rows = tableIn(requireFile(directory, 'functions.csv'), 'functions.csv', columns);
  const scored = readFile(directory, PER_FUNCTION);
  const scores = new Map(
    scored === undefined
      ? []
      : tableIn(scored, PER_FUNCTION, ['function', 'score', 'file', 'line']).map((row) => [
          row.function,
          row,
        ]),
  );
  return rows.map(({ function: name, calls, path }) => {
    const score = scores.get(name);
    const has = score !== undefined && score.score !== '';
    const steps = path.split(';');
    return {
      name,
      calls: countOf(calls, `functions.csv: calls of ${name}`),
      path: steps,
      syscall: syscallOn(steps),
      score: has ? countOf(score.score, `${PER_FUNCTION}: score of ${name}`) : undefined,
      file: score?.file ?? '',
      line: has ? countOf(score.line, `${PER_FUNCTION}: line of ${name}`) : undefined,
      subsystem: has ? subsystem(score.file) : '',
    };
  });
}

const NOTHING_KNOWN = {
  calls: 0,
  path: [],
  syscall: '',
  score: undefined,
  file: '',
  line: undefined,
  subsystem: '',
};

/**
 * All functions of a run's trace.list, with what functions.csv and per-function.csv tell of them, and what is
 * wrong with these files.
 */
export function describeFunctions({ directory, functions: names }: Run): {
  functions: FunctionRow[];
  problems: Problem[];
} {
  const problems: Problem[] = [];
  const problem = (reason: string) => problems.push({ place: directory, reason });
  const rows = new Map<string, FunctionRow>();
  try {
    for (const row of loadFunctions({ directory })) rows.set(row.name, row);
    const missing = names.filter((name) => !rows.has(name)).length;
    if (missing > 0) problem(`functions.csv: without ${missing} of trace.list`);
    if (!existsSync(join(directory, PER_FUNCTION))) problem(`no ${PER_FUNCTION}`);
  } catch (error) {
    if (!(error instanceof RunProblem)) throw error;
    problem(error.message);
  }
  const functions = names.map((name) => rows.get(name) ?? { ...NOTHING_KNOWN, name });
  return { functions, problems };
}
