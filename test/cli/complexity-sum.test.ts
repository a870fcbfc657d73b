import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import t from 'tap';
import { sh } from '../helpers/run.js';

const GOLDEN = 'test/golden/complexity-sum';
const TABLE = `${GOLDEN}/table.txt`;
const DEMO = 'complexity/linux-6.1.txt.gz';

/** What a failing command must be: nothing on stdout, one line on stderr. */
function fails(status: number, stderr: string) {
  return { status, stdout: '', stderr: `complexity-sum: ${stderr}\n` };
}

const HEADER = 'n,min,max,sum,mean,stddev,unknown,sum_low,sum_high\n';
const VFS_READ = `${HEADER}1,2,2,2,2,0,0,2,2\n`;
const NO_ROW =
  'no row of a GNU complexity table in it ("    2      15      14   ./fs/read_write.c(581): ksys_read")';

t.test('wrong options', async (t) => {
  const see = '(see complexity-sum --help)';
  for (const [args, says] of [
    ['', `no table of scores: -c TABLE ${see}`],
    ["-c ''", `no table of scores: -c TABLE ${see}`],
    ['--per-function', `no table of scores: -c TABLE ${see}`],
    ['-c', `Not enough arguments following: c ${see}`],
    [`-c ${TABLE} --by file`, `--by file: only subsystem is known ${see}`],
    [
      `-c ${TABLE} --by subsystem --per-function`,
      `--per-function and --by exclude each other ${see}`,
    ],
    [`-c ${TABLE} --nope`, `Unknown argument: nope ${see}`],
    [`-c ${TABLE} names`, `unexpected argument 'names' ${see}`],
  ]) {
    t.strictSame(sh(`complexity-sum ${args}`, 'vfs_read\n'), fails(2, says), args);
  }
  const { status, stderr } = sh(`complexity-sum -c ${TABLE} --arch x68`, 'vfs_read\n');
  t.equal(status, 2);
  t.match(stderr, /^complexity-sum: --arch x68: not one of alpha, arc, .*, x86, xtensa, all\n$/);
});

t.test('standard input that holds no names', async (t) => {
  const run = `complexity-sum -c ${TABLE}`;
  t.strictSame(sh(run, ''), fails(2, 'stdin is empty: expected function names'));
  t.strictSame(
    sh(run, '\n\r\n \n'),
    fails(2, 'stdin holds blank lines only: expected function names'),
  );
  const notOne =
    'not a function name, and neither is any other line (uniq-funcs makes names of a trace)';
  t.strictSame(sh(run, '\n 0)   node-295    |   vfs_read() {\n'), fails(2, `stdin:2: ${notOne}`));
  t.strictSame(sh(run, Buffer.alloc(200_000)), fails(2, `stdin:1: ${notOne}`), 'NULs');
  t.strictSame(
    sh(`head -c 100000000 /dev/zero | tr '\\0' x | ${run}`),
    fails(2, `stdin:1: ${notOne}`),
    'a line of 100 MB',
  );
  t.strictSame(sh(run, gzipSync('vfs_read\n')), fails(2, 'stdin is gzip: pipe it through zcat'));
  t.strictSame(sh(`${run} < test`), fails(2, 'stdin: is a directory, not a file'));
  t.strictSame(sh(`${run} <&-`), fails(2, 'stdin is empty: expected function names'));
});

t.test('a table that is none', async (t) => {
  const names = 'vfs_read\n';
  t.strictSame(
    sh('complexity-sum -c test/missing.txt', names),
    fails(2, 'test/missing.txt: no such file or directory'),
  );
  for (const file of ['/dev/null', 'package.json']) {
    t.strictSame(sh(`complexity-sum -c ${file}`, names), fails(2, `${file}: ${NO_ROW}`));
  }
  t.strictSame(
    sh(`complexity-sum -c <(head -n 2 ${TABLE})`, names).stderr.replace(/fd\/\d+/, 'fd/N'),
    `complexity-sum: /dev/fd/N: ${NO_ROW}\n`,
    'headings only',
  );
  for (const part of [`head -c 5`, `head -c 100`, `head -c 200000`]) {
    const { status, stdout, stderr } = sh(`complexity-sum -c <(${part} ${DEMO})`, names);
    t.strictSame([status, stdout], [2, ''], part);
    t.match(stderr, /^complexity-sum: \/dev\/fd\/\d+: the gzip data is damaged: .*\n$/, part);
  }
  const { status, stdout, stderr } = sh('complexity-sum -c <(head -c 1000000 /dev/zero)', names);
  t.strictSame([status, stdout], [2, '']);
  t.match(stderr, /^complexity-sum: \/dev\/fd\/\d+:1: a line of more than 65536 characters: .*\n$/);
});

