import t from 'tap';
import {
  callsOf,
  KERNEL_NAMES,
  syscallName,
  syscallNames,
} from '../../src/functions/syscall-numbers.js';

const ON_X86_64: readonly [number, string][] = [
  [0, 'read'],
  [1, 'write'],
  [3, 'close'],
  [5, 'fstat'],
  [7, 'poll'],
  [9, 'mmap'],
  [16, 'ioctl'],
  [35, 'nanosleep'],
  [56, 'clone'],
  [63, 'uname'],
  [166, 'umount2'],
  [202, 'futex'],
  [219, 'restart_syscall'],
  [232, 'epoll_wait'],
  [262, 'newfstatat'],
  [271, 'ppoll'],
  [281, 'epoll_pwait'],
  [288, 'accept4'],
  [332, 'statx'],
  [334, 'rseq'],
  [335, 'uretprobe'],
  [424, 'pidfd_send_signal'],
  [435, 'clone3'],
  [462, 'mseal'],
  [471, 'rseq_slice_yield'],
];

const ON_AARCH64: readonly [number, string][] = [
  [0, 'io_setup'],
  [22, 'epoll_pwait'],
  [25, 'fcntl'],
  [29, 'ioctl'],
  [43, 'statfs'],
  [62, 'lseek'],
  [63, 'read'],
  [64, 'write'],
  [71, 'sendfile'],
  [79, 'newfstatat'],
  [80, 'fstat'],
  [98, 'futex'],
  [101, 'nanosleep'],
  [128, 'restart_syscall'],
  [160, 'uname'],
  [220, 'clone'],
  [222, 'mmap'],
  [223, 'fadvise64'],
  [242, 'accept4'],
  [260, 'wait4'],
  [291, 'statx'],
  [293, 'rseq'],
  [424, 'pidfd_send_signal'],
  [435, 'clone3'],
  [471, 'rseq_slice_yield'],
];

t.test('x86-64 numbers', async (t) => {
  for (const [number, name] of ON_X86_64) t.equal(syscallName(number, 'x86_64'), name, `${number}`);
});

t.test('arm64 numbers', async (t) => {
  for (const [number, name] of ON_AARCH64)
    t.equal(syscallName(number, 'aarch64'), name, `${number}`);
});

t.test('numbers that are no call', async (t) => {
  for (const number of [337, 423, 472, 512, -1, 0.5, Number.NaN])
    t.equal(syscallName(number, 'x86_64'), undefined, `${number} on x86-64`);
  for (const number of [244, 259, 295, 423, 472, -1])
    t.equal(syscallName(number, 'aarch64'), undefined, `${number} on arm64`);
});

t.test('the tables are whole', async (t) => {
  t.equal(Object.keys(callsOf('x86_64')).length, 385);
  t.equal(Object.keys(callsOf('aarch64')).length, 327);
  for (const name of syscallNames()) t.match(name, /^[a-z_][a-z0-9_]*$/, name);
  t.equal(syscallNames().size, 385);
});

t.test('entry points named otherwise lead to calls that exist', async (t) => {
  t.equal(KERNEL_NAMES.newfstat, 'fstat');
  t.equal(KERNEL_NAMES.newuname, 'uname');
  t.equal(KERNEL_NAMES.umount, 'umount2');
  t.equal(KERNEL_NAMES.sendfile64, 'sendfile');
  t.equal(KERNEL_NAMES.fadvise64_64, 'fadvise64');
  t.equal(KERNEL_NAMES.read, undefined);
  t.equal(KERNEL_NAMES.constructor, undefined);
  for (const [entry, name] of Object.entries(KERNEL_NAMES)) {
    t.ok(syscallNames().has(name), `${entry} is ${name}`);
    t.notOk(syscallNames().has(entry), `${entry} is no call of its own`);
  }
});
