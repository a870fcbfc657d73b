import t from 'tap';
import { parseConfig } from '../../src/complexity/c/conditions.js';
import { builtFiles } from '../../src/kernel-source/built.js';
import { readBackground } from '../../src/kernel-source/headers.js';
import { Tree } from '../../src/kernel-source/tree.js';

const CONFIG = parseConfig(
  'CONFIG_X86=y\nCONFIG_X86_64=y\nCONFIG_64BIT=y\nCONFIG_EXT4=m\nCONFIG_NUMA=y\n',
);

t.test('files that a configuration builds', (t) => {
  const tree = new Tree(
    t.testdir({
      kernel: {
        Makefile:
          'obj-y += fork.o missing.o sched/\nobj-$(CONFIG_OFF) += off.o\nifdef CONFIG_NUMA\n\tobj-y += numa.o\nendif\n',
        'fork.c': '',
        'off.c': '',
        'numa.c': '',
        'notbuilt.c': '',
        sched: { Makefile: 'obj-y += core.o ../shared.o\n', 'core.c': '' },
        'shared.c': '',
      },
      fs: {
        Makefile: 'obj-$(CONFIG_EXT4) += ext4/\nobj-$(CONFIG_XFS) += xfs/\n',
        ext4: {
          Makefile: 'obj-$(CONFIG_EXT4) += ext4.o\next4-y := inode.o file.o\nccflags-y += -DEXT4_X',
          'inode.c': '',
          'file.c': '',
          'ext4.c': '',
        },
        xfs: { Makefile: 'obj-y += xfs.o', 'xfs.c': '' },
      },
      net: { Kbuild: 'obj-y += a.o', Makefile: 'obj-y += b.o', 'a.c': '', 'b.c': '' },
      arch: {
        x86: {
          Kbuild: 'obj-y += kernel/\nobj-$(CONFIG_OFF) += kvm/\n',
          Makefile: 'libs-y += arch/x86/lib/\ndrivers-$(CONFIG_NUMA) += arch/x86/numa/\n',
          kernel: {
            Makefile: 'obj-y += process_$(BITS).o',
            'process_64.c': '',
            'process_32.c': '',
          },
          lib: { Makefile: 'lib-y += memcpy_$(BITS).o', 'memcpy_64.c': '' },
          numa: { Makefile: 'obj-y += n.o', 'n.c': '' },
          kvm: { Makefile: 'obj-y += k.o', 'k.c': '' },
        },
        arm: { Kbuild: 'obj-y += kernel/', kernel: { Makefile: 'obj-y += a.o', 'a.c': '' } },
      },
      crypto: { Makefile: 'obj-y += relo.o\n$(obj)/%.o: $(srctree)/tools/lib/%.c FORCE\n\tcc\n' },
      tools: { lib: { 'relo.c': '' } },
    }),
  );
  const { files, defines } = builtFiles(tree, CONFIG, 'x86');
  t.strictSame(files, [
    'arch/x86/kernel/process_64.c',
    'arch/x86/lib/memcpy_64.c',
    'arch/x86/numa/n.c',
    'fs/ext4/ext4.c',
    'fs/ext4/file.c',
    'fs/ext4/inode.c',
    'kernel/fork.c',
    'kernel/numa.c',
    'kernel/sched/core.c',
    'kernel/shared.c',
    'net/a.c',
    'tools/lib/relo.c',
  ]);
  t.ok(defines.has('EXT4_X'));
  t.strictSame(builtFiles(new Tree(t.testdir({})), CONFIG, 'x86').files, []);
  t.end();
});

t.test('directories that name each other end', (t) => {
  const tree = new Tree(
    t.testdir({ kernel: { Makefile: 'obj-y += ./ ../kernel/ a.o', 'a.c': '' } }),
  );
  t.strictSame(builtFiles(tree, CONFIG, 'x86').files, ['kernel/a.c']);
  t.end();
});

t.test('what headers tell', (t) => {
  const tree = new Tree(
    t.testdir({
      include: {
        linux: {
          'a.h':
            '#define SHARED 1\n#define MAKE(n) int n(void) { return 0; }\n#ifdef CONFIG_NUMA\n#define N(n) int n##_numa(void) { }\n#else\n#define N(n) int n##_flat(void) { }\n#endif\n',
        },
      },
      arch: {
        x86: { include: { asm: { 'b.h': '#define __HAVE_ARCH_X 1\n' } } },
        arm: {
          include: { asm: { 'c.h': '#define ARM_ONLY 1\n#define ARM(n) int n(void) { }\n' } },
        },
      },
    }),
  );
  const { names, defined, macros } = readBackground(tree, CONFIG, 'x86', new Set(['FLAG']));
  t.ok(names?.has('FLAG'));
  t.ok(names?.has('SHARED'));
  t.notOk(names?.has('ARM_ONLY'), 'of another architecture');
  t.equal(defined.get('__HAVE_ARCH_X'), '1');
  t.equal(defined.get('__x86_64__'), '1');
  t.notOk(defined.has('SHARED'), 'what a shared header defines is not always read');
  t.strictSame([...macros.keys()].sort(), ['MAKE', 'N']);
  t.equal(macros.get('N')?.length, 1, 'the branch of the configuration');
  const open = readBackground(tree, undefined, 'all', new Set());
  t.equal(open.names, undefined, 'without a configuration nothing is ruled out');
  t.equal(open.macros.get('N')?.length, 2);
  t.end();
});
