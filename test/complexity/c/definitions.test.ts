import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { type Knowledge, parseConfig } from '../../../src/complexity/c/conditions.js';
import {
  activeBody,
  type CFunction,
  findFunctions,
  readHeader,
} from '../../../src/complexity/c/definitions.js';
import type { Macro } from '../../../src/complexity/c/macros.js';

interface Setting {
  /** Lines of a configuration; none is known without. */
  readonly config?: string;
  readonly possible?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Those of `headers` that are not read where they are included. */
  readonly shared?: readonly string[];
  readonly macros?: ReadonlyMap<string, readonly Macro[]>;
}

function knowledgeOf({ config, possible = [] }: Setting): Knowledge {
  return {
    config: config === undefined ? undefined : parseConfig(config),
    defined: new Map(),
    possible: (name) => config === undefined || possible.includes(name),
  };
}

function functionsOf(text: string, setting: Setting = {}): CFunction[] {
  const { headers = {}, shared = [], macros = new Map() } = setting;
  return findFunctions({
    path: 'a.c',
    text,
    knowledge: knowledgeOf(setting),
    macros,
    include: (name) => {
      const path = name.slice(1, -1);
      const found = headers[path];
      return found === undefined ? undefined : { path, text: found, local: !shared.includes(path) };
    },
  });
}

/** `name:line`, of another file `name:file:line`. */
function find(text: string, setting: Setting = {}): string[] {
  return functionsOf(text, setting).map(({ name, file, line }) =>
    file === 'a.c' ? `${name}:${line}` : `${name}:${file}:${line}`,
  );
}

t.test('what is no function', (t) => {
  for (const text of [
    'int f(void);',
    'struct f { int a; };',
    'struct f a = { .b = 1 };',
    'static const struct ops f = { .read = g(1), };',
    'enum { A, B };',
    'union u { int a; } __packed;',
    'struct __packed f { int a; };',
    'struct __attribute__((packed)) f { int a; };',
    'typedef struct { int a; } f(void);',
    'int (*f)(void);',
    'int f[] = { 1, 2 };',
    'int f[SIZE(2)] = { 1, 2 };',
    'DEFINE_MUTEX(f);',
    'EXPORT_SYMBOL(f);',
    'MODULE_LICENSE("GPL") /* { */;',
    '#define f(x) do { } while (0)',
    '#define f(x) \\\n{ \\\n}',
    '// int f(void) {}',
    '/* int f(void) {} */',
    'char *s = "int f(void) {}";',
    '#if 0\nint f(void) {}\n#endif',
    'asm("f: {}");',
    'static int f(void)',
    '{',
    '}',
    'f(',
    '"',
  ]) {
    t.strictSame(find(text), [], text);
  }
  t.end();
});

t.test('plain definitions, and where they stand', (t) => {
  for (const [text, ...expected] of [
    ['int f(void) { }', 'f:1'],
    ['\n\nint f(void)\n{\n}\n\nint g(void)\n{\n}\n', 'f:3', 'g:7'],
    ['static inline struct foo *\nf(int a,\n  int b)\n{\n}', 'f:2'],
    ['int f(int (*g)(int))\n{\n}', 'f:1'],
    ['int f(a, b)\nint a;\n{\n}'],
    ['struct a { int b; } c;\nint f(void) {}', 'f:2'],
    ['int x = sizeof(int);\nint f(void) {}', 'f:2'],
    ['/*\n * a\n */\n/* b */ int /* c */ f /* d */ (void) /* e */ { /* } */ }', 'f:4'],
    ['int f(void) { if (a) { b(); } }\nint g(void) {}', 'f:1', 'g:2'],
    ['u64 f(void) {}', 'f:1'],
    ['unsigned long long f(void) {}', 'f:1'],
    ['int f(void)\r\n{\r\n}\r\nint g(void)\r\n{\r\n}', 'f:1', 'g:4'],
    ['#include <x.h>\n#define A \\\n  1\nint f(void) {}', 'f:4'],
    ['extern "C" {\nint f(void) {}\n}'],
  ] as const) {
    t.strictSame(find(text), expected, text);
  }
  t.end();
});

