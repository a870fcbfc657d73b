import t from 'tap';
import {
  ARCHES,
  archOf,
  inKernel,
  possible,
  sourceRoot,
  subsystem,
} from '../../src/complexity/source.js';

t.test('architectures', (t) => {
  for (const no of ['', 'x68', 'um', 'X86', 'x86/', '__proto__', 'constructor']) {
    t.equal(archOf(no), undefined, no);
  }
  t.equal(archOf('x86'), 'x86');
  t.equal(archOf('x86_64'), 'x86');
  t.equal(archOf('aarch64'), 'arm64');
  t.equal(archOf('all'), 'all');
  for (const arch of ARCHES) t.equal(archOf(arch), arch);
  t.end();
});

t.test('files that are no part of the kernel', (t) => {
  for (const file of [
    'tools/perf/perf.c',
    'tools/arch/x86/lib/memcpy.c',
    'scripts/kallsyms.c',
    'samples/bpf/x.c',
    'Documentation/x.c',
    'usr/gen_init_cpio.c',
    'arch/x86/boot/string.c',
    'arch/x86/boot/compressed/misc.c',
    'arch/x86/tools/relocs.c',
    'arch/x86/purgatory/purgatory.c',
    'arch/x86/um/signal.c',
    'arch/um/kernel/process.c',
    'drivers/firmware/efi/libstub/x.c',
  ]) {
    t.equal(inKernel(file, 'x86'), false, file);
    t.equal(inKernel(file, 'all'), false, file);
  }
  t.equal(inKernel('arch/arm/kernel/process.c', 'x86'), false);
  t.equal(inKernel('arch/arm64/kernel/process.c', 'arm'), false);
  t.equal(inKernel('arch/arm/kernel/process.c', 'arm'), true);
  t.equal(inKernel('arch/arm/kernel/process.c', 'all'), true);
  t.equal(inKernel('arch/x86/kernel/process.c', 'x86'), true);
  t.equal(inKernel('kernel/tools/x.c', 'x86'), true, 'only at the root');
  t.equal(inKernel('fs/open.c', 's390'), true);
  t.equal(inKernel('', 'x86'), true);
  t.end();
});

t.test('an unusual file counts only when there is no other', (t) => {
  const choose = (files: string[]) => possible(files, (file) => file, 'x86');
  t.strictSame(choose(['mm/mmap.c', 'mm/nommu.c']), ['mm/mmap.c']);
  t.strictSame(choose(['mm/nommu.c']), ['mm/nommu.c']);
  t.strictSame(choose(['mm/nommu.c', 'arch/arm/mm/mmap.c']), ['mm/nommu.c']);
  t.strictSame(choose(['mm/slab.c', 'mm/slub.c', 'mm/slob.c']), ['mm/slab.c', 'mm/slub.c']);
  t.strictSame(choose(['arch/arm/mm/mmap.c']), []);
  t.end();
});

t.test('where the source begins', (t) => {
  t.equal(sourceRoot(''), '');
  t.equal(sourceRoot('fs/'), '');
  t.equal(sourceRoot('arch/x86/'), '');
  t.equal(sourceRoot('linux-6.1/'), 'linux-6.1/');
  t.equal(sourceRoot('/usr/src/linux-6.1/'), '/usr/src/linux-6.1/');
  t.equal(sourceRoot('../linux/'), '../linux/');
  t.end();
});

t.test('subsystems', (t) => {
  for (const [file, expected] of [
    ['fs/open.c', 'fs'],
    ['fs/ext4/inode.c', 'fs/ext4'],
    ['net/ipv4/netfilter/ip_tables.c', 'net/ipv4'],
    ['kernel/sched/core.c', 'kernel/sched'],
    ['drivers/net/ethernet/intel/e1000/e1000_main.c', 'drivers/net'],
    ['arch/x86/kernel/process.c', 'arch/x86/kernel'],
    ['arch/x86/kvm/mmu/mmu.c', 'arch/x86/kvm'],
    ['open.c', '.'],
    ['', '.'],
  ]) {
    t.equal(subsystem(file), expected, file);
  }
  t.end();
});