t.test('lines that are skipped are said once', async (t) => {
  t.strictSame(sh(`complexity-sum -c ${TABLE}`, 'vfs_read\na b\nc\0d\nvfs_read'), {
    status: 0,
    stdout: VFS_READ,
    stderr: 'complexity-sum: stdin:2: 2 lines are no function names: ignored\n',
  });
  const { status, stdout, stderr } = sh(`complexity-sum -c <(cat ${TABLE}; echo x)`, 'vfs_read');
  t.strictSame([status, stdout], [0, VFS_READ]);
  t.match(stderr, /^complexity-sum: \/dev\/fd\/\d+:41: 1 line is no row: ignored\n$/);
});

t.test('no name is known', async (t) => {
  t.strictSame(sh(`complexity-sum -c ${TABLE}`, 'nothing\n'), {
    status: 0,
    stdout: `${HEADER}0,,,0,,,1,0,0\n`,
    stderr: `complexity-sum: ${TABLE}: holds none of the names\n`,
  });
});

t.test('complexity that had its files on standard input', async (t) => {
  const row = '    0       0       0   (441): f';
  const { status, stderr } = sh(`complexity-sum -c <(yes '${row}' | head -n 5001)`, 'f\n');
  t.equal(status, 0);
  t.match(stderr, /: all rows name one file: complexity must get its files as arguments/);
});

t.test('tables plain, gzip, in a pipe, with CRLF', async (t) => {
  for (const table of [
    TABLE,
    DEMO,
    `<(cat ${TABLE})`,
    `<(gzip -c ${TABLE})`,
    `<(gzip -c ${TABLE}; gzip -c ${TABLE})`,
    `<(sed 's/$/\\r/' ${TABLE})`,
    `<(printf '%s' "$(cat ${TABLE} | grep vfs_read)")`,
    `<(sed 's|[.]/|/usr/src/linux-6.1/|' ${TABLE})`,
  ]) {
    t.strictSame(
      sh(`complexity-sum -c ${table}`, 'vfs_read\r\n'),
      { status: 0, stdout: VFS_READ, stderr: '' },
      table,
    );
  }
});

t.test('a source that is not in the current directory', async (t) => {
  const run = (table: string) =>
    sh(`complexity-sum -c ${table} --by subsystem`, 'filemap_fault\ncsum_partial\n');
  const there = run(`<(sed 's|[.]/|/usr/src/linux-6.1/|' ${TABLE})`);
  t.strictSame(there, run(TABLE));
  t.match(there.stdout, /^mm,1,8,8,8,8,0,0,8,8$/m);
});

t.test('output that cannot be written', async (t) => {
  const all = `zcat ${DEMO} | sed 's/.*: //' | grep -v "[ #-]"`;
  t.strictSame(
    sh(`set -o pipefail; ${all} | complexity-sum -c ${DEMO} --per-function | head -n 1`),
    { status: 0, stdout: 'function,score,low,high,file,line,match\n', stderr: '' },
    'a reader that has seen enough',
  );
  t.strictSame(
    sh(`complexity-sum -c ${TABLE} > /dev/full`, 'vfs_read'),
    fails(1, 'stdout: no space left on device'),
  );
});

t.test('help and version', async (t) => {
  const { status, stdout, stderr } = sh('complexity-sum --help');
  t.strictSame([status, stderr], [0, '']);
  for (const option of ['--complexity', '--per-function', '--by', '--arch', '--kernel']) {
    t.ok(stdout.includes(option), option);
  }
  t.match(sh('complexity-sum --version').stdout, /^\d+\.\d+\.\d+\n$/);
});

t.test('the order of names and repetition do not matter', async (t) => {
  const names = readFileSync(`${GOLDEN}/sum/input`, 'utf8').trimEnd().split('\n');
  const run = `complexity-sum -c ${TABLE} --per-function`;
  const expected = sh(run, names.join('\n'));
  t.equal(expected.status, 0);
  t.strictSame(sh(run, [...names, ...names].reverse().join('\n')), expected);
});

t.test('the table of the demo', async (t) => {
  const { status, stdout } = sh(
    `complexity-sum -c ${DEMO} --per-function`,
    '__x64_sys_read\n__arm64_compat_sys_pread64\n__x64_sys_mmap\nbpf_lsm_task_free\nseq_buf_putmem_hex\n',
  );
  t.equal(status, 0);
  t.strictSame(stdout.split('\n').slice(1), [
    '__arm64_compat_sys_pread64,,,,,,unknown',
    '__x64_sys_mmap,1,1,1,arch/x86/kernel/sys_x86_64.c,86,syscall',
    '__x64_sys_read,0,0,0,fs/read_write.c,621,syscall',
    'bpf_lsm_task_free,0,0,0,include/linux/lsm_hook_defs.h,185,exact',
    'seq_buf_putmem_hex,,,,lib/seq_buf.c,252,unknown',
    '',
  ]);
});

