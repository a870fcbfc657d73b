import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import t from 'tap';
import { parseLine } from '../../src/complexity/table.js';
import { fails } from '../helpers/bad-input.js';
import { FAKE_KERNEL } from '../helpers/fake-kernel.js';
import { sh } from '../helpers/run.js';

const TOOL = 'kernel-complexity';

const missing = (command: string) => spawnSync(command, ['-V']).error !== undefined;
const skip = missing('complexity') ? 'GNU complexity is not installed' : false;

const source = t.testdir({
  linux: FAKE_KERNEL,
  tmp: {},
  'config.gz': gzipSync(FAKE_KERNEL.config),
  'config.damaged': gzipSync(FAKE_KERNEL.config).subarray(0, 30),
  'config.arm': 'CONFIG_ARM=y\n',
  'config.none': 'CONFIG_X=y\n',
  names: '__x64_sys_read\nbranch.isra.0\npaging64_walk\nhelper [fake]\n__x64_sys_bpf\nnowhere\n',
  blank: '\n\n',
  empty: {},
  half: { Makefile: 'all:\n' },
  bare: { Makefile: FAKE_KERNEL.Makefile },
  slow: {
    complexity:
      '#!/bin/sh\nif [ "$1" = --version ]; then echo "complexity (GNU Complexity) 1.13"; exit; fi\n: > "$STARTED"\nsleep 1\n',
  },
  broken: {
    complexity: '#!/bin/sh\nif [ "$1" = --version ]; then exit; fi\nkill -SEGV $$\n',
  },
  old: 'an old table\n',
});
for (const path of ['slow', 'broken'] as const) chmodSync(`${source}/${path}/complexity`, 0o755);
const linux = `${source}/linux`;
const config = `--config ${linux}/config`;
const env = { TMPDIR: `${source}/tmp` };
const run = (args: string, input = '') => sh(`${TOOL} ${args}`, input, env);

/** Nothing may be left where scratch files go. */
function tidy(t: Pick<typeof import('tap').default, 'strictSame'>): void {
  t.strictSame(readdirSync(`${source}/tmp`), [], 'nothing is left');
}

/** `score name file:line` of each row, without the directories of the file. */
function rowsOf(table: string): string[] {
  return table.split('\n').flatMap((line) => {
    const row = parseLine(line);
    if (typeof row === 'string') return [];
    return [`${row.score} ${row.name} ${row.file.replace(/.*\//, '')}:${row.line}`];
  });
}

t.test('wrong arguments', async (t) => {
  const bad = (args: string, message: string | RegExp) =>
    fails(t, TOOL, run(args), 2, message, args || 'none');
  bad('', `no SOURCE_DIR (see ${TOOL} --help)`);
  bad(`${linux} more`, `unexpected argument 'more'`);
  bad(`${linux} --nope`, `see ${TOOL} --help`);
  bad(`${linux} --tool cloc`, `see ${TOOL} --help`);
  for (const jobs of ['0', '-1', '1.5', 'many']) {
    bad(`${linux} --jobs ${jobs}`, /--jobs|see kernel-complexity --help/);
  }
  bad(`${linux} --arch x68`, /--arch x68: not one of alpha, .*, all$/m);
  bad(`${linux} ${config} --arch all`, /--arch all: a configuration is of one architecture/);
  for (const option of ['--config', '--arch', '--names', '--out', '--origin', '--tool', '--jobs']) {
    t.equal(run(`${linux} ${option}`).status, 2, `${option} without a value`);
  }
  tidy(t);
});

t.test('what is no source', async (t) => {
  const none = /not the top directory of a kernel's source: no Makefile with a VERSION/;
  for (const place of ['missing', 'empty', 'half', 'names', 'linux/kernel']) {
    fails(t, TOOL, run(`${source}/${place}`), 2, none, place);
  }
  fails(t, TOOL, run(`${source}/bare`), 2, /bare: no function found/, 'no C files');
  fails(t, TOOL, run(`${source}/bare ${config}`), 2, /bare: no function found/, 'nothing built');
  tidy(t);
});

