import { Tally } from '../context/tally.js';
import type { Judge } from '../context/verdict.js';
import { hashBytes, Interner } from '../trace/intern.js';
import { Kind } from '../trace/kinds.js';
import type { Line } from '../trace/line.js';
import type { LineSink } from '../trace/scan.js';

/** A function, how often it was entered. */
export interface FunctionCount {
  readonly name: string;
  readonly calls: number;
}

/** Code-unit order: the same bytes on every machine, whatever its locale. */
export function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

/**
 * Counts the entries of each function in the lines a judge keeps (all lines without one). A return line
 * is no entry: a function whose entry was lost is not counted, for its context is not known.
 */
export class NamesSink implements LineSink {
  readonly tally = new Tally();
  private readonly names = new Interner();
  private calls = new Float64Array(4096);
  private bytes: Uint8Array = new Uint8Array(0);
  private view = new DataView(this.bytes.buffer);

  constructor(private readonly judge: Judge | undefined) {}

  begin(bytes: Uint8Array, view: DataView, _from: number): void {
    this.bytes = bytes;
    this.view = view;
  }

  end(): void {}

  head(cpu: number, tid: number): void {
    this.judge?.head(cpu, tid);
  }

  line(
    kind: number,
    context: number,
    depth: number,
    nameFrom: number,
    nameTo: number,
    hash: number,
    _from: number,
    _next: number,
  ): void {
    const judge = this.judge;
    if (
      judge !== undefined &&
      !judge.keep(this.bytes, this.view, kind, context, depth, nameFrom, nameTo)
    ) {
      return;
    }
    if (kind === Kind.open || kind === Kind.leaf) this.add(nameFrom, nameTo, hash);
  }

  other(line: Line, from: number, next: number): void {
    this.tally.count(line, this.bytes, from, next);
    if (line.kind !== Kind.call) {
      this.judge?.note(line);
    } else if (this.judge?.keepCall(this.bytes, line) ?? true) {
      this.add(line.nameFrom, line.nameTo, hashBytes(this.view, line.nameFrom, line.nameTo));
    }
  }

  private add(nameFrom: number, nameTo: number, hash: number): void {
    const id = this.names.intern(this.view, nameFrom, nameTo, hash);
    if (id >= this.calls.length) {
      const calls = new Float64Array(this.calls.length * 2);
      calls.set(this.calls);
      this.calls = calls;
    }
    this.calls[id]++;
  }

  /** The functions, sorted by name. */
  functions(): FunctionCount[] {
    const list: FunctionCount[] = [];
    for (let id = 0; id < this.names.size; id++) {
      list.push({ name: this.names.text(id), calls: this.calls[id] });
    }
    return list.sort(byName);
  }
}
