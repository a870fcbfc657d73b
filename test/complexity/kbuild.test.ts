import fc from 'fast-check';
import t from 'tap';
import { parseConfig } from '../../src/complexity/c/conditions.js';
import { readMakefile, topDirectories } from '../../src/complexity/kbuild.js';

const CONFIG = parseConfig(
  'CONFIG_Y=y\nCONFIG_M=m\nCONFIG_64BIT=y\nCONFIG_NUM=3\nCONFIG_NAME="pcm"\nCONFIG_NET=y\n',
);

function read(text: string, files: Readonly<Record<string, string>> = {}) {
  return readMakefile(
    text,
    CONFIG,
    { SRCARCH: 'x86', BITS: '64', srctree: '.', obj: 'fs', src: 'fs' },
    (path) => files[path],
  );
}

/** Objects and, with a slash, directories. */
function built(text: string, files?: Readonly<Record<string, string>>): string[] {
  const { objects, directories } = read(text, files);
  return [...objects, ...[...directories].map((directory) => `${directory}/`)].sort();
}

t.test('lines that build nothing', (t) => {
  for (const text of [
    '',
    '# obj-y += a.o',
    'obj- += a.o',
    'obj-n += a.o',
    'obj-$(CONFIG_OFF) += a.o',
    'obj-y += a.c a.h a',
    'always-y += a.o',
    'a-y += a.o',
    'ifdef CONFIG_OFF\nobj-y += a.o\nendif',
    'ifeq ($(CONFIG_Y),n)\nobj-y += a.o\nendif',
    'define x\nobj-y += a.o\nendef',
    'a.o: b.c\n\tobj-y += a.o',
    'endif\nelse',
    '$(',
    'obj-y += $(shell echo a.o)',
    'obj-y += $(warning a.o)',
  ]) {
    t.strictSame(built(text), [], text);
  }
  t.end();
});

t.test('lists', (t) => {
  for (const [text, ...expected] of [
    ['obj-y += a.o b.o', 'a', 'b'],
    ['obj-y := a.o \\\n\tb.o # c.o', 'a', 'b'],
    ['obj-m = a.o', 'a'],
    ['lib-y += a.o', 'a'],
    ['obj-$(CONFIG_Y) += a.o\nobj-$(CONFIG_M) += b.o\nobj-$(CONFIG_OFF) += c.o', 'a', 'b'],
    ['obj-$\u007bCONFIG_Y} += a.o', 'a'],
    ['obj-y += sub/ other/deep/', 'other/deep/', 'sub/'],
    ['obj-y += sub/a.o', 'sub/a'],
    ['core-y += arch/x86/kernel/', 'arch/x86/kernel/'],
    ['obj-y += a.o\r\nobj-y += b.o\r\n', 'a', 'b'],
    ['\tobj-y += a.o', 'a'],
    ['obj-y:=a.o', 'a'],
  ]) {
    t.strictSame(built(text), expected, text);
  }
  t.end();
});

t.test('objects made of several', (t) => {
  for (const [text, ...expected] of [
    ['obj-$(CONFIG_M) += foo.o\nfoo-y := a.o b.o', 'a', 'b', 'foo'],
    [
      'obj-y += foo.o\nfoo-objs := a.o\nfoo-$(CONFIG_Y) += b.o\nfoo-$(CONFIG_OFF) += c.o',
      'a',
      'b',
      'foo',
    ],
    ['obj-y += foo.o\nfoo-m := a.o', 'a', 'foo'],
    ['foo-y := a.o\nobj-$(CONFIG_OFF) += foo.o'],
    ['obj-y += foo.o\nfoo-y := foo.o a.o', 'a', 'foo'],
    ['obj-y += foo.o\nfoo-y := bar.o\nbar-y := foo.o', 'bar', 'foo'],
    ['obj-y += foo.o\nfoo-objs := $(foo-y)\nfoo-y := a.o', 'a', 'foo'],
    ['obj-y += foo.o\nfoo-y += sub/a.o', 'foo', 'sub/a'],
    ['obj-$(subst m,y,$(CONFIG_M)) += a.o', 'a'],
    ['foo-$(subst m,y,$(CONFIG_M)) += a.o\nobj-$(CONFIG_M) += foo.o', 'a', 'foo'],
  ]) {
    t.strictSame(built(text), expected, text);
  }
  t.end();
});

