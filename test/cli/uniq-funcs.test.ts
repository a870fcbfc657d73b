import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import t from 'tap';
import { fails, testBadInput, testJudging, testOptions, testOutput } from '../helpers/bad-input.js';
import { SAMPLES, sh } from '../helpers/run.js';

testBadInput('uniq-funcs');
testOutput('uniq-funcs', ' --csv');
testOptions('uniq-funcs');
testJudging('uniq-funcs', 'uniq-funcs --strip');

const HEAD = ' 0)    node-218    | ';
const GOOD = `${HEAD}ksys_read() {\n${HEAD}  fput();\n${HEAD}}\n`;

const column = (csv: string, n: number) =>
  csv
    .split('\n')
    .slice(1, -1)
    .map((row) => row.split(',')[n]);

t.test('strip-irq | uniq-funcs is uniq-funcs --strip', (t) => {
  for (const { name, trace, tids } of SAMPLES) {
    for (const options of ['', `--tids @${tids}`, '--softirq keep-own --unknown keep']) {
      // The table holds the names, their counts and paths: one comparison for all.
      const two = sh(`zcat ${trace} | strip-irq ${options} | uniq-funcs --csv`);
      const one = sh(`zcat ${trace} | uniq-funcs --strip ${options} --csv`);
      t.equal(one.status, 0, `${name} ${options}`);
      t.ok(two.stdout === one.stdout, `${name} ${options}`);
      t.ok(one.stdout.length > 1_000);
    }
  }
  t.end();
});

