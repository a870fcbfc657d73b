import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { traceDatHeader } from '../../src/ringbuffer/tracedat-write.js';
import { latin1 } from '../../src/trace/latin1.js';
import { fails } from '../helpers/bad-input.js';
import { recordedCmdlines } from '../helpers/recorded.js';
import { event, kernelOf } from '../helpers/ring-events.js';
import { filesOf, type RingEvent, SHAPES, writePages } from '../helpers/ring-pages.js';
import { sh } from '../helpers/run.js';
import { traceDat7 } from '../helpers/trace-dat.js';
import { skipWithoutTraces, TRACES } from '../helpers/traces.js';

const TOOL = 'trace-decode';
const SAMPLE = 'samples/runc-node-express.dat.gz';
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };

const [SHAPE] = SHAPES;
const KERNEL = kernelOf(SHAPE);
const FILES = filesOf(SHAPE);
const HOW = { pageSize: 4096, far: 'extend', wordLengths: false, padding: false } as const;

const pagesOf = (...events: RingEvent[]) => Buffer.concat(writePages(SHAPE, events, HOW));

/** A trace.dat of version 6 with these pages of CPU 0, 1, ... */
function dat6(...cpus: Buffer[]): Buffer {
  const header = traceDatHeader({
    ...FILES,
    ftraceEvents: FILES.events,
    systems: [],
    kallsyms: KERNEL.kallsyms,
    cmdlines: '218 node\n',
    clock: '[local] global',
    uname: 'Linux',
    cpuStats: [],
    longSize: 8,
    pageSize: 4096,
    sizes: cpus.map((bytes) => bytes.length),
  });
  return Buffer.concat([header, ...cpus]);
}

const ZERO = pagesOf(
  event('entry', 1_000, 0),
  event('entry', 1_500, 2, { depth: 1 }),
  event('exit', 1_600, 2, { depth: 1 }),
  event('exit', 3_000, 0, { flags: 1 }),
);
const ONE = pagesOf(
  event('entry', 2_000, 1, { cpu: 1, preempt: 1 }),
  event('exit', 2_100, 1, { cpu: 1 }),
);
const LINES = [
  ' 0)    node-218    |  ..... | vfs_read() {\n',
  ' 0)    node-218    |  ..... |   x64_sys_call();\n',
  ' 1)    node-218    |  ...1. | fput();\n',
  ' 0)    node-218    |  d.... | } /* vfs_read */\n',
];

/** Those of CPU 0 alone. */
const ZERO_TEXT = LINES[0] + LINES[1] + LINES[3];

