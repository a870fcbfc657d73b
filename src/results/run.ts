import type { CallPath } from '../functions/call-paths.js';

/**
 * What is read of run.json; docs/run-json.md explains its fields. A recording made by hand may tell no
 * more than whether it is valid, its kernel, runtime and application.
 */
export interface RunRecord {
  readonly valid: boolean;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  readonly where: string | undefined;
  readonly start: string | undefined;
  readonly kernel: { readonly release: string; readonly architecture: string | undefined };
  readonly runtime: { readonly name: string; readonly version: string | undefined };
  readonly application: { readonly name: string };
  readonly load: {
    readonly requests: number | undefined;
    readonly rate: number | undefined;
    readonly concurrency: number | undefined;
    readonly seconds: number | undefined;
  };
  /** Traced from the container's creation on. */
  readonly startup: boolean;
  /** Of the command that traced. */
  readonly command: readonly string[];
  /** Events lost, as the tracer counted them. */
  readonly lost: number | undefined;
}

/** What strip-irq has said in strip.json, as far as it matters here. */
export interface Stripping {
  readonly method: string;
  readonly softirq: string;
  readonly unknown: string;
  readonly tids: readonly number[];
  /** Lines of the trace. */
  readonly lines: number;
  /** Events that the text says were lost, at least. */
  readonly lost: number;
}

/** The sum of complexity.csv. */
export interface Complexity {
  /** Names that have a score. */
  readonly n: number;
  readonly sum: number;
  /** 0 where no name has a score. */
  readonly max: number;
  readonly unknown: number;
  readonly sumLow: number;
  readonly sumHigh: number;
}

/** A run directory. */
export interface Run {
  readonly directory: string;
  readonly record: RunRecord;
  readonly runtime: string;
  readonly application: string;
  /** Sorted by code unit, as are the system calls. */
  readonly functions: readonly string[];
  readonly syscalls: readonly string[];
  readonly complexity: Complexity;
  readonly strip: Stripping | undefined;
}

/** A function that a run reached, with what is known of it. */
export interface FunctionRow extends CallPath {
  readonly name: string;
  /** 0 where they are not known. */
  readonly calls: number;
  readonly score: number | undefined;
  readonly file: string;
  readonly line: number | undefined;
  /** '' where the score is not known. */
  readonly subsystem: string;
}

/** What is wrong with a run, in words that follow its directory. */
export class RunProblem extends Error {}

export interface Problem {
  /** A run's directory, or a path that was given. */
  readonly place: string;
  readonly reason: string;
}

type Json = Record<string, unknown>;

function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Json)
    : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((text) => typeof text === 'string') : [];
}

/** Text of a file made fit for one line on a terminal. */
export function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]+/g, '?').slice(0, 200);
}

function jsonOf(text: string, file: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RunProblem(`${file}: not JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RunProblem(`${file}: not a JSON object`);
  }
  return value as Json;
}

/** A name that goes into tables, and on terminals: `runc`, `node-express`, `registry:5000/redis@sha256:...`. */
const NAME = /^[\w.+:/@-]{1,200}$/;

function nameOf(value: unknown, field: string): string {
  if (typeof value === 'string' && NAME.test(value)) return value;
  throw new RunProblem(`run.json: no ${field} in it`);
}

/** Reads run.json. Throws RunProblem, also where the run is not valid. */
export function parseRecord(text: string): RunRecord {
  const json = jsonOf(text, 'run.json');
  const reasons = textsOf(json.reasons);
  if (json.valid !== true) {
    const why = printable(reasons.join('; '));
    if (json.valid !== false) throw new RunProblem("run.json: no 'valid' in it");
    throw new RunProblem(why === '' ? 'not valid' : `not valid: ${why}`);
  }
  const kernel = objectOf(json.kernel);
  const runtime = objectOf(json.runtime);
  const load = objectOf(json.load);
  return {
    valid: true,
    reasons,
    warnings: textsOf(json.warnings),
    where: textOf(json.where),
    start: textOf(json.start),
    kernel: {
      release: nameOf(kernel.release, 'kernel.release'),
      architecture: textOf(kernel.architecture),
    },
    runtime: { name: nameOf(runtime.name, 'runtime.name'), version: textOf(runtime.version) },
    application: {
      name: nameOf(
        objectOf(json.application).name ?? objectOf(json.image).name,
        'application.name',
      ),
    },
    load: {
      requests: numberOf(load.requests),
      rate: numberOf(load.rate),
      concurrency: numberOf(load.concurrency),
      seconds: numberOf(load.seconds),
    },
    startup: json.startup === true,
    command: textsOf(objectOf(json.command).arguments),
    lost: numberOf(objectOf(json.capture).lost),
  };
}

/** Reads strip.json. Throws RunProblem. */
export function parseStripping(text: string): Stripping {
  const json = jsonOf(text, 'strip.json');
  const policy = objectOf(json.policy);
  const loss = objectOf(json.loss);
  const lines = numberOf(objectOf(json.lines).in);
  const [method, softirq, unknown] = [json.method, policy.softirq, policy.unknown].map(textOf);
  if (!method || !softirq || !unknown || lines === undefined) {
    throw new RunProblem('strip.json: not what uniq-funcs --explain writes');
  }
  const tids = Array.isArray(policy.tids) ? policy.tids.filter(Number.isInteger) : [];
  // A mark without a number stands for one event at least.
  const lost = Math.max(numberOf(loss.marks) ?? 0, numberOf(loss.events) ?? 0);
  return { method, softirq, unknown, tids, lines, lost };
}

const FUNCTION = /^[A-Za-z0-9_.$]+$/;

/** Reads trace.list or syscalls.list: names, one to a line. Throws RunProblem. */
export function parseList(text: string, file: string): string[] {
  const names = text.split('\n');
  if (names.at(-1) === '') names.pop();
  for (const [index, name] of names.entries()) {
    if (!FUNCTION.test(name)) throw new RunProblem(`${file}:${index + 1}: not a name`);
  }
  return [...new Set(names)].sort();
}

/** A field of a table: a whole number, or empty where `empty` says what that means. */
export function countOf(text: string | undefined, place: string, empty?: number): number {
  if (text === '' && empty !== undefined) return empty;
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw new RunProblem(`${place}: no number`);
  return Number(text);
}

/** Reads complexity.csv, of rows that are read already. Throws RunProblem. */
export function parseComplexity(rows: readonly Record<string, string>[]): Complexity {
  if (rows.length !== 1) throw new RunProblem('complexity.csv: not one row under a header');
  const [row] = rows;
  const column = (name: string, empty?: number) =>
    countOf(row[name], `complexity.csv: ${name}`, empty);
  return {
    n: column('n'),
    sum: column('sum'),
    max: column('max', 0),
    unknown: column('unknown'),
    sumLow: column('sum_low'),
    sumHigh: column('sum_high'),
  };
}
