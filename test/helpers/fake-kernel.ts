/** A kernel's source, as small as shows how functions are made in one; for tap's `testdir`. */
export const FAKE_KERNEL = {
  Makefile: 'VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\nEXTRAVERSION =\nNAME = Fake\n\nall:\n',
  config: [
    'CONFIG_X86=y',
    'CONFIG_X86_64=y',
    'CONFIG_64BIT=y',
    'CONFIG_X=y',
    'CONFIG_MOD=m',
    '# CONFIG_OFF is not set',
    '',
  ].join('\n'),
  kernel: {
    Makefile: [
      'obj-y := fork.o calls.o sys_ni.o attr.o \\',
      '\tweak.o strong.o hooks.o irq.o trace.o whole.o sub/',
      'obj-$(CONFIG_X) += foo.o',
      'foo-y := foo_a.o foo_b.o',
      'obj-$(subst m,y,$(CONFIG_MOD)) += mod.o',
      'ifdef CONFIG_X',
      '\tobj-y += indented.o',
      'endif',
      'obj-$(CONFIG_OFF) += off.o',
      '',
    ].join('\n'),
    'fork.c': `#include <linux/kernel.h>

#ifdef CONFIG_OFF
SYSCALL_DEFINE2(clone, int, a, int, b)
#else
SYSCALL_DEFINE1(clone, int, a)
#endif
{
	if (a)
		return -1;
	return kernel_clone(a);
}

static struct rq *finish_task_switch(struct task_struct *prev)
	__releases(rq->lock)
{
	while (prev)
		prev = prev->next;
	return 0;
}

static int __init fork_init(void)
{
	return 0;
}

notrace void fork_notrace(void)
{
}

#ifdef CONFIG_X
int branch(int a)
{
	if (a) {
		for (;;)
			if (b)
				c();
	}
	return 1;
}
#else
int branch(int a)
{
	return 0;
}
#endif
`,
    'calls.c': `SYSCALL_DEFINE3(read, unsigned int, fd, char *, b, size_t, n)
{
	return ksys_read(fd, b, n);
}

COMPAT_SYSCALL_DEFINE2(stat, int, a,
		       int, b)
{
	return 0;
}

BPF_CALL_2(bpf_lookup, struct bpf_map *, map, void *, key)
{
	return map->ops(key);
}

SYSCALL_DEFINE0(kcmp)
{
	return 0;
}
`,
    'sys_ni.c': `#define COND_SYSCALL(name) \\
	asmlinkage long __weak __x64_sys_##name(void) \\
	{ \\
		return -1; \\
	}

COND_SYSCALL(kcmp);
COND_SYSCALL(bpf);
`,
    'attr.c': `#include <linux/kernel.h>

#define SHOW(name) \\
static int name##_show(void) \\
{ \\
	return name; \\
}

SHOW(first)
SHOW(second)
SHOW(third)
static int plain;
DEFINE_OPEN(profile)
`,
    'weak.c': `int __weak arch_thing(void)
{
	return 0;
}

int __weak alone(void)
{
	return 0;
}

__attribute__((weak)) int old_style(void)
{
	return 0;
}
`,
    'strong.c': `int arch_thing(void)
{
	if (a)
		if (b)
			return 1;
	return 0;
}

int old_style(void)
{
	return 1;
}

static int alone(int a)
{
	return a;
}
`,
    'hooks.c': `#define LSM_HOOK(RET, DEFAULT, NAME, ...) \\
noinline RET bpf_lsm_##NAME(__VA_ARGS__) \\
{ \\
	return DEFAULT; \\
}

#include <linux/lsm_hook_defs.h>
#undef LSM_HOOK
`,
    'irq.c': `DEFINE_IDTENTRY_SYSVEC(sysvec_call)
{
	ack();
}
`,
    'trace.c': `#define CREATE_TRACE_POINTS
#include <trace/events/fake.h>

int after_trace(void)
{
	return 0;
}
`,
    'whole.c': '#include "part.c"\n\nint whole(void)\n{\n\treturn part();\n}\n',
    'part.c': 'static int part(void)\n{\n\treturn 0;\n}\n',
    'foo_a.c': 'int foo_a(void)\n{\n\treturn 0;\n}\n',
    'foo_b.c': 'int foo_b(void)\n{\n\treturn 0;\n}\n',
    'mod.c': 'int mod(void)\n{\n\treturn 0;\n}\n',
    'indented.c': 'int indented(void)\n{\n\treturn 0;\n}\n',
    'off.c': 'int off(void)\n{\n\treturn 0;\n}\n',
    'notbuilt.c': 'int notbuilt(void)\n{\n\treturn 0;\n}\n',
    sub: {
      Makefile: 'obj-y += deep.o\n',
      'deep.c': 'int deep(void)\n{\n\treturn 0;\n}\n',
    },
  },
  mm: {
    Makefile: 'obj-y := walk.o\n',
    'walk.c': `#define PTTYPE 64
#include "walk_tmpl.h"
#undef PTTYPE
#define PTTYPE 32
#include "walk_tmpl.h"
#undef PTTYPE
`,
    'walk_tmpl.h': `#if PTTYPE == 64
	#define FNAME(name) paging64_##name
#elif PTTYPE == 32
	#define FNAME(name) paging32_##name
#endif

static int FNAME(walk)(int a)
{
	return a ? 1 : 0;
}
#undef FNAME
`,
  },
  arch: {
    x86: {
      Kbuild: 'obj-y += kernel/\n',
      Makefile: 'libs-y += arch/x86/lib/\n',
      kernel: {
        Makefile: 'obj-y := process_$(BITS).o\n',
        'process_64.c': 'int process(void)\n{\n\treturn 64;\n}\n',
        'process_32.c': 'int process(void)\n{\n\treturn 32;\n}\n',
      },
      lib: { Makefile: 'lib-y := delay.o\n', 'delay.c': 'void delay(void)\n{\n}\n' },
      boot: { 'main.c': 'int boot(void)\n{\n\treturn 0;\n}\n' },
      include: { asm: { 'a.h': '#define HAVE_A\n' } },
    },
    arm: {
      Kbuild: 'obj-y += kernel/\n',
      kernel: {
        Makefile: 'obj-y := process.o\n',
        'process.c': 'int arm_process(void)\n{\n\treturn 0;\n}\n',
      },
    },
  },
  include: {
    linux: {
      'kernel.h': `#ifndef KERNEL_H
#define KERNEL_H
#define DEFINE_OPEN(name) \\
static int name##_open(void) \\
{ \\
	return 1; \\
}
static inline int helper(int a)
{
	return a;
}
#endif
`,
      'tracepoint.h': `#define DEFINE_TRACE(_name, proto, args) \\
int __traceiter_##_name(void *data, proto) \\
{ \\
	do { \\
		func(data); \\
	} while (data); \\
	return 0; \\
}
`,
      'lsm_hook_defs.h':
        'LSM_HOOK(int, 0, file_open, struct file *file)\nLSM_HOOK(void, , task_free, void)\n',
    },
    trace: {
      events: {
        'fake.h': `#if !defined(FAKE_H) || defined(TRACE_HEADER_MULTI_READ)
#define FAKE_H
TRACE_EVENT(fake_start,
	TP_PROTO(int a),
	TP_ARGS(a)
);
#endif
#include <trace/define_trace.h>
`,
      },
    },
  },
  drivers: {
    Makefile: 'obj-$(CONFIG_MOD) += net/\nobj-$(CONFIG_OFF) += off/\n',
    net: {
      Makefile: 'obj-$(CONFIG_MOD) += loop.o\nloop-objs := main.o\n',
      'main.c': 'int drv_main(void)\n{\n\treturn 0;\n}\n',
    },
    off: { Makefile: 'obj-y += off.o\n', 'off.c': 'int drv_off(void)\n{\n\treturn 0;\n}\n' },
  },
} as const;