const withoutHeader = (text: string) => text.replace(/^#.*\n/gm, '');

t.test('the same text whichever way it comes', (t) => {
  const dir = t.testdir();
  writeFileSync(`${dir}/t.dat`, dat6(ZERO, ONE));
  writeFileSync(`${dir}/t.dat.gz`, gzipSync(dat6(ZERO, ONE)));
  const parts = {
    files: FILES,
    kallsyms: KERNEL.kallsyms,
    cmdlines: '218 node\n',
    cpuCount: 2,
    pageSize: 4096,
    buffers: [
      {
        name: '',
        clock: 'local',
        cpus: new Map([
          [0, ZERO],
          [1, ONE],
        ]),
      },
    ],
  };
  writeFileSync(`${dir}/seven.dat`, traceDat7({ ...parts, algorithm: 'none' }));
  writeFileSync(`${dir}/zlib.dat`, traceDat7({ ...parts, algorithm: 'zlib' }));
  const want = sh(`${TOOL} ${dir}/t.dat`);
  t.equal(want.stderr, '');
  t.equal(want.status, 0);
  t.match(want.stdout, /^# tracer: function_graph\n#\n/);
  t.equal(withoutHeader(want.stdout), LINES.join(''));
  for (const way of [
    `${TOOL} - < ${dir}/t.dat`,
    `${TOOL} < ${dir}/t.dat`,
    `cat ${dir}/t.dat | ${TOOL}`,
    `${TOOL} ${dir}/t.dat.gz`,
    `cat ${dir}/t.dat.gz | ${TOOL}`,
    `${TOOL} ${dir}/seven.dat`,
    `${TOOL} ${dir}/zlib.dat`,
    `gzip < ${dir}/zlib.dat | ${TOOL}`,
  ]) {
    t.same(sh(way), want, way);
  }
  t.end();
});

t.test('zstd, as trace-cmd compresses', (t) => {
  const packed = sh('command -v zstd');
  if (packed.status !== 0) {
    t.comment('zstd is not installed');
    t.end();
    return;
  }
  const dir = t.testdir();
  const parts = {
    files: FILES,
    kallsyms: KERNEL.kallsyms,
    cmdlines: '218 node\n',
    cpuCount: 1,
    pageSize: 4096,
    buffers: [{ name: '', clock: 'local', cpus: new Map([[0, ZERO]]) }],
  };
  const pack = (bytes: Uint8Array) => {
    writeFileSync(`${dir}/part`, bytes);
    t.equal(sh(`zstd -qf ${dir}/part -o ${dir}/part.zst`).status, 0);
    return readFileSync(`${dir}/part.zst`);
  };
  writeFileSync(`${dir}/zstd.dat`, traceDat7({ ...parts, algorithm: 'zstd', pack }));
  const { status, stdout, stderr } = sh(`${TOOL} ${dir}/zstd.dat`);
  t.equal(stderr, '');
  t.equal(status, 0);
  t.equal(withoutHeader(stdout), ZERO_TEXT);
  t.end();
});

t.test('bare pages', (t) => {
  const dir = t.testdir({
    events: {
      header_page: FILES.headerPage,
      header_event: FILES.headerEvent,
      ftrace: Object.fromEntries(
        FILES.events.map((text) => [/name: (\S+)/.exec(text)![1], { format: text }]),
      ),
    },
    kallsyms: latin1(KERNEL.kallsyms),
    cmdlines: '218 node\n',
  });
  writeFileSync(`${dir}/cpu0.raw`, ZERO);
  writeFileSync(`${dir}/x.cpu1.raw.gz`, gzipSync(ONE));
  writeFileSync(`${dir}/pages`, ONE);
  const bare = `${TOOL} --format ${dir}/events --kallsyms ${dir}/kallsyms`;
  const named = `${bare} --cmdlines ${dir}/cmdlines`;
  t.equal(
    withoutHeader(sh(`${named} ${dir}/cpu0.raw ${dir}/x.cpu1.raw.gz`).stdout),
    LINES.join(''),
  );
  t.equal(withoutHeader(sh(`${named} --cpu 1 ${dir}/*raw*`).stdout), LINES[2]);
  t.match(
    sh(`${bare} ${dir}/cpu0.raw`).stdout,
    / 0\) {3}<\.\.\.>-218 +\| {2}\.{5} \| vfs_read\(\) \{\n/,
  );

  const bad = (line: string, message: string | RegExp) =>
    fails(t, TOOL, sh(line), 2, message, line);
  bad(`${bare} ${dir}/pages`, 'does not tell the CPU');
  bad(`${bare} ${dir}/cpu0.raw ${dir}/events/../cpu0.raw`, 'a second file of CPU 0');
  bad(bare, 'no file of pages');
  bad(`${bare} ${dir}/cpu7.raw`, `${dir}/cpu7.raw: no such file`);
  bad(`${bare} --instance x ${dir}/cpu0.raw`, '--instance');
  bad(`${TOOL} --format ${dir}/events ${dir}/cpu0.raw`, '--kallsyms');
  bad(`${TOOL} --kallsyms ${dir}/kallsyms ${dir}/cpu0.raw`, '--format');
  bad(
    `${TOOL} --format ${dir}/cmdlines --kallsyms ${dir}/kallsyms ${dir}/cpu0.raw`,
    'not a directory',
  );
  bad(`${TOOL} --format ${dir}/none --kallsyms ${dir}/kallsyms ${dir}/cpu0.raw`, `${dir}/none`);
  bad(`${TOOL} --format ${dir} --kallsyms ${dir}/kallsyms ${dir}/cpu0.raw`, 'header_page');
  bad(
    `${TOOL} --format ${dir}/events --kallsyms ${dir}/cmdlines ${dir}/cpu0.raw`,
    'not a kallsyms',
  );
  bad(`${TOOL} --format ${dir}/events --kallsyms ${dir}/none ${dir}/cpu0.raw`, `${dir}/none`);
  const user = sh(
    `sed 's/^[0-9a-f]*/0000000000000000/' ${dir}/kallsyms > ${dir}/zeros; ${TOOL} --format ${dir}/events --kallsyms ${dir}/zeros ${dir}/cpu0.raw`,
  );
  fails(t, TOOL, user, 2, 'as root', 'kallsyms without addresses');
  t.end();
});

t.test('columns', (t) => {
  const dir = t.testdir();
  writeFileSync(
    `${dir}/t.dat`,
    dat6(
      pagesOf(
        event('entry', 1_500_000_000, 0),
        event('exit', 1_500_020_000, 0, { calltime: 1n, rettime: 12_346n }),
      ),
    ),
  );
  const body = (look: string) => withoutHeader(sh(`${TOOL} ${look} ${dir}/t.dat`).stdout);
  t.equal(body(''), ' 0)    node-218    |  ..... | vfs_read();\n');
  t.equal(body('--no-flags'), ' 0)    node-218    | vfs_read();\n');
  t.equal(body('--duration'), ' 0)    node-218    |  ..... | + 12.345 us   |  vfs_read();\n');
  t.equal(
    body('--no-flags --duration --abstime'),
    '    1.500000 |   0)    node-218    | + 12.345 us   |  vfs_read();\n',
  );
  t.equal(
    sh(`${TOOL} --no-flags ${dir}/t.dat`).stdout.split(' 0)')[0],
    '# tracer: function_graph\n#\n# CPU  TASK/PID                      FUNCTION CALLS\n' +
      '# |     |    |                       |   |   |   |\n',
  );
  t.end();
});

t.test('the function tracer', (t) => {
  const dir = t.testdir();
  writeFileSync(`${dir}/t.dat`, dat6(pagesOf(event('call', 67_266_581_000, 5, { flags: 8 }))));
  const got = sh(`${TOOL} ${dir}/t.dat`);
  t.match(got.stdout, /^# tracer: function\n/);
  t.equal(
    withoutHeader(got.stdout),
    '            node-218     [000] ..h..    67.266581: kvm_sched_in <-x64_sys_call\n',
  );
  t.equal(
    sh(`${TOOL} ${dir}/t.dat | uniq-funcs`).stdout,
    'kvm_sched_in\n',
    'and the filters read it',
  );
  t.end();
});

t.test('instances', (t) => {
  const dir = t.testdir();
  const parts = {
    files: FILES,
    kallsyms: KERNEL.kallsyms,
    cmdlines: '218 node\n',
    cpuCount: 1,
    pageSize: 4096,
    algorithm: 'none',
  } as const;
  const none = new Map([[0, new Uint8Array(0)]]);
  const some = new Map([[0, ZERO]]);
  const write = (name: string, buffers: [string, ReadonlyMap<number, Uint8Array>][]) =>
    writeFileSync(
      `${dir}/${name}`,
      traceDat7({
        ...parts,
        buffers: buffers.map(([name, cpus]) => ({ name, clock: 'local', cpus })),
      }),
    );
  write('only', [
    ['', none],
    ['extra', some],
  ]);
  write('two', [
    ['', none],
    ['extra', some],
    ['more', some],
  ]);
  write('both', [
    ['', some],
    ['extra', new Map([[1, ONE]])],
  ]);
  const body = (line: string) => withoutHeader(sh(`${TOOL} ${line}`).stdout);
  t.equal(body(`${dir}/only`), ZERO_TEXT, 'the only one with pages');
  t.equal(body(`${dir}/both`), ZERO_TEXT, 'the top level');
  t.equal(body(`--instance extra ${dir}/both`), LINES[2]);
  t.equal(body(`--instance more ${dir}/two`), ZERO_TEXT);
  fails(t, TOOL, sh(`${TOOL} ${dir}/two`), 2, '--instance extra or more', 'two');
  fails(t, TOOL, sh(`${TOOL} --instance x ${dir}/two`), 2, 'it has extra, more', 'another');
  writeFileSync(`${dir}/six`, dat6(ZERO));
  fails(t, TOOL, sh(`${TOOL} --instance x ${dir}/six`), 2, 'no instance', 'none at all');
  t.end();
});

t.test('losses and damage are told, and counted', (t) => {
  const dir = t.testdir();
  const lossy = pagesOf(
    event('entry', 1_000, 0),
    event('exit', 3_000, 0, { lost: 12 }),
    event('entry', 4_000, 1, { lost: -1 }),
    event('entry', 5_000, 0, { func: 0x10n }),
  );
  const damaged = Buffer.from(ONE);
  damaged.fill(0xff, 40, 80);
  const odd = Buffer.alloc(4096);
  odd.writeUInt32LE(12, 8);
  odd.writeUInt32LE(2, 16);
  odd.writeUInt32LE(4_000, 20);
  const file = dat6(lossy, Buffer.concat([damaged, odd]), ZERO);
  writeFileSync(`${dir}/t.dat`, file.subarray(0, file.length - 1_000));
  const { status, stdout, stderr } = sh(`${TOOL} --stats ${dir}/stats.json ${dir}/t.dat`);
  t.equal(status, 0);
  t.match(stdout, /^CPU:0 \[LOST 12 EVENTS\]\n 0\) .*\} \/\* vfs_read/m);
  t.match(stdout, /^CPU:0 \[LOST EVENTS\]\n 0\) .* fput\(\) \{/m);
  const said = stderr.split('\n').slice(0, -1);
  t.ok(said.every((line) => line.startsWith(`${TOOL}: ${dir}/t.dat: `)));
  t.equal(said.length, 5);
  t.match(said[0], 'events were lost while it was recorded (CPU 0: 12 and 1 uncounted gap)');
  t.match(said[1], /damaged pages, left out \(CPU 1: \d+ bytes\)/);
  t.match(said[2], 'CPU 2: cut short: 1000 bytes are missing');
  t.match(said[3], '1 function without a name');
  t.match(said[4], '1 event of unknown format');
  const stats = JSON.parse(readFileSync(`${dir}/stats.json`, 'utf8'));
  t.equal(stats.tracer, 'function_graph');
  t.equal(stats.clock, 'local');
  t.same(stats.cpus[0], {
    cpu: 0,
    pages: 3,
    events: 4,
    lost: 12,
    lostUncounted: 1,
    unreadableBytes: 0,
  });
  t.ok(stats.cpus[1].unreadableBytes > 0);
  t.same(stats.faults, [{ cpu: 2, fault: 'cut short: 1000 bytes are missing' }]);
  t.equal(stats.unknownSymbols, 1);
  t.equal(stats.unknownEvents, 1);
  t.end();
});

t.test('input that is none', (t) => {
  const dir = t.testdir({ text: '# tracer: function_graph\n' });
  const bad = (line: string, message: string | RegExp, input: string | Buffer = '') =>
    fails(t, TOOL, sh(line, input), 2, message, line);
  bad(TOOL, 'stdin is empty');
  bad(`${TOOL} < /dev/null`, 'stdin is empty');
  bad(`${TOOL} <&-`, 'stdin');
  bad(`${TOOL} < samples`, 'stdin: is a directory');
  bad(`${TOOL} samples`, 'samples: is a directory');
  bad(`${TOOL} ${dir}/none`, `${dir}/none: no such file or directory`);
  bad(`${TOOL} ${dir}/text`, `${dir}/text: is no trace.dat`);
  bad(TOOL, 'stdin: is no trace.dat', 'garbage\n');
  bad(`head -c 300000 /dev/zero | ${TOOL}`, 'stdin: is no trace.dat');
  bad(`head -c 1000 ${SAMPLE} | ${TOOL}`, /stdin: .*gzip data is damaged/);
  bad(`zcat ${SAMPLE} | head -c 3000 | ${TOOL}`, 'stdin: ');
  bad(TOOL, 'no event of function_graph or function', dat6(Buffer.alloc(4096)));
  bad(TOOL, 'no event of function_graph or function', dat6(Buffer.alloc(0)));
  bad(`${TOOL} ${SAMPLE} ${SAMPLE}`, 'unexpected argument');
  bad(`${TOOL} --cpu x ${SAMPLE}`, "--cpu: 'x' is no CPU number");
  bad(`${TOOL} --cpu 0,7 ${SAMPLE}`, 'no pages of CPU 7');
  for (const option of ['--nope', '-x', '--cpu', '--format', '--stats']) {
    bad(`${TOOL} ${option}`, `see ${TOOL} --help`);
  }
  t.end();
});

t.test('output', (t) => {
  const statuses = `; echo "\${PIPESTATUS[0]}"`;
  for (const reader of ['head -1 > /dev/null', 'true', 'sh -c "exec 0<&-; sleep 0.1"']) {
    const { stdout, stderr } = sh(`${TOOL} ${SAMPLE} | ${reader}${statuses}`);
    t.equal(stdout, '0\n', `| ${reader}: exit 0`);
    t.equal(stderr, '', 'nothing is said');
  }
  fails(t, TOOL, sh(`${TOOL} ${SAMPLE} > /dev/full`), 1, 'stdout: no space left', '/dev/full');
  fails(t, TOOL, sh(`${TOOL} --help > /dev/full`), 1, 'stdout: no space left', '--help');
  const { status, stderr } = sh(`${TOOL} --stats /nowhere/x ${SAMPLE} > /dev/null`);
  t.equal(status, 2);
  t.match(stderr, '/nowhere/x');
  const help = sh(`${TOOL} --help`);
  t.equal(help.status, 0);
  t.match(help.stdout, /^ {2}trace-decode trace.dat \|/m);
  t.match(help.stdout, `man ${TOOL}`);
  t.same(sh(`${TOOL} --version`), { status: 0, stdout: `${version}\n`, stderr: '' });
  t.end();
});

t.test('nothing is left in the temporary folder', (t) => {
  const dir = t.testdir();
  const run = (line: string) => sh(line, '', { TMPDIR: dir });
  t.equal(run(`cat ${SAMPLE} | ${TOOL} | wc -l; ls -A ${dir}`).stdout, '4957\n');
  t.equal(run(`cat ${SAMPLE} | ${TOOL} | head -1 > /dev/null; ls -A ${dir}`).stdout, '');
  t.equal(
    run(`(cat ${SAMPLE}; sleep 5) | timeout -s KILL 1 ${TOOL}; ls -A ${dir}`).stdout,
    '',
    'not even by kill -9',
  );
  const missing = sh(`cat ${SAMPLE} | ${TOOL}`, '', { TMPDIR: `${dir}/none` });
  t.not(missing.status, 0);
  t.match(missing.stderr, `${dir}/none`);
  t.end();
});

t.test('the recorded run', { skip: skipWithoutTraces }, (t) => {
  const dir = t.testdir({ cmdlines: skipWithoutTraces ? '' : recordedCmdlines() });
  const run = `${TRACES}/runc-node-express.linux-6.1`;
  const { status, stdout } = sh(
    `${TOOL} --no-flags --format ${TRACES}/linux-6.1.format --kallsyms ${TRACES}/linux-6.1.kallsyms.gz ` +
      `--cmdlines ${dir}/cmdlines ${run}.cpu0.raw.gz ${run}.cpu1.raw.gz`,
  );
  t.equal(status, 0);
  t.ok(stdout === gunzipSync(readFileSync(`${run}.trace.gz`)).toString(), 'byte by byte');
  t.end();
});
