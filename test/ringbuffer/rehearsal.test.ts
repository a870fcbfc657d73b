import t from 'tap';
import { mergedText } from '../../src/ringbuffer/printing.js';
import { rehearsalPage } from '../../src/ringbuffer/rehearsal.js';
import { kernelOf } from '../helpers/ring-events.js';
import { SHAPES } from '../helpers/ring-pages.js';

for (const shape of SHAPES) {
  t.test(shape.name, (t) => {
    const { layout, symbols, tasks } = kernelOf(shape);
    let text = '';
    const columns = { flags: true, tail: true, duration: false, abstime: false, lastCpu: 1 };
    const look = { ...columns, tracer: 'function_graph' } as const;
    const { merger, printer } = mergedText(layout, [0], symbols, tasks, look, (bytes) => {
      text += Buffer.from(bytes).toString('latin1');
    });
    merger.feed(0, rehearsalPage(layout));
    merger.finish();
    printer.flush();
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
