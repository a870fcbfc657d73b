import t from 'tap';
import { RegionJudge } from '../../src/context/regions.js';
import { StripSink } from '../../src/context/strip.js';
import type { Policy, SoftirqPolicy } from '../../src/context/verdict.js';
import { drive } from '../helpers/drive.js';
import { DEFAULT_COLUMNS, printLine, printSwitch } from '../helpers/printer.js';

// One rule, one small trace. Each line begins with what must become of it:
//
//   +  kept        -  dropped
//   o  softirq work of the task's own call: kept by --softirq keep-own and keep
//   f  softirq work for anybody: kept by --softirq keep alone
//
// then, optionally, the task (A, B, I for idle) with its CPU and the latency flags, a bar, and indent and
// body as the kernel prints them. A line of another form stands behind a double quote, verbatim.

const TASKS: Record<string, readonly [string, number]> = {
  A: ['node', 218],
  B: ['node', 255],
  I: ['<idle>', 0],
};

const SIGNS: Record<string, readonly SoftirqPolicy[]> = {
  '+': ['drop', 'keep-own', 'keep'],
  o: ['keep-own', 'keep'],
  f: ['keep'],
  '-': [],
};

interface Marked {
  readonly text: string;
  readonly keptBy: readonly SoftirqPolicy[];
}

function read(trace: string): Marked[] {
  return trace
    .split('\n')
    .map((line) => line.replace(/^ +(?=[-+of])/, ''))
    .filter((line) => line !== '')
    .flatMap((line): Marked[] => {
      const keptBy = SIGNS[line[0]];
      const rest = line.slice(1);
      if (rest.startsWith('"')) return [{ text: rest.slice(1), keptBy }];
      if (rest.startsWith('=>')) {
        const [, cpu, from, to] = /^=>(\d) (\w) (\w)$/.exec(rest)!;
        const name = (letter: string) => TASKS[letter].join('-');
        return printSwitch(Number(cpu), name(from), name(to)).map((text) => ({ text, keptBy }));
      }
      const m = /^(?:([ABI])(\d) ?)?(\S*)\|(.*)$/.exec(rest);
      if (m === null || keptBy === undefined) throw new Error(`not of this test's form: ${line}`);
      const [, letter = 'A', cpu = '0', flags, body] = m;
      const [comm, tid] = TASKS[letter];
      const columns = { ...DEFAULT_COLUMNS, flags: flags === '' ? 0 : 5 } as const;
      return [
        {
          text: printLine({ cpu: Number(cpu), comm, tid, flags, depth: 0, body }, columns),
          keptBy,
        },
      ];
    });
}

function strip(text: string, policy: Policy) {
  const judge = new RegionJudge(policy);
  const sink = new StripSink();
  const { out } = drive(Buffer.from(text, 'latin1'), judge, sink);
  return { out: out.toString('latin1'), judge, tally: sink.tally };
}

interface Options {
  readonly tids?: readonly number[];
  readonly unknown?: Policy['unknown'];
  readonly unattributed?: number;
  readonly resynchronised?: number;
  readonly todo?: string;
}

/** Strips a marked trace under each softirq policy and compares with the marks. */
function check(what: string, trace: string, options: Options = {}): void {
  const { tids, unknown = 'drop', unattributed = 0, resynchronised = 0, todo = false } = options;
  t.test(what, { todo }, (t) => {
    const lines = read(trace);
    const text = lines.map((line) => `${line.text}\n`).join('');
    for (const softirq of ['drop', 'keep-own', 'keep'] as const) {
      const policy = { softirq, unknown, tids: tids && new Set(tids) };
      const { out, judge, tally } = strip(text, policy);
      const want = lines.filter(({ keptBy }) => keptBy.includes(softirq)).map((line) => line.text);
      t.same(out.split('\n').slice(0, -1), want, `--softirq ${softirq}`);
      t.equal(judge.unattributed, unattributed, 'lines without a context');
      t.equal(judge.resynchronised, resynchronised, 'regions without their return');
      t.equal(tally.unparsed, 0, 'all of it is trace text');
    }
    t.end();
  });
}

const LEGACY = `do_IRQ smp_apic_timer_interrupt smp_reschedule_interrupt smp_call_function_interrupt
  smp_call_function_single_interrupt smp_irq_work_interrupt smp_x86_platform_ipi
  smp_error_interrupt smp_spurious_interrupt smp_thermal_interrupt smp_threshold_interrupt
  smp_reboot_interrupt smp_kvm_posted_intr_ipi smp_kvm_posted_intr_wakeup_ipi handle_IPI`.split(
  /\s+/,
);

