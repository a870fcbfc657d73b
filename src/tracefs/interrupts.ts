import { existsSync } from 'node:fs';
import { ROOTS, type Role } from '../context/roots.js';
import { readControl } from './control.js';
import { type Settings, textToRestore } from './settings.js';

/** Roots of which nothing, down to the last call, is a task's own work. */
const FOREIGN: readonly Role[] = ['enter', 'exit', 'handler', 'interrupt', 'nmi'];

/** What softirqs do, by the kernel's softirq_vec: nothing else calls these, and all in them is flagged so. */
const SOFTIRQ_ACTIONS = `tasklet_hi_action run_timer_softirq net_tx_action net_rx_action
  blk_done_softirq irq_poll_softirq tasklet_action run_rebalance_domains sched_balance_softirq
  hrtimer_run_softirq rcu_core_si`.split(/\s+/);

/**
 * Has function_graph leave out whole interrupts, each with all that it calls, by the functions they begin
 * with. What a task does itself is recorded as ever, also if its functions run in interrupts, too.
 */
export function hideInterrupts(tracefs: string, settings: Settings): void {
  const path = `${tracefs}/set_graph_notrace`;
  if (!existsSync(path)) return;
  const roots = ROOTS.filter(({ role }) => FOREIGN.includes(role)).map(({ name }) => name);
  const traceable = new Set(readControl(`${tracefs}/available_filter_functions`).split('\n'));
  const names = [...roots, ...SOFTIRQ_ACTIONS]
    .filter((name) => traceable.has(name))
    // The kernel goes through all its functions for each word.
    .map((name) => name.replace(/^(__|fred_)sysvec_.*/, '$1sysvec_*'));
  const before = textToRestore(path, readControl(path));
  settings.set(path, [before, ...new Set(names)].join(' ').trim());
}