t.test('the list, the counts and the table agree', (t) => {
  for (const { name, trace } of SAMPLES) {
    const list = sh(`zcat ${trace} | uniq-funcs --strip`).stdout.split('\n').slice(0, -1);
    t.same([...list].sort(), list, `${name}: sorted`);
    t.equal(new Set(list).size, list.length, 'each once');

    const counts = sh(`zcat ${trace} | uniq-funcs --strip --count`).stdout.split('\n').slice(0, -1);
    t.same(
      counts.map((line) => line.split(' ')[1]),
      list,
    );
    const kept = sh(`zcat ${trace} | strip-irq`).stdout;
    const entries = kept.match(/\(\)(?:;| \{)$/gm)!.length;
    const sum = counts.reduce((n, line) => n + Number(line.split(' ')[0]), 0);
    t.equal(sum, entries, 'as many calls as lines that enter a function');

    const csv = sh(`zcat ${trace} | uniq-funcs --strip --csv`).stdout;
    t.equal(csv.split('\n')[0], 'function,calls,tids,path');
    t.same(column(csv, 0), list);
    t.same(
      column(csv, 1),
      counts.map((line) => line.split(' ')[0]),
    );
    for (const [i, path] of column(csv, 3).entries()) {
      if (path.split(';').at(-1) !== list[i]) t.equal(path, list[i], 'a path ends at its function');
    }
  }
  t.end();
});

t.test('by a pattern of this test', (t) => {
  const text = gunzipSync(readFileSync(SAMPLES[4].trace)).toString('latin1');
  const names = new Set<string>();
  for (const [, name] of text.matchAll(/\| +([^\s}(]+)(?: \[\w+\])?\(\)(?:;| \{)$/gm))
    names.add(name);
  t.same(
    sh(`zcat ${SAMPLES[4].trace} | uniq-funcs`).stdout.split('\n').slice(0, -1),
    [...names].sort(),
  );
  t.end();
});

t.test('options that need others, or exclude them', (t) => {
  for (const options of [
    '--tids 218',
    '--softirq keep',
    '--unknown keep',
    '--method published',
    '--explain why.json',
    '--csv --count',
    '--csv --syscalls',
    '--strip --csv --count',
    '--in-flight README.md',
    '--machine mips',
  ]) {
    fails(t, 'uniq-funcs', sh(`uniq-funcs ${options}`, GOOD), 2, /--/, options);
  }
  t.end();
});

t.test('a trace in which nothing is entered is no result', (t) => {
  for (const options of ['', '--count', '--csv', '--strip', '--strip --csv --unknown keep']) {
    const { status, stdout, stderr } = sh(
      `uniq-funcs ${options}`,
      `${HEAD}}\n${HEAD}} /* fput */\n`,
    );
    t.equal(status, 2, options);
    t.equal(stdout, '', options);
    t.match(stderr, /^uniq-funcs: stdin: no /m, options);
  }
  t.end();
});

t.test('--syscalls', (t) => {
  const text = [
    '__x64_sys_read() {',
    '  __do_sys_read();',
    '}',
    '__x64_sys_read();',
    '__x64_sys_newfstat();',
    'sys_imageblit();',
    '__ia32_compat_sys_ioctl();',
    '',
  ]
    .map((body) => (body === '' ? '' : HEAD + body))
    .join('\n');
  t.same(sh('uniq-funcs --syscalls', text), {
    status: 0,
    stdout: 'fstat\nioctl\nread\n',
    stderr: '',
  });
  t.equal(sh('uniq-funcs --syscalls --count', text).stdout, '1 fstat\n1 ioctl\n2 read\n');
  t.equal(sh('uniq-funcs --strip --syscalls', text).stdout, 'fstat\nioctl\nread\n');
  t.same(
    sh('uniq-funcs --syscalls', GOOD),
    { status: 0, stdout: '', stderr: '' },
    'a task that makes no call has none',
  );
  t.end();
});

t.test('--in-flight', (t) => {
  const dir = t.testdir({
    start: [
      '/proc/571/task/571/comm:containerd-shim',
      '/proc/571/task/571/syscall:202 0xf17308 0x80 0x0 0x0 0x0 0x0 0x7ffde8a408f8 0x65d863',
      '640 CPU 0/KVM 16 0x1b 0xae80 0x0 0x0 0x0 0x0 0x7f2bf17fa2f8 0x7f2bf5a4dc5b',
      '641 vhost-622 0 0x0 0x0 0x0 0x0 0x0 0x0 0x0 0x0',
      '642 node running',
      '643 node -1 0x7ffde8a408f8 0x65d863',
      '',
    ].join('\r\n'),
    junk: 'no such thing\n',
    some: 'no such thing\n202 0xf17308 0x80 0x0 0x0 0x0 0x0 0x7ffde8a408f8 0x65d863\n',
    empty: '',
  });
  const text = `${HEAD}__x64_sys_read();\n`;
  const flight = `--syscalls --in-flight ${dir}`;
  t.same(sh(`uniq-funcs ${flight}/start`, text), {
    status: 0,
    stdout: 'futex\nioctl\nread\n',
    stderr: '',
  });
  t.equal(
    sh(`uniq-funcs --count ${flight}/start`, text).stdout,
    '0 futex\n0 ioctl\n1 read\n',
    'calls in flight were entered before the trace',
  );
  t.equal(
    sh(`uniq-funcs --strip --tids 218,640 ${flight}/start`, text).stdout,
    'ioctl\nread\n',
    '--tids goes for them, too',
  );
  const some = sh(`uniq-funcs ${flight}/some`, text);
  t.equal(some.stdout, 'futex\nread\n');
  t.match(some.stderr, `${dir}/some:1: `, 'lines that are none are told');
  t.match(sh(`uniq-funcs ${flight}/missing`, text), { status: 2, stdout: '' });
  t.match(sh(`uniq-funcs ${flight}/junk`, text), { status: 2, stdout: '' }, 'nothing usable');
  t.end();
});

t.test('more different functions than any kernel has', (t) => {
  const got = sh(`seq 410000 | awk '{print " 0)    node-218    | f_"$1"();"}' | uniq-funcs`);
  t.equal(got.status, 2);
  t.equal(got.stdout, '');
  t.match(got.stderr, /^uniq-funcs: stdin: more than 400000 different functions: .*\n$/);
  t.end();
});

t.test('--by phase', (t) => {
  const decode = 'trace-decode --abstime samples/runc-node-express.dat.gz';
  const text = sh(decode).stdout;
  const times = [...text.matchAll(/^ *(\d+\.\d{6}) \|/gm)].map(([, time]) => Number(time));
  const [first, middle] = [times[0], times[times.length >> 1]];
  const dir = t.testdir({
    'run.json': JSON.stringify({ phases: { create: first, start: middle, serve: null } }),
    empty: '{}',
    text: 'x',
  });
  const { status, stdout } = sh(
    `${decode} | uniq-funcs --strip --by phase --phases ${dir}/run.json`,
  );
  t.equal(status, 0);
  t.match(stdout, /^function,phase,calls\n/);
  const rows = stdout.split('\n').slice(1, -1);
  const sums = new Map<string, number>();
  for (const [name, phase, calls] of rows.map((row) => row.split(','))) {
    t.ok(phase === 'create' || phase === 'start', phase);
    sums.set(name, (sums.get(name) ?? 0) + Number(calls));
  }
  const counts = sh(`${decode} | uniq-funcs --strip --count`).stdout;
  t.equal([...sums].map(([name, calls]) => `${calls} ${name}\n`).join(''), counts, 'the sums');

  const good = `--by phase --phases ${dir}/run.json`;
  const wrong: [options: string, message: RegExp][] = [
    [good, /stdin: no times in it: record, or decode, it with --abstime/],
    ['--by phase', /--by phase and --phases FILE go together/],
    [`--phases ${dir}/run.json`, /--by phase and --phases FILE go together/],
    [`${good} --count`, /--by phase goes with none of/],
    [`--by phase --phases ${dir}/empty`, /empty: no phases with their times in it/],
    [`--by phase --phases ${dir}/text`, /text: no JSON/],
    [`--by phase --phases ${dir}/missing`, /missing: no such file/],
    [`${good} < /dev/null`, /stdin is empty/],
    [`${good} < ${SAMPLES[0].trace}`, /is gzip: pipe it through zcat/],
    [`${good} < package.json`, /no line of trace text/],
  ];
  for (const [options, message] of wrong) {
    fails(t, 'uniq-funcs', sh(`uniq-funcs ${options}`, GOOD), 2, message, options);
  }
  t.end();
});

t.test('--by role', (t) => {
  const trace = 'zcat samples/kata-node-express.trace.gz';
  const roles = 'samples/kata-node-express.roles.csv';
  const { stdout } = sh(`${trace} | uniq-funcs --strip --by role --roles ${roles}`);
  const rows = stdout
    .split('\n')
    .slice(1, -1)
    .map((row) => row.split(','));
  t.match(stdout, /^function,role,calls\n/);
  t.match(stdout, /^tun_sendmsg,vhost,19$/m);
  t.notMatch(stdout, /^tun_sendmsg,(?!vhost)/m, 'nobody else');
  const sums = new Map<string, number>();
  for (const [name, , calls] of rows) sums.set(name, (sums.get(name) ?? 0) + Number(calls));
  const counts = sh(`${trace} | uniq-funcs --strip --count`).stdout;
  t.equal([...sums].map(([name, calls]) => `${calls} ${name}\n`).join(''), counts, 'the sums');
  const kernel = sh(`${trace} | uniq-funcs --strip --tids 622`).stdout.split('\n').slice(0, -1);
  t.same(
    rows.filter(([, role]) => role === 'vhost').map(([name]) => name),
    kernel,
    'a role of one task has its functions',
  );

  const dir = t.testdir({
    other: 'tid,role\n1,x\n218,vmm\njunk\n',
    none: 'tid,role\n',
    list: '218\n',
  });
  const command = (options: string) => `uniq-funcs ${options}`;
  const other = sh(command(`--by role --roles ${dir}/other`), GOOD);
  t.equal(other.stdout, 'function,role,calls\nfput,vmm,1\nksys_read,vmm,1\n');
  t.equal(other.stderr, `uniq-funcs: ${dir}/other:4: no tid and role: 'junk'\n`);
  const strangers = sh(command(`--by role --roles ${roles}`), GOOD);
  t.equal(strangers.stdout, 'function,role,calls\nfput,?,1\nksys_read,?,1\n');
  const bare = sh(
    command(`--by role --roles ${dir}/other 2> /dev/null`),
    ' 0)               |  fput();\n',
  );
  t.equal(bare.stdout, 'function,role,calls\nfput,?,1\n', 'a text without tasks');
  const wrong: [options: string, message: RegExp][] = [
    ['--by role', /--by role and --roles FILE go together/],
    [`--roles ${roles}`, /--by role and --roles FILE go together/],
    [`--by role --roles ${roles} --csv`, /--by role goes with none of/],
    ['--by task --roles x', /Invalid values/],
    [`--by role --roles ${dir}/missing`, /missing: no such file/],
    [`--by role --roles ${dir}/none`, /none: no role in it/],
    [`--by role --roles ${dir}/list`, /list: no columns tid and role in its first line/],
    ['--by role --roles samples', /samples: is a directory/],
  ];
  for (const [options, message] of wrong) {
    fails(t, 'uniq-funcs', sh(command(options), GOOD), 2, message, options);
  }
  t.end();
});