t.test('a call of another architecture has the score of its body', async (t) => {
  const { stdout } = sh(
    `complexity-sum -c ${TABLE} --per-function`,
    '__arm64_compat_sys_pread64\n__x64_sys_read\n',
  );
  t.match(stdout, /^__arm64_compat_sys_pread64,0,0,0,fs\/read_write.c,658,syscall$/m);
});

t.test('the caller decides between functions of one name', async (t) => {
  const run = `complexity-sum -c ${DEMO} --per-function`;
  const of = (path: string) =>
    sh(run, `function,calls,tids,path\nwalk_pud_range,1,7,${path}\n`).stdout.split('\n')[1];
  const both = /^walk_pud_range,5,3,5,mm\/pagewalk.c,161,ambiguous$/;
  t.match(sh(run, 'walk_pud_range\n').stdout.split('\n')[1], both);
  t.match(of('walk_page_range;walk_pud_range'), /,5,5,5,mm\/pagewalk.c,161,exact$/);
  t.match(of('shrink_node;walk_pud_range'), /,3,3,3,mm\/vmscan.c,4142,exact$/);
  t.match(of('?;walk_pud_range'), both, 'a caller that the trace does not show');
  t.match(of('walk_pud_range'), both, 'no caller');
  t.match(of('vfs_read;walk_pud_range'), both, 'a caller of a third file');
});

t.test('a table of another kernel', async (t) => {
  const run = (table: string, kernel: string) =>
    sh(`complexity-sum -c ${table} --kernel '${kernel}'`, 'vfs_read\n');
  const good = { status: 0, stdout: VFS_READ, stderr: '' };
  for (const release of ['6.1', '6.1.0-56-amd64', '6.1.192', '6.1-rc3']) {
    t.strictSame(run(DEMO, release), good, release);
  }
  for (const release of ['6.12.1', '5.10.0-8-amd64', '6.10', '16.1']) {
    t.strictSame(run(DEMO, release), {
      ...good,
      stderr: `complexity-sum: ${DEMO}: is of Linux 6.1.192, the trace of ${release}\n`,
    });
  }
  const plain = `<(grep -v '^#' ${TABLE})`;
  const { status, stdout, stderr } = run(plain, '6.1.0');
  t.strictSame([status, stdout], [0, VFS_READ]);
  t.match(stderr, /: does not tell of which kernel it is; the trace is of 6\.1\.0\n$/);
  for (const release of ['', 'six', 'v6.1', '6']) {
    t.strictSame(
      run(DEMO, release),
      fails(2, `--kernel ${release}: not a release like 6.1.0-56-amd64`),
      `'${release}'`,
    );
  }
});

t.test('a folder of tables', async (t) => {
  const cwd = t.testdir({ none: { 'linux-6.1.gz': '' } });
  const run = (args: string) => sh(`complexity-sum ${args}`, 'vfs_read\n');
  t.strictSame(run('-c complexity --kernel 6.1.0-56-amd64'), {
    status: 0,
    stdout: VFS_READ,
    stderr: '',
  });
  const other = 'complexity/linux-6.12.txt.gz: is of Linux 6.12.117, the trace of 7.2.4';
  t.strictSame(run('-c complexity --kernel 7.2.4'), {
    ...run('-c complexity --kernel 6.12'),
    stderr: `complexity-sum: ${other}\n`,
  });
  t.strictSame(
    run('-c complexity'),
    fails(2, 'complexity: is a directory: --kernel RELEASE has to pick a table from it'),
  );
  t.strictSame(
    run(`-c ${cwd}/none --kernel 6.1`),
    fails(2, `${cwd}/none: no table like linux-6.1.txt.gz in it`),
  );
  t.equal(run('-c complexity --kernel 7.2.4 --explain /dev/full').status, 1);
  t.match(run('-c complexity --kernel 6.1 --explain no/such').stderr, /cannot write 'no\/such'/);

  const names =
    'vfs_read\n__x64_sys_read\nvfs_write.part.0\nwalk_pud_range\nseq_buf_putmem_hex\nnone\n';
  sh(`complexity-sum -c complexity --kernel 7.2.4 --explain ${cwd}/why.json`, names);
  t.strictSame(JSON.parse(readFileSync(`${cwd}/why.json`, 'utf8')), {
    table: 'complexity/linux-6.12.txt.gz',
    kernel: '6.12.117',
    traced: '7.2.4',
    names: 6,
    exact: 1,
    suffix: 1,
    syscall: 1,
    ambiguous: ['walk_pud_range'],
    unknown: {
      none: 'not in the table',
      seq_buf_putmem_hex: 'the tool gave lib/seq_buf.c:264 no score',
    },
    warnings: [other],
  });
});