for (const root of LEGACY) {
  check(
    `${root}() {: up to its return`,
    `
    +|sys_read() {
    +|  fget();
    -|  ${root}() {
    -|    irq_enter() {
    -|      rcu_irq_enter();
    -|    }
    -|    hrtimer_interrupt() {
    -|      ktime_get();
    -|    }
    -|    irq_exit();
    -|  }
    +|  fput();
    +|}`,
  );
  check(
    `${root}(); a leaf covers itself and not its sibling`,
    `
    +|sys_read() {
    -|  ${root}();
    +|  vfs_read() {
    +|    rw_verify_area();
    +|  }
    -|  ${root}();
    -|  ${root}();
    +|  fput();
    +|}`,
  );
}

check(
  'the softirqs at the end of a legacy interrupt',
  `
  +|sys_read() {
  -|  smp_apic_timer_interrupt() {
  -|    irq_enter();
  -|    hrtimer_interrupt();
  -|    irq_exit() {
  f|      __do_softirq() {
  f|        run_timer_softirq();
  f|      }
  -|      idle_cpu();
  -|    }
  -|  }
  +|  fput();
  +|}`,
);

// The frame of an interrupt in a recording of Linux 6.12 on arm64.
const ARM64: readonly (readonly [sign: string, flags: string, body: string])[] = [
  ['+', '.....', 'link_path_walk.part.0.constprop.0() {'],
  ['-', 'd....', '  irq_enter_rcu();'],
  ['-', 'd.h..', '  do_interrupt_handler() {'],
  ['-', 'd.h..', '    gic_handle_irq() {'],
  ['-', 'd.h..', '      generic_handle_domain_irq() {'],
  ['-', 'd.h..', '        arch_timer_handler_virt();'],
  ['-', 'd.h..', '        gic_eoi_irq();'],
  ['-', 'd.h..', '      } /* generic_handle_domain_irq */'],
  ['-', 'd.h..', '    } /* gic_handle_irq */'],
  ['-', 'd.h..', '  } /* do_interrupt_handler */'],
  ['-', 'd.h..', '  irq_exit_rcu() {'],
  ['f', 'd....', '    do_softirq_own_stack() {'],
  ['f', 'd....', '      ____do_softirq() {'],
  ['f', 'd....', '        __do_softirq() {'],
  ['f', 'd....', '          handle_softirqs() {'],
  ['f', '..s..', '            sched_balance_softirq() {'],
  ['f', 'd.s..', '              update_rq_clock();'],
  ['f', '..s..', '            } /* sched_balance_softirq */'],
  ['f', 'd....', '          } /* handle_softirqs */'],
  ['f', 'd....', '        } /* __do_softirq */'],
  ['f', 'd....', '      } /* ____do_softirq */'],
  ['f', 'd....', '    } /* do_softirq_own_stack */'],
  ['-', 'd....', '    idle_cpu();'],
  ['-', 'd....', '  } /* irq_exit_rcu */'],
  ['+', '.....', '  inode_permission();'],
  ['+', '.....', '} /* link_path_walk.part.0.constprop.0 */'],
];
for (const withFlags of [true, false]) {
  const lines = ARM64.map(
    ([sign, flags, body]) => `${sign}A0${withFlags ? ` ${flags}` : ''}|${body}`,
  );
  check(`an interrupt of arm64, ${withFlags ? 'by its flags' : 'by its roots'}`, lines.join('\n'));
}

for (const name of [
  'generic_smp_call_function_single_interrupt',
  'generic_smp_call_function_interrupt',
  'smp_call_function_single_interruptx',
  'xsmp_irq_work_interrupt',
  'smp_call_function_single',
  'do_IRQ2',
  'do_softirq_x',
  'irq_enter_rcu_x',
  'irq_exit_rcux',
  'nmi_handler',
  'gic_handle_irq_x',
  '__sysvec_apic_timer_interrupt_x',
  'irq_entering',
  'do_nmi_x',
  'idle_cpus',
  'do_user_addr_fault',
  'handle_mm_fault',
]) {
  check(
    `${name} is no root`,
    `
    +|sys_read() {
    +|  ${name}() {
    +|    fget();
    +|  }
    +|  ${name}();
    +|  fput();
    +|}`,
  );
}