t.test('annotations around the name', (t) => {
  for (const head of [
    'static struct rq *f(struct task_struct *prev)\n\t__releases(rq->lock)',
    'static void f(struct sock *sk)\n\t__releases(&sk->lock)\n\t__acquires(&sk->lock)',
    'void __init_or_cpufeature f(void)',
    'asmlinkage __visible void __sched notrace f(void)',
    '__printf(2, 3) int f(const char *a, ...)',
    '__attribute__((format(printf, 1, 2))) int f(const char *a, ...)',
    'int f(void) __attribute__((noinline))',
    'static int __attribute__((cold)) f(void)',
    '__section(".x") int f(void)',
    'static __always_inline void __cpuidle f(void)',
    'void *f(size_t a) __alloc_size(1)',
    'typeof(int) f(void)',
    'int __must_check f(struct a *b) __must_hold(&b->c)',
    'noinline_for_stack static int f(void)',
    'EXPORT_SYMBOL(x)\nint f(void)',
    'DEFINE_MUTEX(lock)\nstatic void f(void)',
    'DEFINE_MUTEX(lock);\nstatic void f(void)',
    'MODULE_ALIAS("x")\nMODULE_ALIAS("y")\nstatic int __init f(void)',
    'f(int a)',
    'static f(int a)',
  ]) {
    t.strictSame(
      functionsOf(`${head}\n{\n\treturn;\n}\n`).map(({ name }) => name),
      ['f'],
      head,
    );
  }
  t.end();
});

t.test('words in front of the name', (t) => {
  const words = (text: string) => [...functionsOf(text)[0].words].filter((w) => /^[a-z_]/.test(w));
  t.strictSame(words('static inline int f(void) {}'), ['static', 'inline', 'int']);
  t.ok(words('int __weak f(void) {}').includes('__weak'));
  t.ok(words('__attribute__((weak)) int f(void) {}').includes('__weak'));
  t.ok(words('__attribute__((__weak__)) int f(void) {}').includes('__weak'));
  t.ok(words('int f(void) __attribute__((no_instrument_function)) {}').includes('notrace'));
  t.ok(words('int f(void) __init {}').includes('__init'));
  t.end();
});

t.test('bodies as they stand', (t) => {
  const [f] = functionsOf('int f(void)\n{\n\t/* { */\n\treturn "}";\n}\nint g;');
  t.equal(f.body, '{\n\t/* { */\n\treturn "}";\n}');
  const [g, h] = functionsOf('int g(void)\n{\n\tif (a) {\n}\nint h(void)\n{\n}\n');
  t.equal(g.body, '{\n\tif (a) {\n}', 'braces that do not match: to the first column');
  t.equal(h.name, 'h');
  t.end();
});

t.test('names that macros of the kernel have traced otherwise', (t) => {
  for (const [text, ...expected] of [
    ['SYSCALL_DEFINE3(read, int, fd, char *, b, size_t, n)\n{\n}', '__do_sys_read:1'],
    ['SYSCALL_DEFINE0(fork) {}', '__do_sys_fork:1'],
    ['COMPAT_SYSCALL_DEFINE2(stat, int, a, int, b) {}', '__do_compat_sys_stat:1'],
    ['SYSCALL_DEFINE1(_sysctl, int, a) {}', '__do_sys_sysctl:1'],
    ['SYSCALL32_DEFINE2(x, int, a, int, b) {}', '__do_sys_x:1'],
    [
      'BPF_CALL_2(bpf_map_lookup_elem, struct bpf_map *, m, void *, k)\n{\n}',
      'bpf_map_lookup_elem:1',
    ],
    ['DEFINE_IDTENTRY_SYSVEC(sysvec_call_function)\n{\n}', '__sysvec_call_function:1'],
    ['SYSCALL_DEFINE1(/* a */ close, int, fd) {}', '__do_sys_close:1'],
    [
      'int a(void) {}\nSYSCALL_DEFINE1(b, int, c)\n{\n}\nint d(void) {}',
      'a:1',
      '__do_sys_b:2',
      'd:5',
    ],
    ['#define queued native_queued\nvoid queued(void) {}', 'native_queued:2'],
    ['#define queued native_queued\n#undef queued\nvoid queued(void) {}', 'queued:3'],
    ['#define one 1\nvoid one(void) {}', 'one:2'],
  ] as const) {
    t.strictSame(find(text), expected, text);
  }
  t.end();
});

