import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { parseLayout } from '../../src/ringbuffer/format.js';
import { mergedText } from '../../src/ringbuffer/printing.js';
import { Symbols } from '../../src/ringbuffer/symbols.js';
import { Tasks } from '../../src/ringbuffer/tasks.js';
import type { Look } from '../../src/ringbuffer/text.js';
import { latin1 } from '../../src/trace/latin1.js';

/**
 * Beginnings of CPU 1's pages, and what the same kernel printed of them before they were read: Debian's
 * Linux 6.12.117 in the lab, a shell that ran ls.
 */
const DIR = 'test/fixtures/ringbuffer/linux-6.12';

const read = (name: string) => readFileSync(`${DIR}/${name}`, 'latin1');
const unpacked = (name: string): Uint8Array => gunzipSync(readFileSync(`${DIR}/${name}.gz`));

const layout = parseLayout({
  headerPage: read('format/header_page'),
  headerEvent: read('format/header_event'),
  events: readdirSync(`${DIR}/format`)
    .filter((name) => name.endsWith('.format'))
    .map((name) => read(`format/${name}`)),
});
const symbols = new Symbols(unpacked('kallsyms'));

/** The kernel words it in its own way. */
const wordless = (line: string) => line.replace(/sched_switch: .*/, 'sched_switch');

for (const [tracer, name, atLeast] of [
  ['function_graph', 'graph', 780],
  ['function', 'function', 1_150],
] as const) {
  t.test(`${tracer}, times, flags, durations and names at returns`, (t) => {
    const tasks = new Tasks();
    tasks.read(read(`${name}.cmdlines`));
    const look: Look = {
      tracer,
      flags: true,
      tail: true,
      duration: true,
      abstime: true,
      lastCpu: 1,
    };
    let text = '';
    const { merger, printer } = mergedText(layout, [1], symbols, tasks, look, (bytes) => {
      text += latin1(bytes);
    });
    const bytes = unpacked(`${name}.cpu1.raw`);
    for (let at = 0; at < bytes.length; at += layout.pageSize) {
      merger.feed(1, bytes.subarray(at, at + layout.pageSize));
    }
    merger.finish();
    printer.flush();
    // Of the last line the return may be on the next page.
    const ours = text.split('\n').slice(0, -2).map(wordless);
    const theirs = latin1(unpacked(`${name}.txt`))
      .split('\n')
      .map(wordless);
    t.ok(ours.length >= atLeast, `${ours.length} lines`);
    t.same(ours, theirs.slice(0, ours.length));
    t.equal(printer.unknownSymbols, 0);
    t.equal(printer.unknownEvents, 0);
    t.equal(merger.cursors[0].unreadable, 0);
    t.end();
  });
}
