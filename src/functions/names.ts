import { Tally } from '../context/tally.js';
import type { NameCount } from '../trace/lane/lane.js';
import type { Line } from '../trace/line.js';
import type { Sink } from '../trace/scan.js';

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
 * Counts the entries of each function in the lines that are kept. A return line is no entry: a function
 * whose entry was lost is not counted, for the context it was entered in is not known.
 */
export class NamesSink implements Sink {
  readonly tally = new Tally();
  private names: () => Iterable<NameCount> = () => [];
  private bytes: Uint8Array = new Uint8Array(0);

  counts(names: () => Iterable<NameCount>): void {
    this.names = names;
  }

  begin(bytes: Uint8Array, _from: number): void {
    this.bytes = bytes;
  }

  markers(count: number): void {
    this.tally.markers += count;
  }

  note(line: Line, from: number, next: number): void {
    this.tally.count(line, this.bytes, from, next);
  }

  /** The functions so far with their calls, in the order in which they came: the same each time, and then new ones. */
  all(): Iterable<NameCount> {
    return this.names();
  }

  /** The functions, sorted by name. */
  functions(): FunctionCount[] {
    const calls = new Map<string, number>();
    for (const { name, count } of this.names()) calls.set(name, count);
    // V8's own order of strings: a comparison of ours would be called often enough to be optimised.
    return [...calls.keys()].sort().map((name) => ({ name, calls: calls.get(name) ?? 0 }));
  }
}
