import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import t from 'tap';
import { join, wantedKeys } from '../../src/complexity/join.js';
import { possible } from '../../src/complexity/source.js';
import { tableReader } from '../../src/complexity/table.js';

/**
 * Sixty functions whose file, line and score were found by hand, on 2026-11-24, in the source of Debian's
 * 6.1.192-2, without anything of this repository that reads C.
 *
 * The names: all 1,785 that `uniq-funcs --strip --csv` lists of the recordings of 6.1, by code unit, in
 * four kinds: with a compiler's suffix (42), system calls (39), names of which plain GNU complexity has
 * more than one row in all of the source (124), and the others (1,580). Of the others 30 were drawn, of
 * each kind else 10, in the order of the groups below and without putting back, by the minimal standard
 * generator from the state 61: state = state * 48271 mod (2^31 - 1), the state mod the number of names
 * that are left is the next one's place.
 *
 * The file, and the line of the name: those of the debug information of linux-image-6.1.0-56-cloud-amd64
 * (addr2line of the function's address), for modules those of the only definition that grep finds. For
 * a system call it is the line of SYSCALL_DEFINE, for bpf_lsm_* that of LSM_HOOK.
 *
 * The score: the lines from the definition's `{` in the first column to the next `}` there, below a head
 * `int cutout(void)`, in a file of their own, by `complexity -t 0 -c`, GNU complexity 1.13. Of bpf_lsm_*
 * it is that of `{ return DEFAULT; }`, the body in kernel/bpf/bpf_lsm.c.
 */
type Checked = readonly [name: string, caller: string, file: string, line: number, score: number];

