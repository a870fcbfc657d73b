import t from 'tap';
import { parseEvent } from '../../src/ringbuffer/format.js';
import { mergedText } from '../../src/ringbuffer/printing.js';
import { rehearsalPage } from '../../src/ringbuffer/rehearsal.js';
import { FORK_FORMAT } from '../helpers/fake-tracefs.js';
import { FUNCTIONS, kernelOf } from '../helpers/ring-events.js';
import { SHAPES } from '../helpers/ring-pages.js';

const fork = parseEvent(FORK_FORMAT);

for (const shape of SHAPES) {
  t.test(shape.name, (t) => {
    const { layout, symbols, tasks } = kernelOf(shape);
    let text = '';
    const columns = { flags: true, tail: true, duration: false, abstime: false, lastCpu: 1 };
    const look = { ...columns, tracer: 'function_graph' } as const;
    const { merger, printer } = mergedText(layout, [0], symbols, tasks, look, (bytes) => {
      text += Buffer.from(bytes).toString('latin1');
    });
    merger.feed(0, rehearsalPage(layout, symbols, fork));
    merger.finish();
    printer.flush();
    t.equal(merger.cursors[0].unreadable, 0, 'all of it can be read');
    const lines = text.split('\n').filter((line) => line.includes('|'));
    for (const name of FUNCTIONS) {
      const has = (line: string) =>
        t.ok(
          lines.some((one) => one.endsWith(line)),
          line,
        );
      has(` ${name}() {`);
      has(` ${name}();`);
      has(` } /* ${name} */`);
    }
    const threads = new Set(lines.map((line) => /-(\d+) /.exec(line)?.[1]));
    t.ok(threads.size > 2, 'of several threads');
    const inInterrupts = lines.filter((line) => / [.d].h/.test(line)).length;
    t.ok(inInterrupts > 0 && inInterrupts < lines.length / 2, 'in interrupts and not');
    t.end();
  });
}