t.test('configurations and names that are none', async (t) => {
  const bad = (args: string, message: RegExp) =>
    fails(t, TOOL, run(`${linux} ${args}`), 2, message, args);
  bad(`--config ${source}/missing`, /missing: no such file or directory/);
  bad(`--config ${source}`, /is a directory, not a file/);
  bad(
    `--config ${linux}/Makefile`,
    /Makefile: no line like CONFIG_SMP=y: not a kernel's configuration/,
  );
  bad('--config /dev/null', /no line like CONFIG_SMP=y/);
  bad(`--config ${source}/config.damaged`, /config.damaged: the gzip data is damaged/);
  bad(`--config ${source}/config.none`, /--arch \(not told by --config\): not one of/);
  bad(`--names ${source}/missing`, /missing: no such file or directory/);
  bad(`--names ${source}/blank`, /blank: no function name in it/);
  bad('--names /dev/null', /no function name in it/);
  bad(`--names ${linux}/Makefile`, /no function name in it|no function found/);
  bad(`--names <(echo nowhere)`, /no function found/);
  tidy(t);
});

t.test('without the tool', async (t) => {
  const bin = t.testdir();
  symlinkSync(process.execPath, `${bin}/node`);
  for (const tool of ['complexity', 'pmccabe']) {
    // bash itself comes from the other PATH.
    const outcome = sh(
      `PATH=${bin}; ${process.cwd()}/bin/${TOOL} ${linux} --tool ${tool}`,
      '',
      env,
    );
    const { status, stdout, stderr } = outcome;
    t.equal(status, 69, tool);
    t.equal(stdout, '');
    t.equal(stderr, `${TOOL}: ${tool}: cannot be run: install it (apt-get install ${tool})\n`);
  }
  const crash = sh(`PATH=${source}/broken:$PATH ${TOOL} ${linux}`, '', env);
  fails(t, TOOL, crash, 1, /complexity ended with SIGSEGV/, 'a tool that crashes');
  tidy(t);
});

t.test('by a configuration', { skip }, async (t) => {
  const { status, stdout, stderr } = run(`${linux} ${config}`);
  t.equal(stderr, '');
  t.equal(status, 0);
  t.match(
    stdout,
    /^# Linux 6\.1\.7\n# GNU complexity \d\S*, by kernel-complexity \S+ --arch x86 --config config\nComplexity Scores\nScore \| ln-ct \| nc-lns\| file-name\(line\): proc-name\n/,
  );
  t.strictSame(rowsOf(stdout), [
    '0 process process_64.c:1',
    '0 delay delay.c:1',
    '0 drv_main main.c:1',
    '0 bpf_lsm_file_open lsm_hook_defs.h:1',
    '0 bpf_lsm_task_free lsm_hook_defs.h:2',
    '1 __traceiter_fake_start fake.h:3',
    '0 first_show attr.c:9',
    '0 second_show attr.c:10',
    '0 third_show attr.c:11',
    '0 profile_open attr.c:13',
    '0 __do_sys_read calls.c:1',
    '0 __do_compat_sys_stat calls.c:6',
    '0 bpf_lookup calls.c:12',
    '0 __do_sys_kcmp calls.c:17',
    '0 foo_a foo_a.c:1',
    '0 foo_b foo_b.c:1',
    '1 __do_sys_clone fork.c:6',
    '1 finish_task_switch fork.c:14',
    '1 branch fork.c:32',
    '0 indented indented.c:1',
    '0 __sysvec_call irq.c:1',
    '0 mod mod.c:1',
    '0 part part.c:1',
    '1 arch_thing strong.c:1',
    '0 old_style strong.c:9',
    '0 alone strong.c:14',
    '0 deep deep.c:1',
    '0 __x64_sys_bpf sys_ni.c:8',
    '0 after_trace trace.c:4',
    '0 alone weak.c:6',
    '0 whole whole.c:3',
    '0 paging32_walk walk_tmpl.h:7',
    '0 paging64_walk walk_tmpl.h:7',
  ]);
  tidy(t);
});

