import type { Layout } from './format.js';
import { Merger } from './merge.js';
import type { Symbols } from './symbols.js';
import type { Tasks } from './tasks.js';
import { type Look, TextPrinter } from './text.js';

/**
 * A merger of the pages of `cpus`, and the printer that it hands their events to. The bytes given to `write` are
 * valid during that call only.
 */
export function mergedText(
  layout: Layout,
  cpus: readonly number[],
  symbols: Symbols,
  tasks: Tasks,
  look: Look,
  write: (bytes: Uint8Array) => void,
): { readonly merger: Merger; readonly printer: TextPrinter } {
  let printer!: TextPrinter;
  const merger = new Merger(layout, cpus, (base) => {
    printer = new TextPrinter(layout, symbols, tasks, look, base, write);
    return printer;
  });
  return { merger, printer };
}