t.test('conditionals', (t) => {
  const when = (condition: string) =>
    built(`${condition}\n\tobj-y += yes.o\nelse\n\tobj-y += no.o\nendif\n`);
  for (const condition of [
    'ifdef CONFIG_Y',
    'ifndef CONFIG_OFF',
    'ifeq ($(CONFIG_Y),y)',
    'ifeq ($(CONFIG_Y), y)',
    'ifeq "$(CONFIG_Y)" "y"',
    "ifeq '$(CONFIG_Y)' 'y'",
    'ifneq ($(CONFIG_Y),)',
    'ifneq ($(CONFIG_OFF),y)',
    'ifeq ($(CONFIG_M),$(CONFIG_M))',
    'ifneq ($(filter y m,$(CONFIG_M)),)',
    'ifeq ($(CONFIG_OFF)$(CONFIG_Y),y)',
    'ifeq ($(BITS),64)',
    'ifeq ($(SRCARCH),x86)',
    'ifdef CONFIG_M # it is',
  ]) {
    t.strictSame(when(condition), ['yes'], condition);
  }
  for (const condition of [
    'ifdef CONFIG_OFF',
    'ifndef CONFIG_Y',
    'ifeq ($(CONFIG_M),y)',
    'ifneq ($(CONFIG_Y),y)',
    'ifeq nonsense',
  ]) {
    t.strictSame(when(condition), ['no'], condition);
  }
  const chain = (a: string, b: string) =>
    built(
      `ifeq (${a},1)\nobj-y += a.o\nelse ifeq (${b},1)\nobj-y += b.o\nelse\nobj-y += c.o\nendif\nobj-y += d.o`,
    );
  t.strictSame(chain('1', '1'), ['a', 'd']);
  t.strictSame(chain('0', '1'), ['b', 'd']);
  t.strictSame(chain('0', '0'), ['c', 'd']);
  t.strictSame(
    built(
      'ifdef CONFIG_OFF\nifdef CONFIG_Y\nobj-y += a.o\nelse\nobj-y += b.o\nendif\nelse\nobj-y += c.o\nendif',
    ),
    ['c'],
    'nested in what is left out',
  );
  t.end();
});

t.test('functions of make', (t) => {
  for (const [text, ...expected] of [
    ['obj-y += $(patsubst %.c,%.o,a.c b.c)', 'a', 'b'],
    ['X := a.c b.c\nobj-y += $(X:.c=.o)', 'a', 'b'],
    ['X := a.c b.c\nobj-y += $(X:%.c=sub/%.o)', 'sub/a', 'sub/b'],
    ['obj-y += $(addprefix sub/,a.o b.o)', 'sub/a', 'sub/b'],
    ['obj-y += $(addsuffix .o,a b)', 'a', 'b'],
    ['obj-y += $(filter-out b.o,a.o b.o c.o)', 'a', 'c'],
    ['obj-y += $(filter %.o,a.o b.c)', 'a'],
    ['obj-y += $(if $(CONFIG_OFF),a.o,b.o)', 'b'],
    ['obj-y += $(if $(CONFIG_Y),a.o)', 'a'],
    ['obj-$(or $(CONFIG_OFF),$(CONFIG_Y)) += a.o', 'a'],
    ['obj-$(and $(CONFIG_Y),$(CONFIG_OFF)) += a.o'],
    ['obj-y += $(sort b.o a.o)', 'a', 'b'],
    ['X = $(Y)\nY = a.o\nobj-y += $(X)', 'a'],
    ['X ?= a.o\nX ?= b.o\nobj-y += $(X)', 'a'],
    ['X = $(X)\nobj-y += $(X) a.o', 'a'],
    ['X-y := a.o\nobj-y += $(X-$(CONFIG_Y))', 'a'],
    ['obj-y += snd-$(CONFIG_NAME).o', 'snd-pcm'],
  ]) {
    t.strictSame(built(text), expected, text);
  }
  t.end();
});

t.test('files that are included', (t) => {
  const files = { 'lib/Makefile.inc': 'obj-y += b.o\n', loop: 'include loop\nobj-y += l.o\n' };
  t.strictSame(built('include lib/Makefile.inc\nobj-y += a.o', files), ['a', 'b']);
  t.strictSame(
    built('include $(srctree)/lib/Makefile.inc', { './lib/Makefile.inc': 'obj-y += c.o' }),
    ['c'],
  );
  t.strictSame(built('-include missing\nobj-y += a.o', files), ['a']);
  t.strictSame(built('include loop', files), ['l']);
  t.end();
});

t.test('sources that lie elsewhere, and names that the compiler is given', (t) => {
  const rule = '$(obj)/%.o: $(srctree)/tools/lib/bpf/%.c FORCE\n\t$(call if_changed)\n';
  const { elsewhere } = read(`obj-y += relo_core.o\n${rule}`);
  t.strictSame([...elsewhere], [['relo_core', './tools/lib/bpf/relo_core']]);
  t.equal(read(`obj-y += a.o\n$(obj)/b.o: $(srctree)/x/b.c\n`).elsewhere.size, 0);
  t.strictSame(
    [
      ...read('ccflags-y := -DA -DB=1 -O2\nCFLAGS_a.o += -DC\nsubdir-ccflags-y += -I x -DD')
        .defines,
    ].sort(),
    ['A', 'B', 'C', 'D'],
  );
  t.end();
});

t.test('directories from the top', (t) => {
  t.ok(topDirectories('x86').includes('arch/x86'));
  t.ok(topDirectories('arm64').includes('arch/arm64/lib'));
  t.end();
});

t.test('text of any kind is read to its end', (t) => {
  const piece = fc.constantFrom(
    ...['obj-y', '+=', ':=', 'a.o', '$(', '${', ')', '}', 'ifdef', 'ifeq (', 'else', 'endif', '\n'],
    ...['\t', '\\\n', '#', ',', 'define', '$(X)', 'X', '=', ':', 'subst ', 'if ', '%', '"', "'"],
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      t.ok(read(pieces.join('')).objects.size >= 0);
    }),
    { numRuns: 500 },
  );
  t.end();
});