const CLONE = `
#ifdef CONFIG_BACKWARDS
SYSCALL_DEFINE5(clone, unsigned long, flags, unsigned long, tls)
#elif defined(CONFIG_BACKWARDS2)
SYSCALL_DEFINE5(clone, unsigned long, newsp, unsigned long, flags)
#else
SYSCALL_DEFINE5(clone, unsigned long, flags, unsigned long, newsp)
#endif
{
	return kernel_clone(flags);
}
`;

t.test('a head of several alternatives', (t) => {
  t.strictSame(find(CLONE, { config: 'CONFIG_X=y' }), ['__do_sys_clone:7']);
  t.strictSame(find(CLONE, { config: 'CONFIG_BACKWARDS2=y' }), ['__do_sys_clone:5']);
  t.strictSame(find(CLONE, { config: 'CONFIG_BACKWARDS=y\nCONFIG_BACKWARDS2=y' }), [
    '__do_sys_clone:3',
  ]);
  const open = find(CLONE);
  t.equal(open.length, 1, 'one function, whichever of its heads is meant');
  t.match(open[0], /^__do_sys_clone:[357]$/);
  t.end();
});

t.test('conditions', (t) => {
  const text =
    '#ifdef CONFIG_X\nint f(void) { a(); }\n#else\nint f(void) { }\n#endif\nint g(void) {}\n';
  t.strictSame(find(text, { config: 'CONFIG_X=y' }), ['f:2', 'g:6']);
  t.strictSame(find(text, { config: 'CONFIG_Y=y' }), ['f:4', 'g:6']);
  t.strictSame(find(text, { config: 'CONFIG_X=m' }), ['f:4', 'g:6'], 'a module is not defined so');
  t.strictSame(find(text), ['f:2', 'f:4', 'g:6'], 'without a configuration all');
  for (const [condition, yes] of [
    ['#if IS_ENABLED(CONFIG_X)', true],
    ['#if defined(CONFIG_X) && !defined(CONFIG_Y)', true],
    ['#ifndef CONFIG_X', false],
    ['#ifdef UNHEARD_OF', false],
    ['#ifndef UNHEARD_OF', true],
    ['#if 0', false],
    ['#if 1 /* always */', true],
    ['#if \\\n 0', false],
  ] as const) {
    const found = find(`${condition}\nint f(void) {}\n#endif\n`, { config: 'CONFIG_X=y' });
    t.equal(found.length, Number(yes), condition);
  }
  const maybe = { config: 'CONFIG_X=y', possible: ['MAYBE'] };
  t.strictSame(
    find('#ifdef MAYBE\nint f(void) {}\n#else\nint g(void) {}\n#endif', maybe),
    ['f:2', 'g:4'],
    'what some header may define: both',
  );
  t.strictSame(
    find('#define MAYBE\n#ifdef MAYBE\nint f(void) {}\n#else\nint g(void) {}\n#endif', maybe),
    ['f:3'],
    'defined above',
  );
  t.strictSame(
    find('#undef MAYBE\n#ifdef MAYBE\nint f(void) {}\n#else\nint g(void) {}\n#endif', maybe),
    ['g:5'],
    'and undefined',
  );
  t.strictSame(
    find(
      '#define A\n#ifdef MAYBE\n#undef A\n#endif\n#ifdef A\nint f(void) {}\n#else\nint g(void) {}\n#endif',
      maybe,
    ),
    ['f:6', 'g:8'],
    'perhaps undefined',
  );
  t.strictSame(
    find(
      '#if 0\n#if 1\nint f(void) {}\n#else\nint g(void) {}\n#endif\n#else\nint h(void) {}\n#endif',
    ),
    ['h:8'],
    'nested in what is left out',
  );
  t.strictSame(find('#ifdef CONFIG_X\nint f(void) {}\n', { config: 'CONFIG_Y=y' }), [], 'no end');
  t.strictSame(find('#endif\n#else\n#elif\nint f(void) {}\n'), ['f:4'], 'no beginning');
  t.end();
});