for (const name of [
  'nmi_handle.part.0',
  'smp_apic_timer_interrupt.isra.0',
  'smp_reschedule_interrupt.constprop.12',
  'do_IRQ.cold',
  'do_IRQ.part.0.isra.1',
  'gic_handle_irq.constprop.0.isra.0.cold',
]) {
  check(
    `${name} is its root`,
    `
    +|sys_read() {
    -|  ${name}() {
    -|    perf_event_nmi_handler();
    -|  }
    -|  ${name}();
    +|  fput();
    +|}`,
  );
}

check(
  'nmi_handle.llvm.4711 is its root, in a kernel built by clang with LTO',
  `
  +|sys_read() {
  -|  nmi_handle.llvm.4711() {
  -|    perf_event_nmi_handler();
  -|  }
  +|  fput();
  +|}`,
);

const VECTORS = `__sysvec_apic_timer_interrupt __sysvec_irq_work __sysvec_call_function
  __sysvec_call_function_single __sysvec_kvm_asyncpf_interrupt __sysvec_thermal
  __sysvec_hyperv_stimer0 __common_interrupt`.split(/\s+/);

for (const vector of VECTORS) {
  check(
    `5.8 and later: irq_enter_rcu, ${vector}, irq_exit_rcu`,
    `
    +|ksys_read() {
    +|  fget();
    -|  irq_enter_rcu();
    -|  ${vector}() {
    -|    hrtimer_interrupt() {
    -|      ktime_get();
    -|    }
    -|  }
    -|  irq_exit_rcu() {
    -|    idle_cpu();
    -|    tick_nohz_irq_exit();
    -|  }
    +|  fput();
    -|  irq_enter_rcu() {
    -|    irqtime_account_irq();
    -|  }
    -|  ${vector}();
    -|  irq_exit_rcu();
    +|  vfs_read() {
    +|    rw_verify_area();
    +|  }
    +|}`,
  );
}

check(
  'an inlined handler shows as what it calls, once an exit has been seen',
  `
  +|ksys_read() {
  -|  irq_enter_rcu();
  -|  __common_interrupt();
  -|  irq_exit_rcu();
  +|  fget();
  -|  irq_enter_rcu();
  -|  hrtimer_interrupt() {
  -|    ktime_get();
  -|  }
  -|  read_hpet();
  -|  irq_exit_rcu() {
  -|    idle_cpu();
  -|  }
  +|  fput();
  +|  vfs_read() {
  +|    rw_verify_area();
  +|  }
  +|}`,
);

check(
  'interrupts of a task that runs nothing traced: outermost triples',
  `
  +|ksys_read();
  -|irq_enter_rcu();
  -|__sysvec_apic_timer_interrupt() {
  -|  hrtimer_interrupt();
  -|}
  -|irq_exit_rcu() {
  -|  idle_cpu();
  -|}
  +|ksys_write();`,
);

check(
  'an event inside an interrupt goes with it, one of the task stays',
  `
  +|ksys_read() {
  +|  /* sys_enter: NR 0 (3, 7ffe, 10, 0, 0, 0) */
  -|  irq_enter_rcu();
  -|  __sysvec_apic_timer_interrupt() {
  -|    /* local_timer_entry: vector=236 */
  -|    hrtimer_interrupt() {
  -|      /* hrtimer_expire_entry: hrtimer=00000000 now=1 */
  -|    }
  -|  }
  -|  irq_exit_rcu();
  +|  fput();
  +|  /* sys_exit: NR 0 = 16 */
  +|}`,
);

check(
  'a module function is a name like others',
  `
  +|ksys_ioctl() {
  +|  kvm_vcpu_ioctl [kvm]() {
  -|    irq_enter_rcu();
  -|    __common_interrupt() {
  -|      e1000_intr [e1000]();
  -|    }
  -|    irq_exit_rcu();
  +|    svm_vcpu_run [kvm_amd]();
  +|  } /* kvm_vcpu_ioctl [kvm] */
  +|}`,
);

// nofuncgraph-irqs: nothing is recorded while in hardirq context, so irq_exit_rcu is missing and what it
// calls afterwards seems to be called by whatever was interrupted.

