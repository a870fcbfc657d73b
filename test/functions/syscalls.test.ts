import t from 'tap';
import { parseInFlight, syscallOf, syscallsOf } from '../../src/functions/syscalls.js';

t.test('canonical names', (t) => {
  const rows: Record<string, readonly string[]> = {
    read: [
      'sys_read',
      'SyS_read',
      'SYSC_read',
      '__x64_sys_read',
      '__ia32_sys_read',
      '__x32_sys_read',
      '__arm64_sys_read',
      '__riscv_sys_read',
      '__s390x_sys_read',
      '__se_sys_read',
      '__do_sys_read',
    ],
    ioctl: [
      'compat_sys_ioctl',
      'compat_SyS_ioctl',
      'C_SYSC_ioctl',
      '__ia32_compat_sys_ioctl',
      '__x64_compat_sys_ioctl',
      '__arm64_compat_sys_ioctl',
      '__se_compat_sys_ioctl',
      '__do_compat_sys_ioctl',
    ],
    fstat: ['__x64_sys_newfstat', '__do_sys_newfstat', '__se_sys_newfstat', 'sys_newfstat'],
    stat: ['__x64_sys_newstat', '__do_sys_newstat'],
    lstat: ['__x64_sys_newlstat'],
    uname: ['__x64_sys_newuname', '__do_sys_newuname'],
    newfstatat: ['__x64_sys_newfstatat', '__do_sys_newfstatat'],
    umount2: ['__x64_sys_umount'],
    sendfile: ['__x64_sys_sendfile64'],
    pread64: ['__x64_sys_pread64', '__ia32_compat_sys_pread64'],
    rt_sigreturn: ['__x64_sys_rt_sigreturn', '__do_sys_rt_sigreturn'],
    clone3: ['__x64_sys_clone3', '__do_sys_clone3.cold', '__se_sys_clone3.part.0'],
    epoll_wait: ['__x64_sys_epoll_wait.isra.0', '__do_sys_epoll_wait.constprop.0'],
    restart_syscall: ['__x64_sys_restart_syscall'],
    exit_group: ['__x64_sys_exit_group'],
  };
  for (const [call, names] of Object.entries(rows)) {
    for (const name of names) t.equal(syscallOf(name)?.call, call, name);
  }
  t.end();
});

t.test('functions that are no system call', (t) => {
  for (const name of [
    'sys_imageblit',
    'sys_fillrect',
    'sys_copyarea',
    'sys_call_table',
    'sys_off_notify',
    'do_syscall_64',
    'x64_sys_call',
    'ia32_sys_call',
    'syscall_trace_enter',
    'syscall_exit_work',
    'ksys_read',
    'ksys_mmap_pgoff',
    'vfs_read',
    'do_sys_open',
    'do_sys_openat2',
    'do_sys_poll',
    '__sys_sendmsg',
    '___sys_sendmsg',
    '__sys_socket',
    'sysfs_emit',
    'x__x64_sys_read',
    '__x64_sys_',
    'SyS_',
    'sys_',
    'constructor',
    'toString',
    '',
  ]) {
    t.equal(syscallOf(name), undefined, name);
  }
  t.end();
});

t.test('each layer under a number of its own', (t) => {
  const layer = (name: string) => syscallOf(name)!.layer;
  t.equal(layer('__x64_sys_read'), layer('__ia32_compat_sys_read'), 'native and compat are one');
  const layers = ['__x64_sys_read', 'SyS_read', '__se_sys_read', '__do_sys_read', 'SYSC_read'];
  t.equal(new Set(layers.map(layer)).size, layers.length);
  t.end();
});

t.test('one call is counted once, by its busiest layer', (t) => {
  const counted = (calls: Record<string, number>) =>
    Object.fromEntries(
      syscallsOf(Object.entries(calls).map(([name, calls]) => ({ name, calls }))).map((c) => [
        c.name,
        c.calls,
      ]),
    );
  t.same(counted({ __x64_sys_read: 7, __do_sys_read: 7, ksys_read: 7, vfs_read: 9 }), { read: 7 });
  t.same(counted({ __x64_sys_read: 5, __do_sys_read: 7, __se_sys_read: 2 }), { read: 7 });
  t.same(
    counted({ __x64_sys_ioctl: 5, __ia32_compat_sys_ioctl: 3, __do_sys_ioctl: 5 }),
    { ioctl: 8 },
    'native and compat entries add up',
  );
  t.same(counted({ __x64_sys_newfstat: 2, __do_sys_newfstat: 2 }), { fstat: 2 });
  t.same(counted({ sys_imageblit: 4, do_syscall_64: 100 }), {});
  t.same(counted({}), {});
  t.same(
    syscallsOf([
      { name: '__x64_sys_write', calls: 1 },
      { name: '__x64_sys_close', calls: 1 },
      { name: '__x64_sys_read', calls: 1 },
    ]).map(({ name }) => name),
    ['close', 'read', 'write'],
    'sorted',
  );
  t.end();
});