t.test('functions that macros of the same file make', (t) => {
  const define =
    '#define MAKE(name) \\\nstatic int name##_show(void) \\\n{ \\\n\treturn name; \\\n}\n';
  t.strictSame(find(`${define}MAKE(a)\nMAKE(b);\nint c(void) {}`), ['a_show:6', 'b_show:7', 'c:8']);
  t.equal(functionsOf(`${define}MAKE(a)\nint x;`)[0].body, '{ \n\treturn a; \n}');
  t.strictSame(
    find(`${define}MAKE(a)\nMAKE(b)\nMAKE(c)\n`),
    ['a_show:6', 'b_show:7', 'c_show:8'],
    'at the end of the file without semicolons',
  );
  t.strictSame(
    find(`${define}MAKE(a)\nMAKE(b)\nstatic struct x y = { 1 };\nint d(void) {}\n`),
    ['a_show:6', 'b_show:7', 'd:9'],
    'before a variable',
  );
  t.strictSame(
    find('#define TWO(n) ONE(n##_a) ONE(n##_b)\n#define ONE(n) int n(void) { }\nTWO(x)\n'),
    ['x_a:3', 'x_b:3'],
    'macros that use macros',
  );
  t.strictSame(
    find('#define HEAD(n) int n(int a)\nHEAD(f)\n{\n}\n'),
    ['f:2'],
    'of which the body stands behind',
  );
  t.strictSame(find('#define M(n) M(n) int n(void) { }\nM(f)\n').slice(0, 1), ['f:2'], 'itself');
  t.strictSame(
    find(
      `#ifdef CONFIG_X\n#define M(n) int n##_x(void) { }\n#else\n#define M(n) int n##_y(void) { }\n#endif\nM(f)\n`,
      {
        config: 'CONFIG_X=y',
      },
    ),
    ['f_x:6'],
  );
  t.strictSame(
    find(
      `#ifdef CONFIG_X\n#define M(n) int n##_x(void) { }\n#else\n#define M(n) int n##_y(void) { }\n#endif\nM(f)\n`,
    ).sort(),
    ['f_x:6', 'f_y:6'],
    'any of its definitions',
  );
  t.strictSame(find(`${define}#undef MAKE\nMAKE(a)\n`), []);
  t.end();
});

t.test('functions that macros of headers make', (t) => {
  const { macros } = readHeader(
    {
      path: 'h.h',
      text: '#ifndef H\n#define H\n#define DEFINE_SHOW(n) static int n##_open(void) { return 1; }\n#define OTHER 1\n#define SUM(a) (a)\n#endif\n',
    },
    knowledgeOf({}),
  );
  t.strictSame(
    macros.map(({ name }) => name),
    ['DEFINE_SHOW'],
  );
  const known = new Map([['DEFINE_SHOW', macros]]);
  t.strictSame(find('DEFINE_SHOW(a);\nint f(void) { DEFINE_SHOW(b); }', { macros: known }), [
    'a_open:1',
    'f:2',
  ]);
  t.end();
});

