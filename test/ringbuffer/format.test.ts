import t from 'tap';
import { parseEvent, parseLayout, Record } from '../../src/ringbuffer/format.js';
import { filesOf, formatText, IDS, SHAPES } from '../helpers/ring-pages.js';

/** As Linux 6.1 prints them: the blanks are its own. */
const HEADER_PAGE = `	field: u64 timestamp;	offset:0;	size:8;	signed:0;
	field: local_t commit;	offset:8;	size:8;	signed:1;
	field: int overwrite;	offset:8;	size:1;	signed:1;
	field: char data;	offset:16;	size:4080;	signed:1;
`;

const SWITCH = `name: sched_switch
ID: 314
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:char prev_comm[16];	offset:8;	size:16;	signed:0;
	field:pid_t prev_pid;	offset:24;	size:4;	signed:1;
	field:__data_loc char[] name;	offset:28;	size:4;	signed:0;
	field:const char * fmt;	offset:32;	size:8;	signed:0;

print fmt: "prev_comm=%s", REC->prev_comm
`;

t.test('layouts of four kernels', (t) => {
  const places = SHAPES.map((shape) => {
    const { entry, exit, call, dataOffset, longSize, pageSize, kinds } = parseLayout(
      filesOf(shape),
    );
    t.equal(pageSize, 4096);
    t.equal(kinds[IDS.entry], Record.entry);
    t.equal(kinds[IDS.exit], Record.exit);
    t.equal(kinds[IDS.function], Record.call);
    t.equal(kinds[IDS.print], Record.other);
    return [longSize, dataOffset, ...Object.values(entry!), ...Object.values(exit!), call!.parent];
  });
  t.same(places, [
    [8, 16, 5, 2, 4, 10, 2, 4, 5, 6, 8, 4],
    [8, 16, 5, 2, 4, 12, 2, 6, 7, 8, 10, 4],
    [8, 16, 6, 2, 4, 10, 2, 4, 5, 6, 8, 4],
    [4, 12, 4, 2, 3, 9, 2, 3, 4, 5, 7, 3],
  ]);
  t.equal(parseLayout(filesOf(SHAPES[0], 65536)).pageSize, 65536, 'larger sub-buffers');
  t.end();
});

t.test('an event', (t) => {
  const event = parseEvent(SWITCH);
  t.equal(event.name, 'sched_switch');
  t.equal(event.id, 314);
  t.same(
    event.fields.map(({ type, name, offset, size, signed }) => [type, name, offset, size, signed]),
    [
      ['char[16]', 'prev_comm', 8, 16, false],
      ['pid_t', 'prev_pid', 24, 4, true],
      ['__data_loc char[]', 'name', 28, 4, false],
      ['const char *', 'fmt', 32, 8, false],
    ],
  );
  const none = { message: /no format file/ };
  t.throws(() => parseEvent(''), none);
  t.throws(() => parseEvent('name: x\nformat:\n'), none);
  t.throws(() => parseEvent(SWITCH.replace('314', '65536')), { message: /65535 is the last/ });
  t.throws(() => parseEvent(SWITCH.replace('314', '-1')), none);
  t.end();
});

t.test('entries with their return addresses, 6.13 and later', (t) => {
  const files = filesOf(SHAPES[0]);
  const fields = [
    ['unsigned long', 'func', 8, 8],
    ['int', 'depth', 16, 4],
    ['unsigned long', 'retaddr', 20, 8],
  ] as const;
  const withAddress = (moved: number) =>
    parseLayout({
      ...files,
      events: [
        ...files.events,
        formatText(
          'fgraph_retaddr_entry',
          19,
          fields.map(([type, name, at, size]) => [type, name, at + moved, size]),
        ),
      ],
    }).kinds[19];
  t.equal(withAddress(0), Record.entry);
  t.equal(withAddress(8), Record.other, 'laid out otherwise');
  t.end();
});

t.test('one tracer alone is enough', (t) => {
  const files = filesOf(SHAPES[0]);
  const only = (...names: string[]) =>
    parseLayout({
      ...files,
      events: files.events.filter((e) => names.some((name) => e.startsWith(`name: ${name}\n`))),
    });
  t.equal(only('function').entry, undefined);
  t.equal(only('funcgraph_entry', 'funcgraph_exit').call, undefined);
  t.throws(() => only('funcgraph_entry'), { message: /belong together/ });
  t.throws(() => only('print'), { message: /neither/ });
  t.end();
});

t.test('what is no layout, or one of no known kernel', (t) => {
  const files = filesOf(SHAPES[0]);
  const bad = (change: Partial<typeof files>, message: RegExp) =>
    t.throws(() => parseLayout({ ...files, ...change }), { message }, String(message));
  t.equal(parseLayout({ ...files, headerPage: HEADER_PAGE }).longSize, 8);
  bad({ headerPage: '' }, /header_page/);
  bad({ headerPage: 'garbage\n' }, /header_page/);
  bad({ headerPage: HEADER_PAGE.replace('offset:16', 'offset:24') }, /header_page/);
  bad({ headerPage: HEADER_PAGE.replace('offset:8;	size:8', 'offset:8;	size:2') }, /header_page/);
  bad({ headerEvent: '' }, /header_event: padding/);
  bad({ headerEvent: files.headerEvent.replace('30', '28') }, /header_event: time_extend/);
  bad({ events: [] }, /neither/);
  bad({ events: ['no event'] }, /no format file/);
  const entry = (from: string, to: string) =>
    files.events.map((e) => (e.includes('funcgraph_entry') ? e.replace(from, to) : e));
  bad({ events: entry('common_pid;	offset:4', 'common_pid;	offset:8') }, /common_pid/);
  bad({ events: entry('func;', 'fun;') }, /no field func/);
  bad({ events: entry('offset:16', 'offset:18') }, /depth is 4 bytes at 18/);
  bad({ events: entry('offset:16;	size:4', 'offset:16;	size:2') }, /depth is 2 bytes/);
  const old = files.headerEvent.replace(/.*time_stamp.*\n/, '');
  t.ok(parseLayout({ ...files, headerEvent: old }), 'kernels of before 4.17 have no time stamps');
  t.end();
});
