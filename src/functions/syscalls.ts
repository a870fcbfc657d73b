import { byName, type FunctionCount } from './names.js';
import { KERNEL_NAMES, type SyscallMachine, syscallName, syscallNames } from './syscall-numbers.js';

/**
 * The layers a system call passes through, each under a name of its own; one call is counted at most
 * once in each. `sys_` and `compat_sys_` alone are used by other functions too (sys_imageblit).
 */
const LAYERS: readonly (readonly [RegExp, boolean])[] = [
  [/^__(?:x64|ia32|x32|arm64|riscv|s390x?|powerpc)_(?:compat_)?sys_(\w+)$/, true],
  [/^(?:compat_)?SyS_(\w+)$/, true],
  [/^__se_(?:compat_)?sys_(\w+)$/, true],
  [/^__do_(?:compat_)?sys_(\w+)$/, true],
  [/^(?:C_)?SYSC_(\w+)$/, true],
  [/^(?:compat_)?sys_(\w+)$/, false],
];

/**
 * The user-visible name of the system call that a kernel function implements, and the layer it is of;
 * undefined for all other functions.
 *
 *     __x64_sys_read, __do_sys_read, SyS_read -> read      __x64_sys_newfstat -> fstat
 */
export function syscallOf(name: string): { call: string; layer: number } | undefined {
  const bare = name.replace(/\.(?:part|isra|constprop|cold|llvm)\b.*$/, '');
  for (const [layer, [pattern, certain]] of LAYERS.entries()) {
    const inner = pattern.exec(bare)?.[1];
    if (inner === undefined) continue;
    // The answer to numbers that are no call.
    if (inner === 'ni_syscall') return undefined;
    const call = KERNEL_NAMES[inner] ?? inner;
    return certain || syscallNames().has(call) ? { call, layer } : undefined;
  }
  return undefined;
}

/**
 * The system calls among functions, sorted by name. The calls of one layer add up (native and compat
 * entries); of several layers the busiest counts, for the others saw the same calls.
 */
export function syscallsOf(functions: readonly FunctionCount[]): FunctionCount[] {
  const layers = new Map<string, number[]>();
  for (const { name, calls } of functions) {
    const found = syscallOf(name);
    if (found === undefined) continue;
    let counts = layers.get(found.call);
    if (counts === undefined) {
      counts = LAYERS.map(() => 0);
      layers.set(found.call, counts);
    }
    counts[found.layer] += calls;
  }
  return [...layers].map(([name, counts]) => ({ name, calls: Math.max(...counts) })).sort(byName);
}

/** One thread's `/proc/PID/task/TID/syscall` at one moment. */
export interface InFlight {
  /** The thread, where the line tells it. */
  readonly tid: number | undefined;
  readonly call: string;
}

/**
 * A number, the call's six arguments, stack pointer and program counter, with or without the file's path
 * or the thread and its comm in front:
 *
 *     202 0xf17308 0x80 0x0 0x0 0x0 0x0 0x7ffde8a408f8 0x65d863
 *     /proc/571/task/572/syscall:202 0xf17ef8 0x80 0x0 0x7fce34138d38 0x0 0x0 0x7fce34138d00 0x65d863
 *     1474 containerd-shim 232 0xa 0xc0000949b8 0x80 0xffffffffffffffff 0x0 0x0 0xc0000947e8 0x5f500e
 */
const IN_FLIGHT =
  /^(?:\/proc\/(?:\d+\/task\/)?(\d+)\/syscall: ?|(\d+) .*? )?(\d+)(?: 0x[0-9a-f]+){6} (0x[0-9a-f]+) (0x[0-9a-f]+)$/;

/** Lines that tell of a thread which is in no call, or of its name. */
const NO_CALL =
  /^(?:\/proc\/\d+\/(?:task\/\d+\/)?comm:.*|(?:.*[: ])?running|(?:.*[: ])?-1 0x[0-9a-f]+ 0x[0-9a-f]+)$/;

/**
 * Parses one line of `/proc/PID/task/TID/syscall`. Null: a thread in no call. Undefined: no such line.
 * Kernel threads read as call 0 with neither stack nor program counter: they are in no call.
 */
export function parseInFlight(line: string, machine: SyscallMachine): InFlight | null | undefined {
  const found = IN_FLIGHT.exec(line);
  if (found === null) return NO_CALL.test(line) ? null : undefined;
  const [, tidInPath, tidInFront, number, stack, counter] = found;
  if (/^0x0+$/.test(stack) && /^0x0+$/.test(counter)) return null;
  const tid = tidInPath ?? tidInFront;
  return {
    tid: tid === undefined ? undefined : Number(tid),
    call: syscallName(Number(number), machine) ?? `syscall_${number}`,
  };
}