t.test('a header read several times, each time under other names', (t) => {
  const setting = {
    config: 'CONFIG_X=y',
    headers: {
      'paging_tmpl.h':
        '#if PTTYPE == 64\n #define FNAME(n) paging64_##n\n#elif PTTYPE == 32\n #define FNAME(n) paging32_##n\n#endif\nstatic int FNAME(walk)(int a)\n{\n\treturn a;\n}\n#undef FNAME\n',
    },
  };
  t.strictSame(
    find(
      '#define PTTYPE 64\n#include "paging_tmpl.h"\n#undef PTTYPE\n#define PTTYPE 32\n#include "paging_tmpl.h"\n#undef PTTYPE\nint f(void) {}\n',
      setting,
    ),
    ['paging64_walk:paging_tmpl.h:6', 'paging32_walk:paging_tmpl.h:6', 'f:7'],
  );
  t.end();
});

t.test('files that are included', (t) => {
  const headers = {
    'b.c': 'int b(void)\n{\n}\n',
    'loop.c': 'int l(void)\n{\n}\n#include "loop.c"\n',
  };
  const config = 'CONFIG_X=y';
  t.strictSame(find('#include "b.c"\nint a(void) {}\n', { config, headers }), ['b:b.c:1', 'a:2']);
  t.strictSame(
    find('#include "b.c"\nint a(void) {}\n', { config, headers, shared: ['b.c'] }),
    ['a:2'],
    'not those that all may include',
  );
  const looped = find('#include "loop.c"\nint a(void) {}\n', { config, headers });
  t.equal(looped.at(-1), 'a:2', 'files that include themselves end');
  t.ok(looped.length < 20);
  t.strictSame(find('#include "missing.h"\n#include NAME\nint a(void) {}\n', { config }), ['a:3']);
  t.strictSame(
    find('#include "conf.h"\n#ifdef HAVE\nint a(void) {}\n#else\nint b(void) {}\n#endif\n', {
      config,
      headers: { 'conf.h': '#define HAVE\n' },
    }),
    ['a:3'],
    'what a local header defines',
  );
  t.end();
});

t.test('a list of invocations of the includer’s macro', (t) => {
  const headers = {
    'linux/lsm_hook_defs.h':
      '/* list */\nLSM_HOOK(int, 0, file_open, struct file *f)\nLSM_HOOK(int, 0, task_free, void)\n',
  };
  const setting = { headers, shared: ['linux/lsm_hook_defs.h'] };
  t.strictSame(
    find(
      '#define LSM_HOOK(RET, D, NAME, ...) \\\nnoinline RET bpf_lsm_##NAME(__VA_ARGS__) \\\n{ \\\n\treturn D; \\\n}\n\n#include <linux/lsm_hook_defs.h>\n#undef LSM_HOOK\nint f(void) {}\n',
      setting,
    ),
    [
      'bpf_lsm_file_open:linux/lsm_hook_defs.h:2',
      'bpf_lsm_task_free:linux/lsm_hook_defs.h:3',
      'f:9',
    ],
  );
  t.strictSame(
    find(
      '#define LSM_HOOK(RET, D, NAME, ...) extern struct x NAME;\n#include <linux/lsm_hook_defs.h>\n',
      setting,
    ),
    [],
    'a macro that makes no functions',
  );
  t.end();
});

t.test('trace events', (t) => {
  const headers = {
    'trace/events/sched.h':
      '#if !defined(_S) || defined(TRACE_HEADER_MULTI_READ)\n#define _S\nTRACE_EVENT(sched_switch,\n\tTP_PROTO(int a), TP_ARGS(a));\nDECLARE_EVENT_CLASS(wakeup, TP_PROTO(int a));\nDEFINE_EVENT(wakeup, sched_waking, TP_PROTO(int a));\n#endif\n#include <trace/define_trace.h>\n',
  };
  const { macros } = readHeader(
    {
      path: 'include/linux/tracepoint.h',
      text: '#define DEFINE_TRACE(_name, _proto, _args) \\\n\tint __traceiter_##_name(void *d) \\\n\t{ \\\n\t\treturn 0; \\\n\t}\n',
    },
    knowledgeOf({}),
  );
  const setting = {
    headers,
    shared: Object.keys(headers),
    macros: new Map([['DEFINE_TRACE', macros]]),
  };
  t.strictSame(find('#define CREATE_TRACE_POINTS\n#include <trace/events/sched.h>\n', setting), [
    '__traceiter_sched_switch:trace/events/sched.h:3',
    '__traceiter_sched_waking:trace/events/sched.h:6',
  ]);
  t.strictSame(find('#include <trace/events/sched.h>\n', setting), [], 'only who creates them');
  t.end();
});

