import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { takeSnapshot, threadsOf } from '../../src/container/snapshot.js';

t.test('files of /proc', (t) => {
  const stat = '1531 (bio) S 1 (x) S 1472 1493 1493 0 -1 4194368 0';
  const proc = t.testdir({
    '1493': {
      stat,
      cmdline: '/bin/redis-server *:6379\0\0\0\0',
      task: {
        '1493': {
          comm: 'redis server)\n',
          wchan: 'do_epoll_wait',
          syscall: '232 0x5 0x7fb042565540 0x2790\n',
          cgroup: '7:pids:/docker/c0ffee\n1:name=systemd:/a:b\n0::/docker/c0ffee\n',
        },
        '1531': { comm: 'bio\n' },
        '1532': {},
      },
    },
    '2': { stat: '2 (kthreadd) S 0 0', cmdline: '', task: { '2': { comm: 'kthreadd\n' } } },
    '99': {},
    self: {},
    uptime: '',
  });
  const { processes } = takeSnapshot('c0ffee', proc, `${proc}/none`);
  t.strictSame([...processes.keys()].sort(), [1493, 2]);
  t.strictSame(processes.get(1493), {
    pid: 1493,
    ppid: 1472,
    argv: ['/bin/redis-server *:6379'],
    threads: [
      {
        tid: 1493,
        comm: 'redis server)',
        wchan: 'do_epoll_wait',
        syscall: '232 0x5 0x7fb042565540 0x2790',
        cgroups: ['/docker/c0ffee', '/a:b'],
      },
      { tid: 1531, comm: 'bio', wchan: '', syscall: '', cgroups: [] },
    ],
  });
  t.strictSame(processes.get(2)?.argv, []);
  t.strictSame(threadsOf(1493, proc), [1493, 1531, 1532]);
  t.strictSame(threadsOf(1, proc), []);
  t.end();
});

t.test("Kata's record", (t) => {
  const dir = t.testdir({ c0ffee: { pid: '619\n' }, junk: { pid: 'x' }, empty: { pid: '' } });
  t.strictSame(takeSnapshot('c0ffee', `${dir}/none`, dir).recorded, [619]);
  for (const id of ['junk', 'empty', 'none']) {
    t.strictSame(takeSnapshot(id, `${dir}/none`, dir).recorded, []);
  }
  t.end();
});

t.test('this host', async (t) => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const { processes } = takeSnapshot('');
  child.kill();
  const own = processes.get(process.pid)!;
  t.equal(own.ppid, process.ppid);
  t.strictSame(own.argv[0], process.argv0);
  t.strictSame(
    own.threads.map(({ tid }) => tid).sort((a, b) => a - b),
    threadsOf(process.pid),
  );
  t.match(processes.get(child.pid!), {
    ppid: process.pid,
    argv: ['sleep', '60'],
    threads: [{ tid: child.pid!, comm: 'sleep' }],
  });
});
