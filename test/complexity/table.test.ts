import t from 'tap';
import { parseLine, tableReader } from '../../src/complexity/table.js';

const WANTED = new Set(['vfs_read', 'ksys_read', '__do_sys_read']);

function read(...lines: string[]) {
  const reader = tableReader(WANTED);
  for (const line of lines) reader.take(line);
  return reader.end();
}

t.test('lines that are no rows', (t) => {
  for (const line of [
    'vfs_read',
    '2 27 24 vfs_read',
    '    2      27      24   ./fs/read_write.c: vfs_read',
    '    2      27      24   ./fs/read_write.c(429) vfs_read',
    '    2      27      24   ./fs/read_write.c(429): ',
    '    2      27      24   ./fs/read_write.c(429): vfs_read extra',
    '    2      27      24   ./fs/read_write.c(): vfs_read',
    '    2      27   ./fs/read_write.c(429): vfs_read',
    '   -2      27      24   ./fs/read_write.c(429): vfs_read',
    '  2.5      27      24   ./fs/read_write.c(429): vfs_read',
    '    2      27      24   ./fs/read_write.c(429): vfs_\0read',
    'NOTE: proc kvm_vm_ioctl in file ./virt/kvm/kvm_main.c line 4590',
    '\x1f\x8b\x08\0',
  ]) {
    t.equal(parseLine(line), 'garbage', JSON.stringify(line));
  }
  t.end();
});

t.test('what else GNU complexity prints', (t) => {
  for (const line of [
    '',
    '  ',
    '# Linux 6.1.192',
    'Complexity Scores',
    'Score | ln-ct | nc-lns| file-name(line): proc-name',
    'total nc-lns     3604',
    'Complexity Histogram',
    'Score-Range  Lin-Ct',
    '    0-9       45279 ************************************************************',
    '  300-399         0',
    ' 1000-1999     6631 *********',
    'Scored procedure ct:     3331',
    'Non-comment line ct:    93596',
    'Average line score:       180',
    '25%-ile score:              3 (75% in higher score procs)',
    'Highest score:             18 (link_path_walk() in fs/namei.c)',
    'Unscored procedures:        4',
    'No procedures were scored',
  ]) {
    t.equal(parseLine(line), 'noise', line);
  }
  t.end();
});

t.test('rows', (t) => {
  t.strictSame(parseLine('    2      27      24   ./fs/read_write.c(429): vfs_read'), {
    score: 2,
    file: 'fs/read_write.c',
    line: 429,
    name: 'vfs_read',
  });
  t.strictSame(
    parseLine('123456 1234567 1234567   /usr/src/my linux(6)/a (b).c(7): f$1'),
    { score: 123456, file: '/usr/src/my linux(6)/a (b).c', line: 7, name: 'f$1' },
    'wide columns, a path with spaces and parentheses',
  );
  t.strictSame(
    parseLine('    0       0       0   (441): marvel_kill_arch'),
    { score: 0, file: '', line: 441, name: 'marvel_kill_arch' },
    'no file: names were on standard input',
  );
  t.strictSame(
    parseLine('    0       1       1   ./fs/read_write.c(600): SYSCALL_DEFINE3'),
    { score: 0, file: 'fs/read_write.c', line: 600, name: 'SYSCALL_DEFINE3' },
    'a macro is a name',
  );
  t.end();
});

t.test('a table keeps what is wanted and counts the rest', (t) => {
  const table = read(
    '# a comment',
    'Complexity Scores',
    'Score | ln-ct | nc-lns| file-name(line): proc-name',
    '    2      27      24   ./fs/read_write.c(429): vfs_read',
    '    2      27      24   ./fs/read_write.c(429): vfs_read',
    'junk',
    '    9      27      24   ./fs/other/x.c(5): vfs_read\r',
    '    7      27      24   ./fs/x.c(5): xvfs_read',
    'more junk',
    '    1       1       1   ./net/socket.c(6): vfs_read_x',
    'total nc-lns     3604',
  );
  t.strictSame(
    [...table.definitions],
    [
      [
        'vfs_read',
        [
          { score: 2, file: 'fs/read_write.c', line: 429 },
          { score: 9, file: 'fs/other/x.c', line: 5 },
        ],
      ],
    ],
    'exact names, and a row that is there twice once',
  );
  t.equal(table.rows, 5);
  t.equal(table.garbage, 2);
  t.equal(table.firstGarbage, 6);
  t.equal(table.shared, '');
  t.equal(table.oneFile, false);
  t.end();
});

t.test('the directory all files share', (t) => {
  const row = (file: string) => `    1       1       1   ${file}(6): f`;
  t.equal(read().shared, '');
  t.equal(read(row('/usr/src/linux/fs/a.c')).shared, '/usr/src/linux/fs/');
  t.equal(
    read(row('/usr/src/linux/fs/a.c'), row('/usr/src/linux/net/b.c')).shared,
    '/usr/src/linux/',
  );
  t.equal(read(row('linux/net/a.c'), row('linux/netfilter/b.c')).shared, 'linux/');
  t.equal(read(row('fs/a.c'), row('net/b.c')).shared, '');
  t.equal(read(row('/a/b.c'), row('/c/d.c')).shared, '/');
  t.equal(read(row('(1).c'), row('b.c')).shared, '');
  t.end();
});

t.test('a table of one file', (t) => {
  const row = (file: string) => `    1       1       1   ${file}(6): f`;
  t.equal(read(row('fs/a.c'), row('fs/a.c')).oneFile, true);
  t.equal(read(row('fs/a.c'), row('fs/a.c'), row('fs/b.c')).oneFile, false);
  t.end();
});

t.test('comments of kernel-complexity', (t) => {
  const reader = (lines: string[]) => {
    const table = tableReader(new Set(['first_tid', 'f']));
    for (const line of lines) table.take(line);
    return table.end();
  };
  const row = '    1       1       1   ./fs/a.c(6): f';
  const table = reader([
    '# Linux 6.1.192, Debian linux-source-6.1 6.1.192-2, configuration amd64',
    '# GNU complexity 1.13, by kernel-complexity 0.1.0 --arch x86',
    '# Linux 6.12.1, a second line that looks like it',
    '# no score: ./fs/proc/base.c(3827): first_tid\r',
    '# no score: ./lib/seq_buf.c(252): seq_buf_putmem_hex',
    '# no score: about nothing',
    row,
  ]);
  t.equal(table.kernel, '6.1.192');
  t.strictSame([...table.unscored], [['first_tid', { file: 'fs/proc/base.c', line: 3827 }]]);
  t.equal(table.garbage, 0);
  t.equal(table.rows, 1);
  t.equal(reader(['# Linux 6.12', row]).kernel, '6.12');
  t.equal(reader(['# Linux 6.2-rc1', row]).kernel, '6.2-rc1');
  for (const none of ['Linux 6.1', '# Linux', '# Linux next', '# of Linux 6.1', '#Linux 6.1']) {
    t.equal(reader([none, row]).kernel, undefined, none);
  }
  t.end();
});