const CHECKED: Readonly<Record<string, readonly Checked[]>> = {
  'plain names': [
    ['PageHuge', 'page_remove_rmap', 'mm/hugetlb.c', 2104, 1],
    ['__alloc_skb', 'tcp_stream_alloc_skb', 'net/core/skbuff.c', 486, 3],
    ['__mnt_want_write', '__mnt_want_write_file', 'fs/namespace.c', 343, 2],
    ['__skb_ext_alloc', 'skb_ext_add', 'net/core/skbuff.c', 6523, 1],
    ['_get_random_bytes', 'get_random_u32', 'drivers/char/random.c', 356, 3],
    ['balance_dirty_pages_ratelimited', 'fault_dirty_shared_page', 'mm/page-writeback.c', 1972, 0],
    [
      'bpf_lsm_current_getsecid_subj',
      'security_current_getsecid_subj',
      'include/linux/lsm_hook_defs.h',
      211,
      0,
    ],
    ['bpf_lsm_file_alloc_security', 'security_file_alloc', 'include/linux/lsm_hook_defs.h', 164, 0],
    ['br_handle_frame_finish', 'br_nf_hook_thresh', 'net/bridge/br_input.c', 76, 11],
    ['br_handle_vlan', '__br_forward', 'net/bridge/br_vlan.c', 473, 3],
    ['cgroup_release', 'release_task', 'kernel/cgroup/cgroup.c', 6774, 1],
    ['check_preempt_wakeup', 'check_preempt_curr', 'kernel/sched/fair.c', 7663, 4],
    ['child_wait_callback', '__wake_up_common', 'kernel/exit.c', 1529, 1],
    ['clear_posix_cputimers_work', 'copy_process', 'kernel/time/posix-cpu-timers.c', 1257, 1],
    ['collect_signal', 'dequeue_signal', 'kernel/signal.c', 573, 3],
    ['dequeue_entity', 'dequeue_task_fair', 'kernel/sched/fair.c', 4846, 2],
    ['exit_shm', 'do_exit', 'ipc/shm.c', 444, 5],
    ['follow_trans_huge_pmd', 'follow_page_mask', 'mm/huge_memory.c', 1450, 2],
    ['free_pgtables', 'unmap_region', 'mm/memory.c', 396, 4],
    ['kvm_apic_local_deliver', 'kvm_inject_apic_timer_irqs', 'arch/x86/kvm/lapic.c', 2618, 2],
    ['kvm_can_post_timer_interrupt', '__kvm_migrate_apic_timer', 'arch/x86/kvm/lapic.c', 151, 1],
    ['kvm_setup_guest_pvclock', 'kvm_guest_time_update', 'arch/x86/kvm/x86.c', 3069, 2],
    ['locks_free_lock_context', '__destroy_inode', 'fs/locks.c', 248, 1],
    ['mntput', '__fput', 'fs/namespace.c', 1280, 1],
    ['nf_hook_slow', 'ip_output', 'net/netfilter/core.c', 607, 5],
    ['ptrace_unfreeze_traced', '__x64_sys_ptrace', 'kernel/ptrace.c', 213, 1],
    ['skb_clone_tx_timestamp', 'veth_xmit', 'net/core/timestamping.c', 22, 2],
    ['terminate_walk', 'path_openat', 'fs/namei.c', 678, 2],
    ['virtqueue_notify', 'virtblk_add_req_batch', 'drivers/virtio/virtio_ring.c', 2251, 1],
    [
      'yama_ptrace_access_check',
      'security_ptrace_access_check',
      'security/yama/yama_lsm.c',
      354,
      6,
    ],
  ],
  'system calls': [
    ['__x64_sys_accept4', 'x64_sys_call', 'net/socket.c', 1970, 0],
    ['__x64_sys_brk', 'x64_sys_call', 'mm/mmap.c', 170, 6],
    ['__x64_sys_clone3', 'x64_sys_call', 'kernel/fork.c', 3061, 1],
    ['__x64_sys_epoll_pwait', 'x64_sys_call', 'fs/eventpoll.c', 2359, 1],
    ['__x64_sys_ioctl', 'x64_sys_call', 'fs/ioctl.c', 856, 1],
    ['__x64_sys_mmap', 'x64_sys_call', 'arch/x86/kernel/sys_x86_64.c', 86, 1],
    ['__x64_sys_openat', 'x64_sys_call', 'fs/open.c', 1347, 1],
    ['__x64_sys_read', 'x64_sys_call', 'fs/read_write.c', 621, 0],
    ['__x64_sys_setsockopt', 'x64_sys_call', 'net/socket.c', 2296, 0],
    ['__x64_sys_shutdown', 'x64_sys_call', 'net/socket.c', 2378, 0],
  ],
  "names with the compiler's suffixes": [
    ['__check_block_validity.constprop.0', 'ext4_map_blocks', 'fs/ext4/inode.c', 407, 1],
    [
      '__netif_receive_skb_core.constprop.0',
      '__netif_receive_skb_one_core',
      'net/core/dev.c',
      5426,
      15,
    ],
    ['can_vma_merge_before.isra.0', 'vma_merge', 'mm/mmap.c', 940, 1],
    ['do_compat_epoll_pwait.part.0', '__x64_sys_epoll_pwait', 'fs/eventpoll.c', 2389, 1],
    ['insert_vmap_area.constprop.0', 'alloc_vmap_area', 'mm/vmalloc.c', 1151, 1],
    ['ptrace_stop.part.0', 'get_signal', 'kernel/signal.c', 2224, 3],
    ['tcp_schedule_loss_probe.part.0', 'tcp_write_xmit', 'net/ipv4/tcp_output.c', 2759, 3],
    ['tcp_small_queue_check.isra.0', 'tcp_write_xmit', 'net/ipv4/tcp_output.c', 2528, 2],
    ['tun_build_skb.constprop.0', 'tun_get_user', 'drivers/net/tun.c', 1661, 6],
    ['vhost_tx_batch.constprop.0', 'handle_tx_copy', 'drivers/vhost/net.c', 473, 2],
  ],
  'names that the source defines more than once': [
    ['__bad_area_nosemaphore', 'bad_area_nosemaphore', 'arch/x86/mm/fault.c', 791, 2],
    ['__seccomp_filter', '__secure_computing', 'kernel/seccomp.c', 1189, 8],
    ['__vmalloc_node_range', '__vmalloc_node', 'mm/vmalloc.c', 3215, 6],
    ['copy_thread', 'copy_process', 'arch/x86/kernel/process.c', 139, 4],
    ['free_pcp_prepare', 'free_unref_page', 'mm/page_alloc.c', 1555, 1],
    ['get_flags', 'getreg', 'arch/x86/kernel/ptrace.c', 322, 1],
    ['pud_clear_huge', '__vunmap_range_noflush', 'arch/x86/mm/pgtable.c', 772, 1],
    ['remove_entity_load_avg', 'migrate_task_rq_fair', 'kernel/sched/fair.c', 4234, 1],
    ['shmem_get_unmapped_area', 'get_unmapped_area', 'mm/shmem.c', 2174, 6],
    ['vmalloc', 'xstateregs_set', 'mm/vmalloc.c', 3396, 1],
  ],
};

const TABLE = 'complexity/linux-6.1.txt.gz';

t.test('sixty functions checked by hand', async (t) => {
  const all = Object.values(CHECKED).flat();
  t.equal(all.length, 60);
  const names = all.map(([name]) => name);
  const callers = new Map(all.map(([name, caller]) => [name, caller]));
  const reader = tableReader(wantedKeys([...names, ...callers.values()]));
  const lines = createInterface({ input: createReadStream(TABLE).pipe(createGunzip()) });
  for await (const line of lines) reader.take(line);
  const { definitions, kernel } = reader.end();
  t.match(kernel, /^6\.1\./);
  const joined = join(names, {
    definitions,
    callers,
    choose: (found) => possible(found, ({ file }) => file, 'x86'),
  });
  const found = new Map(joined.map((row) => [row.name, row]));
  for (const [kind, checked] of Object.entries(CHECKED)) {
    for (const [name, , file, line, score] of checked) {
      t.match(found.get(name), { file, line, score, low: score, high: score }, `${kind}: ${name}`);
      t.not(found.get(name)?.match, 'ambiguous', name);
    }
  }
});
