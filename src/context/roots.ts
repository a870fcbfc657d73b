/**
 * The functions by which interrupts show in a trace. Names are compared exactly, compiler suffixes
 * (`.part.0`, `.isra.1`, `.constprop.0`, `.cold`) aside: `generic_smp_call_function_single_interrupt`
 * is not `smp_call_function_single_interrupt`.
 */

/** What a root says about the lines round it. */
export type Role =
  /** Entered before the hardirq context begins; handler and exit follow at the same depth. */
  | 'enter'
  /** Leaves the hardirq context half-way; runs pending softirqs on behalf of anybody. */
  | 'exit'
  /** The body of one interrupt, all of it in hardirq context. */
  | 'handler'
  /** The whole of one interrupt, its entry and exit code included: the flags of its lines differ. */
  | 'interrupt'
  | 'nmi'
  /** Called by irq_exit_rcu behind the hardirq context; an interrupt's only directly after one. */
  | 'tail'
  /** Runs pending softirqs; what it calls is in softirq context. */
  | 'softirq'
  /** The same since 6.10, when the softirq work moved into a function that __do_softirq calls. */
  | 'softirq-body'
  /** A task's own way into softirq processing: never called at the end of an interrupt. */
  | 'softirq-call'
  /** Changes to the softirq stack, for a task or for irq_exit. */
  | 'softirq-stack';

export interface Root {
  readonly name: string;
  readonly role: Role;
  readonly machine: 'any' | 'x86' | 'arm64';
  /** First and last kernel version that has it; '' where it is not known to begin or end. */
  readonly since: string;
  readonly until: string;
}

function rows(
  role: Role,
  machine: Root['machine'],
  since: string,
  until: string,
  names: string,
): Root[] {
  return names
    .trim()
    .split(/\s+/)
    .map((name) => ({ name, role, machine, since, until }));
}

/** Interrupt vectors of x86 that have a body of their own name since 5.8. */
const VECTORS = `apic_timer_interrupt error_interrupt spurious_apic_interrupt x86_platform_ipi
  call_function call_function_single reboot irq_work thermal threshold deferred_error
  kvm_posted_intr_wakeup_ipi`;

/** The same, called through a table of untraceable stubs under FRED too. */
const HYPERVISOR_VECTORS = `hyperv_callback hyperv_reenlightenment hyperv_stimer0 acrn_hv_callback
  xen_hvm_callback kvm_asyncpf_interrupt`;

/** Vectors whose body is inlined: they leave no trace of their own but under FRED. */
const SIMPLE_VECTORS = 'reschedule_ipi kvm_posted_intr_ipi kvm_posted_intr_nested_ipi';

function prefixed(prefix: string, names: string): string {
  return names.replace(/\S+/g, (name) => prefix + name);
}

/**
 * Checked against the sources of Linux 5.10, 6.1, 6.12 and 7.2 and, for what came before 5.8, against
 * the patches that replaced it; those of arm64 against a recording of 6.12 with the kernel's flags, too, which
 * had do_interrupt_handler with gic_handle_irq in it.
 */
export const ROOTS: readonly Root[] = [
  ...rows('enter', 'any', '5.7', '', 'irq_enter_rcu'),
  ...rows('exit', 'any', '5.7', '', 'irq_exit_rcu __irq_exit_rcu'),
  // Older handlers call these themselves, inside the roots below; alone they frame an unknown handler.
  ...rows('enter', 'any', '', '', 'irq_enter'),
  ...rows('exit', 'any', '', '', 'irq_exit'),
  ...rows('tail', 'any', '', '', 'idle_cpu tick_nohz_irq_exit'),
  ...rows('tail', 'any', '', '6.11', '__kthread_should_park'),
  ...rows('tail', 'any', '6.12', '', 'sched_core_idle_cpu'),
  ...rows('tail', 'any', '7.0', '', 'hrtimer_rearm_deferred'),
  ...rows('tail', 'any', '', '5.10', 'irqtime_account_irq'),
  ...rows('softirq', 'any', '', '', '__do_softirq'),
  ...rows('softirq-body', 'any', '6.10', '', 'handle_softirqs'),
  ...rows('softirq-call', 'any', '', '', '__local_bh_enable_ip do_softirq'),
  ...rows('softirq-call', 'any', '5.14', '', 'do_softirq_post_smp_call_flush'),
  ...rows('softirq-stack', 'any', '', '', 'do_softirq_own_stack ____do_softirq'),

  ...rows(
    'interrupt',
    'x86',
    '4.15',
    '5.7',
    `do_IRQ smp_apic_timer_interrupt smp_error_interrupt smp_spurious_interrupt
     smp_spurious_apic_interrupt smp_reschedule_interrupt smp_reboot_interrupt
     smp_call_function_interrupt smp_call_function_single_interrupt smp_irq_work_interrupt
     smp_x86_platform_ipi smp_thermal_interrupt smp_threshold_interrupt
     smp_deferred_error_interrupt smp_irq_move_cleanup_interrupt smp_kvm_posted_intr_ipi
     smp_kvm_posted_intr_wakeup_ipi smp_kvm_posted_intr_nested_ipi uv_bau_message_interrupt
     hyperv_vector_handler hyperv_reenlightenment_intr hv_stimer0_vector_handler
     acrn_hv_vector_handler`,
  ),
  ...rows('interrupt', 'x86', '4.15', '5.10', 'xen_evtchn_do_upcall'),
  ...rows('nmi', 'x86', '4.15', '5.7', 'do_nmi default_do_nmi'),
  ...rows('nmi', 'x86', '4.15', '', 'nmi_handle'),

  ...rows('handler', 'x86', '5.8', '', prefixed('__sysvec_', `${VECTORS} ${HYPERVISOR_VECTORS}`)),
  ...rows('handler', 'x86', '5.8', '6.11', '__sysvec_irq_move_cleanup'),
  ...rows('handler', 'x86', '5.8', '5.9', '__sysvec_uv_bau_message'),
  ...rows('handler', 'x86', '6.10', '', '__sysvec_posted_msi_notification'),
  ...rows('handler', 'x86', '7.0', '', '__sysvec_perf_guest_mediated_pmi_handler'),
  ...rows('handler', 'x86', '5.12', '', '__common_interrupt __spurious_interrupt'),
  ...rows('interrupt', 'x86', '6.9', '', prefixed('fred_sysvec_', `${VECTORS} ${SIMPLE_VECTORS}`)),
  ...rows(
    'interrupt',
    'x86',
    '6.9',
    '',
    'fred_sysvec_irq_move_cleanup fred_sysvec_posted_msi_notification fred_sysvec_perf_guest_mediated_pmi_handler',
  ),

  ...rows('interrupt', 'arm64', '4.15', '', 'gic_handle_irq'),
  ...rows('interrupt', 'arm64', '4.15', '5.9', 'handle_IPI'),
  ...rows('interrupt', 'arm64', '5.13', '', 'aic_handle_irq aic_handle_fiq'),
  ...rows('handler', 'arm64', '5.16', '', 'do_interrupt_handler'),
];