t.test('calls in flight', (t) => {
  const rows: readonly (readonly [string, number | undefined, string])[] = [
    ['202 0xf17308 0x80 0x0 0x0 0x0 0x0 0x7ffde8a408f8 0x65d863', undefined, 'futex'],
    [
      '/proc/571/task/572/syscall:202 0xf17ef8 0x80 0x0 0x7fce34138d38 0x0 0x0 0x7fce34138d00 0x65d863',
      572,
      'futex',
    ],
    [
      '/proc/571/syscall:232 0xa 0xc000 0x80 0xffffffffffffffff 0x0 0x0 0xc0000947e8 0x5f500e',
      571,
      'epoll_wait',
    ],
    [
      '/proc/571/task/572/syscall: 0 0x3 0x7ffe 0x10 0x0 0x0 0x0 0x7fce34138d00 0x65d863',
      572,
      'read',
    ],
    [
      '1474 containerd-shim 232 0xa 0xc0000949b8 0x80 0xffffffffffffffff 0x0 0x0 0xc0000947e8 0x5f500e',
      1474,
      'epoll_wait',
    ],
    ['640 CPU 0/KVM 16 0x1b 0xae80 0x0 0x0 0x0 0x0 0x7f2bf17fa2f8 0x7f2bf5a4dc5b', 640, 'ioctl'],
    ['12 a b 7 8 35 0x1 0x2 0x3 0x4 0x5 0x6 0x7ffe 0x65d863', 12, 'nanosleep'],
    ['12 comm 219 0x1 0x2 0x3 0x4 0x5 0x6 0x7ffe 0x65d863', 12, 'restart_syscall'],
    ['12 comm 99999 0x1 0x2 0x3 0x4 0x5 0x6 0x7ffe 0x65d863', 12, 'syscall_99999'],
  ];
  for (const [line, tid, call] of rows) t.same(parseInFlight(line, 'x86_64'), { tid, call }, line);
  t.same(
    parseInFlight('98 0xf17308 0x80 0x0 0x0 0x0 0x0 0x7ffde8a408f8 0x65d863', 'aarch64'),
    { tid: undefined, call: 'futex' },
    'numbers are the machine',
  );
  t.end();
});

t.test('threads in no call', (t) => {
  for (const line of [
    'running',
    '/proc/571/task/572/syscall:running',
    '1474 containerd-shim running',
    '640 CPU 0/KVM running',
    '-1 0x7ffde8a408f8 0x65d863',
    '/proc/571/task/572/syscall:-1 0x7ffde8a408f8 0x65d863',
    '1474 containerd-shim -1 0x7ffde8a408f8 0x65d863',
    '0 0x0 0x0 0x0 0x0 0x0 0x0 0x0 0x0',
    '/proc/9/task/9/syscall:0 0x0 0x0 0x0 0x0 0x0 0x0 0x0 0x0',
    '641 vhost-622 0 0x0 0x0 0x0 0x0 0x0 0x0 0x0 0x0',
    '/proc/571/task/571/comm:containerd-shim',
    '/proc/571/comm:a b: c',
  ]) {
    t.equal(parseInFlight(line, 'x86_64'), null, line);
  }
  t.same(
    parseInFlight('0 0x3 0x7ffe 0x10 0x0 0x0 0x0 0x7ffde8a408f8 0x65d863', 'x86_64'),
    { tid: undefined, call: 'read' },
    'a thread in read() is no kernel thread',
  );
  t.end();
});

t.test('lines that are none of /proc/PID/task/TID/syscall', (t) => {
  for (const line of [
    '',
    'read',
    '202',
    '202 0xf17308',
    '202 0xf17308 0x80 0x0 0x0 0x0 0x0',
    '202 0xf17308 0x80 0x0 0x0 0x0 0x0 0x7ffde8a408f8',
    '202 0xf17308 0x80 0x0 0x0 0x0 0x0 0x7ffde8a408f8 0x65d863 0x1',
    '202 f17308 80 0 0 0 0 7ffde8a408f8 65d863',
    'cat: /proc/1/syscall: Permission denied',
    ' 0)    node-218    | fput();',
  ]) {
    t.equal(parseInFlight(line, 'x86_64'), undefined, JSON.stringify(line));
  }
  t.end();
});

t.test('the answer to a number that is no call is none', (t) => {
  t.equal(syscallOf('__x64_sys_ni_syscall'), undefined);
  t.equal(syscallOf('sys_ni_syscall'), undefined);
  t.end();
});