t.test('another configuration', { skip }, async (t) => {
  const other = `${source}/config.other`;
  writeFileSync(other, 'CONFIG_X86=y\nCONFIG_OFF=y\n');
  const rows = rowsOf(run(`${linux} --config ${other}`).stdout);
  for (const row of [
    '1 __do_sys_clone fork.c:4',
    '0 branch fork.c:42',
    '0 off off.c:1',
    '0 drv_off off.c:1',
    '0 process process_32.c:1',
  ]) {
    t.ok(rows.includes(row), row);
  }
  for (const name of ['foo_a', 'foo_b', 'mod', 'indented', 'drv_main', 'notbuilt']) {
    t.notOk(
      rows.some((row) => row.includes(` ${name} `)),
      name,
    );
  }
});

t.test('without a configuration', { skip }, async (t) => {
  const names = (args: string) => rowsOf(run(`${linux} ${args}`).stdout).map((row) => row.slice(2));
  const all = names('');
  for (const row of [
    'branch fork.c:32',
    'branch fork.c:42',
    'notbuilt notbuilt.c:1',
    'off off.c:1',
    'arch_thing weak.c:1',
    'arch_thing strong.c:1',
    'paging32_walk walk_tmpl.h:7',
    'paging64_walk walk_tmpl.h:7',
    'arm_process process.c:1',
    'process process_32.c:1',
    'process process_64.c:1',
  ]) {
    t.ok(all.includes(row), row);
  }
  for (const row of [
    'boot main.c:1',
    'fork_init fork.c:22',
    'fork_notrace fork.c:27',
    'helper kernel.h:8',
  ]) {
    t.notOk(all.includes(row), `not ${row}`);
  }
  const arm = names('--arch arm');
  t.ok(arm.includes('arm_process process.c:1'));
  t.notOk(arm.some((row) => row.startsWith('process ')));
  t.strictSame(names('--arch amd64'), names('--arch x86'));
  t.strictSame(names('--arch all'), all);
});

t.test('only the functions of a list', { skip }, async (t) => {
  const rows = rowsOf(run(`${linux} ${config} --names ${source}/names`).stdout);
  t.strictSame(rows, [
    '0 helper kernel.h:8',
    '0 __do_sys_read calls.c:1',
    '1 branch fork.c:32',
    '0 __x64_sys_bpf sys_ni.c:8',
    '0 paging64_walk walk_tmpl.h:7',
  ]);
  const gz = run(`${linux} --config ${source}/config.gz --names <(gzip -c ${source}/names)`);
  t.strictSame(rowsOf(gz.stdout), rows, 'both by gzip');
  t.match(
    run(`${linux} --names ${source}/names --origin 'Debian  x${'\\n'} 1'`).stdout,
    /^# Linux 6\.1\.7, Debian/,
  );
});

t.test('the same bytes however it is run', { skip }, async (t) => {
  const first = run(`${linux} ${config}`).stdout;
  t.ok(first.length > 1000);
  for (const args of ['', '-j1', '-j 2', '--jobs 50']) {
    t.equal(run(`${linux} ${config} ${args}`).stdout, first, args);
  }
  t.equal(sh(`cd ${source} && ${TOOL} linux/ --config linux/config`, '', env).stdout, first);
  t.equal(run(`${linux} ${config} -o ${source}/table`).stdout, '');
  t.equal(readFileSync(`${source}/table`, 'utf8'), first);
  t.equal(run(`${linux} ${config} --out ${source}/table.gz`).stdout, '');
  const gz = readFileSync(`${source}/table.gz`);
  t.equal(gunzipSync(gz).toString(), first);
  run(`${linux} ${config} --out ${source}/table.gz`);
  t.strictSame(readFileSync(`${source}/table.gz`), gz, 'no date in it');
  t.match(
    sh(`complexity-sum -c ${source}/table.gz --kernel 6.1.0-9-amd64`, 'branch\n__x64_sys_clone\n'),
    { status: 0, stdout: /^2,1,1,2,/m, stderr: '' },
    'complexity-sum reads it',
  );
});