check(
  'a lone irq_enter_rcu covers itself: real work behind it stays',
  `
  +|do_syscall() {
  -|  irq_enter_rcu();
  +|  x64_sys_call() {
  +|    __x64_sys_read() {
  -|      irq_enter_rcu();
  +|      ksys_read() {
  +|        fget();
  +|      }
  +|    }
  -|    irq_enter_rcu();
  +|  }
  -|  irq_enter_rcu();
  -|  irq_enter_rcu();
  +|  fput();
  +|}
  -|irq_enter_rcu();
  +|syscall_exit_work();`,
);

check(
  'the tails of a missing irq_exit_rcu',
  `
  +|ksys_read() {
  -|  irq_enter_rcu();
  -|  idle_cpu();
  +|  fget();
  -|  irq_enter_rcu();
  -|  __kthread_should_park();
  f|  handle_softirqs() {
  f|    net_rx_action() {
  f|      napi_poll();
  f|    }
  f|  }
  -|  idle_cpu();
  -|  tick_nohz_irq_exit() {
  -|    tick_nohz_restart();
  -|  }
  +|  fput();
  +|  idle_cpu();
  +|}`,
);

check(
  "idle_cpu as a task's own call",
  `
  +|try_to_wake_up() {
  +|  idle_cpu();
  +|  available_idle_cpu() {
  +|    idle_cpu();
  +|  }
  -|  irq_enter_rcu();
  -|  __sysvec_irq_work();
  -|  irq_exit_rcu() {
  -|    idle_cpu();
  -|  }
  +|  idle_cpu();
  -|  irq_enter_rcu();
  -|  __sysvec_irq_work();
  -|  irq_exit_rcu();
  +|  select_idle_sibling() {
  +|    idle_cpu();
  +|  }
  +|}`,
);

check(
  'arm64: the triple',
  `
  +|__arm64_sys_read() {
  -|  irq_enter_rcu();
  -|  do_interrupt_handler() {
  -|    gic_handle_irq() {
  -|      __gic_handle_irq_from_irqson.isra.0() {
  -|        generic_handle_domain_irq() {
  -|          handle_percpu_devid_irq();
  -|        }
  -|      }
  -|    }
  -|  }
  -|  irq_exit_rcu() {
  -|    idle_cpu();
  -|  }
  +|  ksys_read();
  +|}`,
);

check(
  'arm64 before 5.16: gic_handle_irq is the whole interrupt',
  `
  +|__arm64_sys_read() {
  -|  gic_handle_irq() {
  -|    __handle_domain_irq() {
  -|      irq_enter();
  -|      generic_handle_irq();
  -|      irq_exit();
  -|    }
  -|  }
  +|  ksys_read();
  +|}`,
);

check(
  'NMI',
  `
  +|ksys_read() {
  -|  nmi_handle() {
  -|    perf_event_nmi_handler() {
  -|      intel_pmu_handle_irq();
  -|    }
  -|  }
  +|  fget();
  -|  nmi_handle();
  +|  fput();
  -|  irq_enter_rcu();
  -|  __sysvec_apic_timer_interrupt() {
  -|    nmi_handle() {
  -|      perf_event_nmi_handler();
  -|    }
  -|    ktime_get();
  -|  }
  -|  irq_exit_rcu();
  +|}`,
);

check(
  'NMI before 5.8',
  `
  +|sys_read() {
  -|  do_nmi() {
  -|    nmi_handle();
  -|  }
  +|  fput();
  +|}`,
);

for (const vector of ['fred_sysvec_apic_timer_interrupt', 'fred_sysvec_irq_work']) {
  check(
    `FRED: ${vector}`,
    `
    +|ksys_read() {
    -|  ${vector}() {
    -|    irq_enter_rcu();
    -|    __sysvec_apic_timer_interrupt() {
    -|      hrtimer_interrupt();
    -|    }
    -|    irq_exit_rcu();
    -|  }
    -|  fred_sysvec_reschedule_ipi();
    +|  fput();
    +|}`,
  );
}

// Softirqs.

