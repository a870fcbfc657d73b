import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { Knowledge } from '../complexity/c/conditions.js';
import { activeBody, findFunctions } from '../complexity/c/definitions.js';
import { isInline, isTraceable, type Place } from '../complexity/kernel.js';
import { type Figures, scratchFunction, TOOLS, type Tool } from '../complexity/scratch.js';
import type { Background } from './headers.js';
import { Tree } from './tree.js';

/** What a worker is given when it starts. */
export interface WorkerData {
  readonly root: string;
  readonly arch: string;
  readonly tool: string;
  readonly background: Background;
  /** Names to be kept; undefined for all. */
  readonly names: ReadonlySet<string> | undefined;
  readonly scratch: string;
}

/** A function with what the tool says of it; undefined where the tool gives up. */
export interface Row extends Place {
  readonly figures: Figures | undefined;
}

/** What a worker answers to a batch of files. */
export interface Answer {
  readonly rows: readonly Row[];
  /** How many files have been read. */
  readonly read: number;
  /** What went wrong, for the user. */
  readonly failure?: string;
}

/** GNU complexity measures what is left of a file at every function: small files are read faster. */
const SCRATCH_BYTES = 131072;

interface Found extends Place {
  readonly body: string;
}

class FileReader {
  private readonly tree: Tree;
  private readonly knowledge: Knowledge;

  constructor(private readonly data: WorkerData) {
    this.tree = new Tree(data.root);
    const { config, defined, names } = data.background;
    this.knowledge = { config, defined, possible: (name) => names?.has(name) ?? true };
  }

  /** The functions of a file, and of those that it includes, that a table may hold. */
  read(path: string): Found[] {
    const { background, names } = this.data;
    const functions = findFunctions({
      path,
      text: this.tree.read(path) ?? '',
      knowledge: this.knowledge,
      macros: background.macros,
      include: (name, from) => this.included(name, from),
    });
    const found: Found[] = [];
    for (const f of functions) {
      const wanted = names?.has(f.name) ?? !(f.file.endsWith('.h') && isInline(f));
      if (!wanted || !isTraceable(f)) continue;
      const { name, file, line, body } = f;
      const local = f.words.has('static') || isInline(f);
      // What a header offers inline gives way to a function: it stands in where that is not built.
      const weak = f.words.has('__weak') || (isInline(f) && file.endsWith('.h'));
      found.push({ file, line, name, weak, local, body });
    }
    return found;
  }

  active({ file, body }: Found): string {
    return activeBody(body, { path: file, text: '' }, this.knowledge);
  }

  private included(name: string, from: string) {
    const bare = name.slice(1, -1);
    const beside = posix.join(posix.dirname(from), bare);
    if (name.startsWith('"') && !beside.startsWith('../')) {
      const text = this.tree.read(beside);
      const local = !/^(?:arch\/[^/]+\/)?include\//.test(beside);
      if (text !== undefined) return { path: beside, text, local };
    }
    for (const path of [`arch/${this.data.arch}/include/${bare}`, `include/${bare}`]) {
      const text = this.tree.read(path);
      if (text !== undefined) return { path, text, local: false };
    }
    return undefined;
  }
}

/**
 * Has the tool score `found`. A function that it loses among others gets a file of its own and, if it is
 * lost again, its body without the branches that are not compiled: some have braces that match only so.
 */
function score(
  tool: Tool,
  directory: string,
  found: readonly Found[],
  active: (f: Found) => string,
): Map<number, Figures> {
  const figures = new Map<number, Figures>();
  const run = (groups: readonly (readonly number[])[], body = (f: Found) => f.body) => {
    const paths = groups.map((group, i) => {
      const path = join(directory, `${i}.c`);
      const text = group.map((n) => scratchFunction(n, body(found[n]))).join('');
      writeFileSync(path, text, 'latin1');
      return path;
    });
    if (paths.length === 0) return;
    const { error, status, signal, stdout } = spawnSync(tool.command, [...tool.args, ...paths], {
      encoding: 'latin1',
      maxBuffer: 1 << 28,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    if (error !== undefined) throw error;
    if (signal !== null || !tool.accepts.includes(status ?? -1)) {
      throw new Error(`${tool.command} ended with ${signal ?? `status ${status}`}`);
    }
    for (const line of stdout.split('\n')) {
      const row = tool.parse(line);
      if (row !== undefined) figures.set(...row);
    }
  };

  const groups: number[][] = [];
  let room = 0;
  for (const [n, { body }] of found.entries()) {
    if (room < body.length) {
      groups.push([]);
      room = SCRATCH_BYTES;
    }
    groups[groups.length - 1].push(n);
    room -= body.length;
  }
  run(groups);
  const missing = () => found.map((_, n) => n).filter((n) => !figures.has(n));
  run(missing().map((n) => [n]));
  run(
    missing().map((n) => [n]),
    active,
  );
  return figures;
}

function answer(reader: FileReader, data: WorkerData, files: readonly string[]): Answer {
  const directory = mkdtempSync(join(data.scratch, 'batch-'));
  try {
    // What several files include is read with each of them.
    const each = new Map<string, Found>();
    for (const path of files) {
      for (const f of reader.read(path)) each.set(`${f.file}:${f.line}:${f.name}`, f);
    }
    const found = [...each.values()];
    const figures = score(TOOLS[data.tool], directory, found, (f) => reader.active(f));
    const rows = found.map(({ body: _, ...place }, n) => ({ ...place, figures: figures.get(n) }));
    return { rows, read: files.length };
  } catch (error) {
    return { rows: [], read: 0, failure: (error as Error).message };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Answers each message, a list of files, with an Answer. */
function work(): void {
  const data = workerData as WorkerData;
  const reader = new FileReader(data);
  parentPort?.on('message', (files: readonly string[]) => {
    parentPort?.postMessage(answer(reader, data, files));
  });
}

work();