t.test('functions that the tool gives no score', { skip }, async (t) => {
  const dir = t.testdir({
    Makefile: FAKE_KERNEL.Makefile,
    fs: { 'a.c': 'int good(void)\n{\n\treturn 0;\n}\nint bad(void)\n{\n\tif (a) {\n}\n' },
  });
  const { status, stdout, stderr } = run(dir);
  t.equal(status, 0);
  t.ok(rowsOf(stdout).includes('0 good a.c:1'));
  if (!rowsOf(stdout).some((row) => row.includes(' bad '))) {
    t.match(stdout, /^# no score: \.\/fs\/a\.c\(5\): bad$/m);
    t.equal(stderr, `${TOOL}: 1 of 2 functions got no score from complexity\n`);
  }
});

t.test(
  'another tool',
  { skip: missing('pmccabe') ? 'pmccabe is not installed' : skip },
  async (t) => {
    const { status, stdout } = run(`${linux} ${config} --tool pmccabe`);
    t.equal(status, 0);
    t.match(stdout, /^# pmccabe/m);
    t.equal(rowsOf(stdout).length, rowsOf(run(`${linux} ${config}`).stdout).length);
  },
);

t.test('output that cannot be written', { skip }, async (t) => {
  const whole = `${linux} ${config}`;
  fails(t, TOOL, run(`${whole} > /dev/full`), 1, /stdout: no space left on device/, '> /dev/full');
  fails(t, TOOL, run(`${whole} -o /dev/full`), 1, /\/dev\/full: no space left/, '-o /dev/full');
  fails(t, TOOL, run(`${whole} -o ${source}/none/table`), 2, /none: no such file/, 'no folder');
  fails(t, TOOL, run(`${whole} -o ${source}/empty`), 2, /empty: is a directory/, 'a folder');
  fails(t, TOOL, run(`--help > /dev/full`), 1, /stdout: no space left/, '--help');
  t.strictSame(
    readdirSync(source).filter((name) => name.endsWith('.tmp')),
    [],
  );
  t.equal(run(`${source}/bare -o ${source}/old`).status, 2);
  t.equal(
    readFileSync(`${source}/old`, 'utf8'),
    'an old table\n',
    'a failure leaves the old table',
  );
  for (const reader of ['head -n 1 > /dev/null', 'true']) {
    const { stdout, stderr } = run(`${whole} | ${reader}; echo "\${PIPESTATUS[0]}"`);
    t.strictSame([stdout, stderr], ['0\n', ''], `| ${reader}`);
  }
  t.not(run(`${whole} >&-`).status, null, 'a closed stdout');
  t.equal(run(`${whole} 2>&- | wc -l`).status, 0, 'a closed stderr');
  tidy(t);
});

t.test('a signal ends it, and nothing is left', async (t) => {
  const started = `${source}/started`;
  for (const [signal, expected] of [
    ['TERM', 143],
    ['INT', 130],
    ['HUP', 129],
  ] as const) {
    // Without what tap has every node do: that listens to signals, too.
    const script =
      `set -m; unset NODE_OPTIONS; rm -f ${started}; PATH=${source}/slow:$PATH STARTED=${started} ${TOOL} ${linux} -o ${source}/never & ` +
      `until [ -e ${started} ]; do sleep 0.05; done; kill -${signal} $!; wait $!; echo $?`;
    const { stdout } = sh(script, '', env);
    t.equal(stdout, `${expected}\n`, `SIG${signal}`);
    tidy(t);
    t.notOk(existsSync(`${source}/never`));
  }
});

t.test('help and version, and standard input that is not read', async (t) => {
  const help = run('--help');
  t.strictSame([help.status, help.stderr], [0, '']);
  for (const option of ['--config', '--names', '--arch', '--out', '--origin', '--tool', '--jobs']) {
    t.ok(help.stdout.includes(option), option);
  }
  t.match(run('--version').stdout, /^\d+\.\d+\.\d+\n$/);
  if (skip !== false) return;
  const expected = run(`${linux} ${config}`).stdout;
  t.equal(run(`${linux} ${config}`, '\0garbage').stdout, expected);
  t.equal(run(`${linux} ${config} <&-`).stdout, expected);
});