for (const softirq of ['__do_softirq', 'handle_softirqs']) {
  check(
    `own: ${softirq} below the task's __local_bh_enable_ip, with a hardirq nested in it`,
    `
    +|tcp_sendmsg() {
    +|  __local_bh_enable_ip() {
    +|    do_softirq.part.0() {
    +|      ${softirq}() {
    o|        net_rx_action() {
    o|          tcp_v4_rcv();
    -|          irq_enter_rcu();
    -|          __sysvec_apic_timer_interrupt() {
    -|            hrtimer_interrupt();
    -|          }
    -|          irq_exit_rcu();
    o|          napi_consume_skb();
    o|        }
    o|        rcu_core();
    +|      }
    +|    }
    +|  }
    +|  release_sock();
    +|}`,
  );
  check(
    `foreign: ${softirq} in irq_exit_rcu, with a hardirq nested in it`,
    `
    +|ksys_read() {
    -|  irq_enter_rcu();
    -|  __sysvec_apic_timer_interrupt();
    -|  irq_exit_rcu() {
    f|    ${softirq}() {
    f|      run_timer_softirq() {
    -|        irq_enter_rcu();
    -|        __common_interrupt();
    -|        irq_exit_rcu();
    f|        call_timer_fn();
    f|      }
    f|    }
    -|    idle_cpu();
    -|  }
    +|  fput();
    +|}`,
  );
}

check(
  'own: __do_softirq calls handle_softirqs',
  `
  +|tcp_sendmsg() {
  +|  __local_bh_enable_ip() {
  +|    do_softirq.part.0() {
  +|      __do_softirq() {
  +|        handle_softirqs() {
  o|          net_rx_action();
  +|        }
  +|      }
  +|    }
  +|  }
  +|}`,
);

check(
  'own: on the softirq stack',
  `
  +|tcp_sendmsg() {
  +|  do_softirq() {
  +|    do_softirq_own_stack() {
  +|      __do_softirq() {
  o|        net_rx_action();
  +|      }
  +|    }
  +|  }
  +|  release_sock();
  +|}`,
);

check(
  'foreign: ksoftirqd',
  `
  +|run_ksoftirqd() {
  +|  handle_softirqs() {
  f|    net_rx_action() {
  f|      napi_poll();
  f|    }
  +|  }
  +|  cond_resched();
  +|}`,
);

check(
  'softirqs that find nothing to do',
  `
  +|tcp_sendmsg() {
  +|  __local_bh_enable_ip();
  +|  __local_bh_enable_ip() {
  +|    do_softirq.part.0();
  +|  }
  +|  release_sock() {
  +|    fget();
  +|  }
  +|}`,
);

// Flags: the kernel's own word, and rules for the lines that flags leave open.

check(
  'flags: a hardirq with its entry and exit',
  `
  +.....|ksys_read() {
  +...1.|  fget();
  -d..1.|  irq_enter_rcu();
  -d.h1.|  __sysvec_apic_timer_interrupt() {
  -d.h1.|    hrtimer_interrupt() {
  -d.h2.|      ktime_get();
  -d.h1.|    }
  -d.h1.|  }
  -d.h1.|  irq_exit_rcu() {
  -d..1.|    idle_cpu();
  -d..1.|    tick_nohz_irq_exit() {
  -d..1.|      ktime_get();
  -d..1.|    }
  -d..1.|  }
  +.....|  fput();
  +.....|}`,
);

check(
  'flags: inlined handlers, and names that are no root, need no rule',
  `
  +.....|ksys_read() {
  -d..1.|  irq_enter_rcu();
  -d.h1.|  hrtimer_interrupt();
  -d.h1.|  irq_exit_rcu();
  +.....|  fput();
  -d.h1.|  anything() {
  -d.h1.|    below();
  -d.h1.|  }
  -dNh1.|  anything();
  +.....|  fput();
  +.....|}`,
);

check(
  'flags: NMI in a task, NMI in a hardirq, hardirq in a softirq',
  `
  +.....|ksys_read() {
  -d.z1.|  nmi_handle() {
  -d.z1.|    perf_event_nmi_handler();
  -d.z1.|  }
  -d.Z2.|  perf_ibs_nmi_handler();
  -d.H1.|  __common_interrupt();
  f..s1.|  net_rx_action() {
  -d.H1.|    handle_edge_irq();
  f..s1.|  }
  +.....|}`,
);

check(
  'flags: own softirqs, a hardirq nested in them',
  `
  +.....|tcp_sendmsg() {
  +.....|  __local_bh_enable_ip() {
  +...1.|    do_softirq.part.0() {
  +d....|      handle_softirqs() {
  o..s1.|        net_rx_action() {
  o..s1.|          tcp_v4_rcv();
  -d.s2.|          irq_enter_rcu();
  -d.H2.|          __sysvec_apic_timer_interrupt() {
  -d.H2.|            hrtimer_interrupt();
  -d.H2.|          }
  -d.H2.|          irq_exit_rcu() {
  -d.s2.|            idle_cpu();
  -d.s2.|          }
  o..s1.|          napi_consume_skb();
  o..s1.|        }
  +d....|      }
  +d....|    }
  +.....|  }
  +.....|}`,
);