t.test('headers', (t) => {
  const header = (text: string, setting: Setting = {}) =>
    readHeader({ path: 'h.h', text }, knowledgeOf(setting));
  t.strictSame(Object.fromEntries(header('#define A 1\n# define B\n#define C(x) x\n').defined), {
    A: '1',
    B: '',
    C: '',
  });
  const guarded =
    '#ifndef H\n#define H\n#ifdef CONFIG_X\n#define A 1\n#else\n#define A 2\n#endif\n#endif\n';
  t.equal(header(guarded, { config: 'CONFIG_X=y' }).defined.get('A'), '1');
  t.equal(header(guarded, { config: 'CONFIG_Y=y' }).defined.get('A'), '2');
  t.equal(header(guarded).defined.get('A'), undefined, 'one of two that cannot be decided');
  t.strictSame([...header('').defined], []);
  t.end();
});

t.test('a body without the branches that are not compiled', (t) => {
  const body = '{\n\ta();\n#ifdef CONFIG_X\n\tif (b) {\n#else\n\tif (c) {\n#endif\n\t}\n}';
  const active = (config: string) =>
    activeBody(body, { path: 'a.c', text: '' }, knowledgeOf({ config })).replace(/\s+/g, ' ');
  t.equal(active('CONFIG_X=y'), '{ a(); if (b) { } }');
  t.equal(active('CONFIG_Y=y'), '{ a(); if (c) { } }');
  t.end();
});

/** Source of functions in conditionals, and those that a compiler keeps. */
interface Piece {
  readonly text: string;
  readonly kept: (on: (option: string) => boolean) => string[];
}

const OPTIONS = ['CONFIG_A', 'CONFIG_B', 'CONFIG_C'];

const TESTS: readonly (readonly [string, (on: (option: string) => boolean) => boolean])[] = [
  ['ifdef CONFIG_A', (on) => on('CONFIG_A')],
  ['ifndef CONFIG_B', (on) => !on('CONFIG_B')],
  ['if defined(CONFIG_A) && !defined(CONFIG_B)', (on) => on('CONFIG_A') && !on('CONFIG_B')],
  ['if defined(CONFIG_C) || \\\n\tdefined CONFIG_B', (on) => on('CONFIG_C') || on('CONFIG_B')],
  ['if 0', () => false],
  ['if 1 /* on */', () => true],
  ['ifdef UNHEARD_OF', () => false],
  ['if CONFIG_A + CONFIG_B == 2', (on) => on('CONFIG_A') && on('CONFIG_B')],
];

let made = 0;

