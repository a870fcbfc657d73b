import t from 'tap';
import { Merger } from '../../src/ringbuffer/merge.js';
import { rehearsalPage } from '../../src/ringbuffer/rehearsal.js';
import { TextPrinter } from '../../src/ringbuffer/text.js';
import { kernelOf } from '../helpers/ring-events.js';
import { SHAPES } from '../helpers/ring-pages.js';

for (const shape of SHAPES) {
  t.test(shape.name, (t) => {
    const { layout, symbols, tasks } = kernelOf(shape);
    let text = '';
    const look = { flags: true, tail: true, duration: false, abstime: false, lastCpu: 1 };
    let printer: TextPrinter | undefined;
    const merger = new Merger(layout, [0], (base) => {
      const write = (bytes: Uint8Array) => {
        text += Buffer.from(bytes).toString('latin1');
      };
      printer = new TextPrinter(
        layout,
        symbols,
        tasks,
        { ...look, tracer: 'function_graph' },
        base,
        write,
      );
      return printer;
    });
    merger.feed(0, rehearsalPage(layout));
    merger.finish();
    printer?.flush();
    t.equal(merger.cursors[0].unreadable, 0, 'all of it can be read');
    const name = symbols.nameAt(0xffffffff, 0xffffffff);
    const lines = text.split('\n').filter((line) => line.includes('|'));
    t.ok(
      lines.some((line) => line.endsWith(`| ${name}() {`)),
      'functions that call another',
    );
    t.ok(
      lines.some((line) => line.endsWith(`|   ${name}();`)),
      'functions that call none',
    );
    t.ok(
      lines.some((line) => line.endsWith(`| } /* ${name} */`)),
      'their returns',
    );
    t.end();
  });
}