check(
  'flags: softirqs at the end of an interrupt',
  `
  +.....|ksys_read() {
  -d..1.|  irq_enter_rcu();
  -d.h1.|  __common_interrupt();
  -d.h1.|  irq_exit_rcu() {
  fd....|    handle_softirqs() {
  f..s1.|      net_rx_action() {
  f..s1.|        tcp_v4_rcv();
  f..s1.|      }
  fd....|    }
  -d....|    idle_cpu();
  -d....|  }
  +.....|  fput();
  +.....|}`,
);

check(
  'flags: softirqs off is no softirq',
  `
  +.....|tcp_sendmsg() {
  +b..1.|  lock_sock_nested() {
  +b..1.|    _raw_spin_lock_bh();
  +.....|  }
  +D..2.|  _raw_spin_lock_irqsave();
  +.....|}`,
);

check(
  'flags: no irq_exit_rcu in the trace',
  `
  +.....|ksys_read() {
  -d..1.|  irq_enter_rcu();
  -d..1.|  idle_cpu();
  +.....|  fget();
  -d..1.|  irq_enter_rcu();
  +.....|  vfs_read() {
  +.....|    idle_cpu();
  +.....|  }
  -d..1.|  irq_enter_rcu();
  -d..1.|  __kthread_should_park();
  fd..1.|  handle_softirqs() {
  f..s1.|    net_rx_action();
  fd..1.|  }
  +.....|  idle_cpu_of_its_own();
  +.....|}`,
);

check(
  "flags: idle_cpu as a task's own call",
  `
  +.....|try_to_wake_up() {
  +d..2.|  idle_cpu();
  -d..2.|  irq_enter_rcu();
  -d.h2.|  __sysvec_irq_work();
  -d.h2.|  irq_exit_rcu();
  +d..2.|  idle_cpu();
  +.....|}`,
);

check(
  'flags need no start: the context of the first line is known',
  `
  -d.h1.|      ktime_get();
  -d.h1.|    }
  +.....|      fput();
  +.....|    }
  f..s1.|  net_rx_action();
  +.....|  }`,
);

check(
  'flags: the returns of calls whose entry was lost go by their own flag',
  `
  +.....|ksys_read() {
  -"CPU:0 [LOST 12 EVENTS]
  -d.h1.|      } /* hrtimer_interrupt */
  -d.h1.|    } /* __sysvec_apic_timer_interrupt */
  +.....|  } /* vfs_read */
  +.....|}`,
);

// Tasks and CPUs.

check(
  'a task that moves to another CPU, in the middle of a call',
  `
  +A0|ksys_read() {
  +I1|do_idle();
  +A0|  schedule() {
  +A0|    dequeue_task();
  -=>0 A B
  +B0|ksys_write() {
  -=>1 I A
  +A1|    finish_task_switch();
  -A1|    irq_enter_rcu();
  -A1|    __sysvec_irq_work() {
  +B0|  fget();
  -A1|      irq_work_run();
  -A1|    }
  -A1|    irq_exit_rcu();
  +A1|  }
  +B0|}
  +A1|}`,
);

check(
  'interleaved CPUs: an interrupt on one is none on the other',
  `
  +A0|ksys_read() {
  +B1|ksys_write() {
  -A0|  irq_enter_rcu();
  +B1|  vfs_write() {
  -A0|  __sysvec_apic_timer_interrupt() {
  +B1|    rw_verify_area();
  -B1|    irq_enter_rcu();
  -A0|    hrtimer_interrupt();
  -B1|    __common_interrupt() {
  -A0|  }
  -A0|  irq_exit_rcu();
  -B1|      handle_edge_irq();
  +A0|  fput();
  -B1|    }
  -B1|    irq_exit_rcu();
  +B1|  }
  +A0|}
  +B1|}`,
);

check(
  'a region does not survive its task: interrupts end before another task runs',
  `
  +A0|ksys_read() {
  -A0|  irq_enter_rcu();
  -A0|  __sysvec_apic_timer_interrupt() {
  -=>0 A B
  +B0|      fput();
  +B0|    }
  -=>0 B A
  +A0|  fput();
  +A0|}`,
);