const { pieces } = fc.letrec<{ pieces: Piece[] }>((tie) => {
  const test = fc.constantFrom(...TESTS);
  const one = fc
    .constantFrom(
      'int NAME(void)\n{\n\treturn 1;\n}\n',
      'static int NAME(int a)\n\t__releases(a)\n{\n\tif (a) {\n\t\tb("}");\n\t}\n}\n',
      'SYSCALL_DEFINE0(NAME)\n{\n#ifdef CONFIG_A\n\tif (x) {\n#else\n\tif (y) {\n#endif\n\t}\n}\n',
      'MAKE(NAME)\n',
      'static struct s v_NAME = { 1 };\nint NAME(void) { }\n',
    )
    .map((form): Piece => {
      const id = `f${++made}`;
      const name = form.startsWith('SYSCALL') ? `__do_sys_${id}` : id;
      return { text: form.replaceAll('NAME', id), kept: () => [name] };
    });
  const branches = fc
    .tuple(
      test,
      tie('pieces'),
      fc.array(fc.tuple(test, tie('pieces')), { maxLength: 2 }),
      fc.option(tie('pieces')),
    )
    .map(([[first, firstHolds], then, more, otherwise]): Piece => {
      const others = more.map(([[text, holds], inside]) => {
        const condition = text
          .replace(/^ifdef (\w+)/, 'if defined($1)')
          .replace(/^ifndef (\w+)/, 'if !defined($1)');
        return { text: `#el${condition}\n`, holds, inside };
      });
      return {
        text:
          `#${first}\n${textOf(then)}${others.map((o) => o.text + textOf(o.inside)).join('')}` +
          `${otherwise === null ? '' : `# else\n${textOf(otherwise)}`}#endif /* x */\n`,
        kept(on) {
          if (firstHolds(on)) return keptOf(then, on);
          const other = others.find(({ holds }) => holds(on));
          return keptOf(other === undefined ? (otherwise ?? []) : other.inside, on);
        },
      };
    });
  return {
    pieces: fc.array(fc.oneof({ depthSize: 'small' }, one, one, branches), { maxLength: 5 }),
  };
});

function textOf(all: readonly Piece[]): string {
  return all.map((piece) => piece.text).join('');
}

function keptOf(all: readonly Piece[], on: (option: string) => boolean): string[] {
  return all.flatMap((piece) => piece.kept(on));
}

const MAKE = '#define MAKE(n) static int n(void) { return 0; }\n';

t.test('of any nesting of conditionals the functions that a compiler keeps', (t) => {
  const config = fc.subarray(OPTIONS);
  fc.assert(
    fc.property(pieces, config, (all, options) => {
      const text = MAKE + textOf(all);
      const found = functionsOf(text, {
        config: ['CONFIG_ELSE=y', ...options.map((option) => `${option}=y`)].join('\n'),
      }).map(({ name }) => name);
      t.strictSame(
        found,
        keptOf(all, (option) => options.includes(option)),
        text,
      );
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('the same by the C preprocessor', { skip: hasCpp() ? false : 'no cpp here' }, (t) => {
  fc.assert(
    fc.property(pieces, fc.subarray(OPTIONS), (all, options) => {
      const text = MAKE + textOf(all);
      const { stdout } = spawnSync('cpp', ['-P', ...options.map((option) => `-D${option}`)], {
        input: text,
        encoding: 'utf8',
      });
      const names = [...stdout.matchAll(/\b(SYSCALL_DEFINE0\()?(f\d+)(?:\((?:void|int a)\)|\))/g)];
      const found = functionsOf(text, {
        config: ['CONFIG_ELSE=y', ...options.map((option) => `${option}=y`)].join('\n'),
      }).map(({ name }) => name);
      t.strictSame(
        found,
        names.map(([, call, name]) => (call === undefined ? name : `__do_sys_${name}`)),
      );
    }),
    { numRuns: 40 },
  );
  t.end();
});

function hasCpp(): boolean {
  return spawnSync('cpp', ['--version']).status === 0;
}

t.test('text of any kind is read to its end', (t) => {
  const piece = fc.constantFrom(
    ...['int f(void)', '{', '}', '(', ')', ';', '\n', '#if', '#else', '#endif', '#ifdef A', '"'],
    ...[
      "'",
      '/*',
      '*/',
      '//',
      '\\',
      '#define M(a) {',
      'M(x)',
      '=',
      ',',
      '#include "a.c"',
      '[',
      ']',
    ],
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join(' ');
      for (const { body, line } of functionsOf(text, { headers: { 'a.c': text } })) {
        t.ok(body.startsWith('{') && line >= 1);
      }
    }),
    { numRuns: 500 },
  );
  t.end();
});