check(
  '--tids: numbers are compared as numbers',
  `
  -A0|ksys_read() {
  +B1|ksys_write() {
  -A0|  irq_enter_rcu();
  -A0|  fput();
  -B1|  irq_enter_rcu();
  -B1|  __sysvec_irq_work();
  -B1|  irq_exit_rcu();
  -" 2)   node-2550    | ksys_read();
  -" 2)    node-25     | ksys_read();
  -=>1 B I
  -I1|do_idle();
  -=>1 I B
  +B1|}`,
  { tids: [255] },
);

check(
  'without a task column, switches tell whose lines follow',
  `
  -" 0) ksys_read() {
  -" 0)   fget();
  -=>0 A B
  +" 0) ksys_write() {
  -" 0)   irq_enter_rcu();
  -" 0)   __sysvec_irq_work() {
  -" 0)     irq_work_run();
  -" 0)   }
  -" 0)   irq_exit_rcu();
  +" 0)   vfs_write();
  -" 1) ksys_read();
  +" 0) }
  -=>1 I A
  -" 1) ksys_read();
  +" 0) ksys_write();
  -=>0 B A
  -" 0) fput();
  -=>1 A B
  -" 0) fput();
  +" 1) fput();`,
  { tids: [255], unattributed: 3 },
);

check(
  'without a task column, all tasks',
  `
  +" 0) ksys_read() {
  -" 0)   irq_enter_rcu();
  -" 0)   __sysvec_irq_work() {
  +" 1) ksys_write() {
  -" 0)     irq_work_run();
  -=>0 A B
  +" 0)     fput();
  +" 1)   vfs_write();
  +" 1) }`,
);

check(
  'without a CPU column, interleaved tasks are told apart by task',
  `
  +"   node-218    | ksys_read() {
  -"   node-218    |   irq_enter_rcu();
  -"   node-218    |   __sysvec_irq_work() {
  +"   node-255    | ksys_write() {
  +"   node-255    |   vfs_write() {
  -"   node-218    |     irq_work_run();
  +"   node-255    |     rw_verify_area();
  -"   node-218    |   }
  -"   node-218    |   irq_exit_rcu();
  +"   node-255    |   }
  +"   node-218    |   fput();
  +"   node-218    | }
  +"   node-255    | }`,
);

check(
  'without a CPU column, lost events leave the context of every task unknown',
  `
  +"   node-218    | ksys_read() {
  -"   node-218    |   irq_enter_rcu();
  -"   node-218    |   __sysvec_irq_work() {
  -"CPU:0 [LOST 100 EVENTS]
  -"   node-218    |       fput();
  -"   node-218    |     }
  -"   node-218    | }
  +"   node-218    | ksys_write();`,
  {
    unattributed: 3,
  },
);

// What cannot be known, and finding the way again.

const MIDDLE = (sign: string) => `
  ${sign}|      ktime_get();
  ${sign}|    }
  ${sign}|    handle_something() {
  ${sign}|    }
  ${sign}|  }
  ${sign}|} /* whatever */
  +|ksys_read() {
  +|  fget();
  +|}`;

check('the start of a trace, in the middle of calls', MIDDLE('-'), { unattributed: 6 });
check('the same with --unknown keep', MIDDLE('+'), { unattributed: 6, unknown: 'keep' });

check(
  'the start of a trace, in the middle of an interrupt: its roots are known all the same',
  `
  -|      ktime_get();
  -|    }
  -|  }
  -|  irq_exit_rcu() {
  -|    idle_cpu();
  -|  }
  -|  smp_apic_timer_interrupt() {
  -|    ktime_get();
  -|  }
  -|  fput();
  -|}
  +|ksys_write();`,
  { unattributed: 5 },
);

check(
  'a task switch tells the context',
  `
  -A0|    fput();
  -=>0 A B
  +B0|    fput();
  +B0|  }
  -=>0 B A
  +A0|    fput();`,
  { unattributed: 1 },
);

check(
  'lost events in the middle of a handler',
  `
  +|ksys_read() {
  -|  irq_enter_rcu();
  -|  __sysvec_apic_timer_interrupt() {
  -|    hrtimer_interrupt() {
  -"CPU:0 [LOST 10 EVENTS]
  -|      ktime_get();
  -|    }
  -|  fput();
  -|}
  +|ksys_write() {
  +|  fput();
  +|}`,
  { unattributed: 4 },
);

check(
  'lost events on another CPU change nothing',
  `
  +A0|ksys_read() {
  -A0|  irq_enter_rcu();
  -A0|  __sysvec_apic_timer_interrupt() {
  -"CPU:1 [LOST EVENTS]
  -A0|    hrtimer_interrupt();
  -A0|  }
  -A0|  irq_exit_rcu();
  +A0|  fput();
  +A0|}`,
);

check(
  'a region whose return is missing, left by a shallower line',
  `
  +|ksys_read() {
  +|  vfs_read() {
  -|    irq_enter_rcu();
  -|    __sysvec_apic_timer_interrupt() {
  -|      hrtimer_interrupt();
  +|  }
  +|  fput();
  +|}`,
  { resynchronised: 1 },
);

check(
  'a region whose return is missing, left by a sibling',
  `
  +|sys_read() {
  -|  smp_apic_timer_interrupt() {
  -|    hrtimer_interrupt();
  +|  fget();
  -|  smp_apic_timer_interrupt() {
  -|    hrtimer_interrupt();
  -|  smp_reschedule_interrupt() {
  -|    scheduler_ipi();
  -|  }
  +|  fput();
  +|}`,
  { resynchronised: 2 },
);

check(
  'a missing irq_exit_rcu where others were seen: shallower lines end the interrupt',
  `
  +|ksys_read() {
  +|  vfs_read() {
  -|    irq_enter_rcu();
  -|    __common_interrupt();
  -|    irq_exit_rcu();
  +|    fget();
  -|    irq_enter_rcu();
  -|    __common_interrupt();
  +|  }
  +|  fput();
  +|}`,
);

check(
  'depths beyond those of any kernel',
  `
  +|ksys_read() {
  +|${'  '.repeat(300)}deep() {
  -|${'  '.repeat(301)}smp_apic_timer_interrupt() {
  -|${'  '.repeat(302)}deeper();
  -|${'  '.repeat(301)}}
  +|${'  '.repeat(301)}fput();
  +|${'  '.repeat(300)}}
  +|}`,
);

// The function tracer: no depth, so flags and callers decide.

const call = (flags: string, text: string) =>
  `"            node-218   [000] ${flags} 17284.993652: ${text}`;

check(
  'function tracer: flags, and the caller where they leave it open',
  `
  +${call('.....', 'vfs_read <-ksys_read')}
  -${call('d..1.', 'irq_enter_rcu <-sysvec_apic_timer_interrupt')}
  -${call('d.h1.', '__sysvec_apic_timer_interrupt <-sysvec_apic_timer_interrupt')}
  -${call('d.h1.', 'hrtimer_interrupt <-__sysvec_apic_timer_interrupt')}
  -${call('d.h1.', 'irq_exit_rcu <-sysvec_apic_timer_interrupt')}
  -${call('d..1.', 'idle_cpu <-irq_exit_rcu')}
  -${call('d..1.', 'tick_irq_enter <-irq_enter_rcu')}
  +${call('d..1.', 'idle_cpu <-available_idle_cpu')}
  f${call('..s1.', 'net_rx_action <-handle_softirqs')}
  -${call('d.H2.', 'handle_edge_irq <-__common_interrupt')}
  -${call('d.z1.', 'perf_event_nmi_handler <-nmi_handle')}
  -${call('d.Z1.', 'perf_event_nmi_handler <-nmi_handle')}
  +${call('.....', 'fput <-ksys_read')}`,
);

check(
  'function tracer without flags: nothing tells the context',
  `
  -"            node-218   [000] 17284.993652: vfs_read <-ksys_read
  -"            node-218   [000] 17284.993653: hrtimer_interrupt <-__sysvec_apic_timer_interrupt`,
  { unattributed: 2 },
);

check(
  'function tracer: --tids',
  `
  -${call('.....', 'vfs_read <-ksys_read')}
  +"            node-255   [000] ..... 17284.993652: vfs_read <-ksys_read
  -"            node-2550  [000] ..... 17284.993652: vfs_read <-ksys_read`,
  { tids: [255] },
);

t.test('no flags, no roots: nothing is dropped that was not asked for', (t) => {
  const lines = Array.from({ length: 2_000 }, (_, i) => ` 0)    node-218    | f${i % 97}();\n`);
  const { out } = strip(lines.join(''), { softirq: 'drop', unknown: 'drop', tids: undefined });
  t.equal(out, lines.join(''));
  t.end();
});
