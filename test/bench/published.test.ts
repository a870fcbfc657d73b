import { spawnSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';

// The peers of the bench, and what `--method published` is compared with: each rule of the published
// description on an input small enough to derive the output by hand.

const BENCH = fileURLToPath(new URL('../../bench', import.meta.url));
const FILTERS = ['filter-start', 'filter-errors', 'filter-interrupts'] as const;
const noCompiler =
  spawnSync('cc', ['--version']).error === undefined ? false : 'no C compiler (cc) on this machine';

t.test('published filters', { skip: noCompiler }, (t) => {
  const dir = t.testdir();
  for (const name of FILTERS) {
    const source = join(BENCH, 'published', `${name}.c`);
    const flags = ['-O2', '-std=c99', '-Wall', '-Wextra', '-Werror', '-pedantic'];
    const made = spawnSync('cc', [...flags, '-o', join(dir, name), source], { encoding: 'utf8' });
    t.equal(made.status, 0, `${name}.c compiles without a warning${made.stderr}`);
  }

  const run = (name: (typeof FILTERS)[number], input: string): string => {
    const child = spawnSync(join(dir, name), { input, encoding: 'latin1' });
    if (child.status !== 0) throw new Error(`${name}: exit ${child.status}: ${child.stderr}`);
    return child.stdout;
  };
  const text = (...lines: string[]) => lines.map((line) => `${line}\n`).join('');

  t.test('start: each anchor lets itself and all that follows through', (t) => {
    for (const anchor of [
      'SyS_read() {',
      'sys_read() {',
      'syscall_trace_enter();',
      'do_syscall_64() {',
      'kthread_should_stop();',
      'vcpu_enter_guest() {',
    ]) {
      t.equal(
        run('filter-start', text(' fput();', ' }', `     ${anchor}`, ' fget();', '}')),
        text(`     ${anchor}`, ' fget();', '}'),
        anchor,
      );
    }
    t.end();
  });

  t.test('start: an anchor counts only where the text begins', (t) => {
    const none = text(
      ' __x64_sys_read() {',
      ' x64_sys_call();',
      ' Sys_read();',
      ' /* sys */',
      '} sys',
    );
    t.equal(run('filter-start', none), '');
    t.equal(run('filter-start', text('\tsys_read();')), '', 'a tab is no space');
    t.equal(run('filter-start', ''), '');
    t.equal(run('filter-start', ' fput();\n sys_a();'), ' sys_a();', 'no newline at the end');
    t.end();
  });

  t.test('errors: a well-formed tree stays as it is', (t) => {
    const tree = text(' a() {', '   b();', '   c() {', '     d();', '   }', ' } /* a */', ' e();');
    t.equal(run('filter-errors', tree), tree);
    t.equal(run('filter-errors', tree.slice(0, -1)), tree.slice(0, -1), 'no newline at the end');
    t.end();
  });

  t.test('errors: other lines are kept at exactly the expected indent', (t) => {
    t.equal(
      run(
        'filter-errors',
        text(' a() {', ' shallow();', '     deep();', '   b();', ' }', '   c();'),
      ),
      text(' a() {', '   b();', ' }'),
    );
    t.equal(
      run('filter-errors', text(' a();', '   stray() {', '   x();', ' b();')),
      text(' a();', ' b();'),
      'a dropped line that ends in { does not deepen what is expected',
    );
    t.equal(
      run('filter-errors', text('     a();', '   b();', '     c();')),
      text('     a();', '     c();'),
      'the first line sets the indent',
    );
    t.end();
  });

  t.test('errors: a closing line is kept only two below the expected indent', (t) => {
    t.equal(
      run(
        'filter-errors',
        text('   a() {', '     }', ' }', '   }', '   b();', ' }', ' c();', '   d();'),
      ),
      text('   a() {', '   }', '   b();', ' }', ' c();'),
      'a dropped one changes nothing, a kept one sets the expected indent',
    );
    t.equal(
      run('filter-errors', text(' }', ' a();')),
      text(' a();'),
      'a closing first line sets the indent and is dropped',
    );
    t.end();
  });

  t.test('errors: only a { at the very end opens a block', (t) => {
    t.equal(
      run('filter-errors', text(' a() { ', ' b() {}', ' c();')),
      text(' a() { ', ' b() {}', ' c();'),
    );
    t.end();
  });

  t.test('errors: the expected indent grows to 101 and no further', (t) => {
    const at = (indent: number, body: string) => `${' '.repeat(indent)}${body}`;
    t.equal(
      run(
        'filter-errors',
        text(at(99, 'a() {'), at(101, 'b() {'), at(103, 'c();'), at(101, 'd();')),
      ),
      text(at(99, 'a() {'), at(101, 'b() {'), at(101, 'd();')),
    );
    t.equal(
      run('filter-errors', text(at(100, 'a() {'), at(102, 'b();'), at(100, 'c();'))),
      text(at(100, 'a() {'), at(100, 'c();')),
      'nor past it from an even indent',
    );
    t.end();
  });

  t.test('interrupts: the subtree of each handler goes, up to the line that closes it', (t) => {
    for (const handler of [
      'smp_irq_work_interrupt',
      'smp_apic_timer_interrupt',
      'smp_reschedule_interrupt',
      'smp_call_function_single_interrupt',
      'do_softirq',
    ]) {
      t.equal(
        run(
          'filter-interrupts',
          text(
            ' a();',
            `   ${handler}() {`,
            '     b() {',
            '       c();',
            '     }',
            '   }',
            '   d();',
          ),
        ),
        text(' a();', '   d();'),
        handler,
      );
    }
    t.end();
  });

  t.test('interrupts: a handler is found anywhere in the line', (t) => {
    for (const line of [
      ' __do_softirq() {',
      ' do_softirq_own_stack() {',
      ' generic_smp_call_function_single_interrupt() {',
      ' } /* do_softirq */',
    ]) {
      t.equal(run('filter-interrupts', text(line, '   a();', ' }', ' b();')), text(' b();'), line);
    }
    const others = text(
      ' handle_softirqs() {',
      '   a();',
      ' }',
      ' irq_enter_rcu();',
      ' smp_send();',
    );
    t.equal(run('filter-interrupts', others), others);
    t.end();
  });

  t.test('interrupts: a handler without children swallows its next sibling', (t) => {
    t.equal(
      run('filter-interrupts', text(' smp_reschedule_interrupt();', ' innocent();', ' b();')),
      text(' b();'),
    );
    t.equal(
      run(
        'filter-interrupts',
        text(' do_softirq();', ' innocent() {', '   child();', ' }', ' b();'),
      ),
      text('   child();', ' }', ' b();'),
      'the sibling alone, not its subtree',
    );
    t.end();
  });

  t.test('interrupts: shallower lines are kept, and dropping goes on', (t) => {
    t.equal(
      run(
        'filter-interrupts',
        text('   do_softirq();', ' }', ' a() {', '     deep();', '   victim();', '   b();', ' }'),
      ),
      text(' }', ' a() {', '   b();', ' }'),
    );
    t.end();
  });

  t.test('interrupts: no handler is looked for while dropping', (t) => {
    t.equal(
      run(
        'filter-interrupts',
        text(' do_softirq() {', '   do_softirq() {', '   }', ' }', ' a();', '   b();'),
      ),
      text(' a();', '   b();'),
      'a nested handler does not move the indent',
    );
    t.equal(
      run('filter-interrupts', text(' do_softirq();', ' do_softirq();', ' a();')),
      text(' a();'),
      'a handler at the same indent only ends it',
    );
    t.equal(
      run('filter-interrupts', text('   do_softirq();', ' do_softirq() {', '   a();', ' b();')),
      text(' do_softirq() {', ' b();'),
      'a shallower handler is kept like any shallower line',
    );
    t.end();
  });

  t.test('lines are judged in pieces of 4,095 bytes', (t) => {
    const filler = 'x'.repeat(4094);
    // One space and 4,094 letters fill the first piece: the second begins with what follows them.
    t.equal(
      run('filter-start', text(` ${filler}sys_tail`, ' a();')),
      text('sys_tail', ' a();'),
      'the second piece is an anchor',
    );
    t.equal(run('filter-start', text(` ${filler.slice(1)}sys_tail`)), '', 'its first byte cut off');
    t.equal(
      run('filter-errors', text(` ${filler}tail`, ' a();')),
      ` ${filler} a();\n`,
      'the second piece has no indent: dropped with its newline',
    );
    t.equal(
      run('filter-errors', text(` ${filler.slice(1)}{   tail`, '   a();')),
      text(` ${filler.slice(1)}{   tail`, '   a();'),
      'a piece that ends in { opens a block',
    );
    t.equal(
      run('filter-interrupts', text(` ${filler.slice(4)}do_softirq`, ' a();')),
      text(` ${filler.slice(4)}do_softirq`, ' a();'),
      'a name across the cut is not found',
    );
    t.equal(
      run('filter-interrupts', text(` do_softirq${filler.slice(10)}tail`, ' a();', ' b();')),
      text('tail', ' b();'),
      'the second piece is shallower, so kept, and dropping goes on',
    );
    t.end();
  });

  t.test('pipeline.sh: the union over tids, each looked for in the whole line', (t) => {
    const pipeline = join(dir, 'pipeline.sh');
    copyFileSync(join(BENCH, 'published', 'pipeline.sh'), pipeline);
    const trace = join(dir, "it's a trace");
    writeFileSync(
      trace,
      text(
        '# tracer: function_graph',
        ' 0)    node-218    | before();',
        ' 0)    node-218    | syscall_trace_enter() {',
        ' 0)    node-218    |   kvm_get [kvm]();',
        ' 0)    node-218    |   do_softirq();',
        ' 0)    node-218    |   swallowed();',
        ' 0)   other-2180   |   of_a_longer_pid();',
        ' 0)    node-218    |       strayed();',
        ' 0)    node-218    | }',
        ' 0)    node-218    =>    node-255   ',
        ' 0)    node-255    | sys_b();',
        ' 0)    node-255    | syscall_trace_enter() {',
        ' 0)    node-256    | sys_c();',
      ),
    );
    const list = (...tids: string[]) =>
      spawnSync('bash', [pipeline, trace, ...tids], { encoding: 'utf8' });

    const one = list('218');
    t.equal(one.stdout, text('kvm_get', 'of_a_longer_pid', 'syscall_trace_enter'));
    const two = list('255', '218', '9999');
    t.equal(two.stdout, text('kvm_get', 'of_a_longer_pid', 'sys_b', 'syscall_trace_enter'));
    t.equal(two.status, 0, 'a tid without lines is no failure');
    t.equal(list().status, 2, 'no tid is a usage error');
    t.not(
      spawnSync('bash', [pipeline, join(dir, 'absent'), '1'], { encoding: 'utf8' }).status,
      0,
      'a missing trace is a failure',
    );
    t.end();
  });

  t.end();
});

t.test('unique-names.awk: calls by name, closing lines skipped', (t) => {
  const awk = spawnSync('awk', ['-f', join(BENCH, 'unique-names.awk')], {
    encoding: 'utf8',
    input: [
      '# |     |    |                       |   |   |   |',
      ' 0)    node-218    | fput() {',
      ' 0)    node-218    |   fget();',
      ' 0)    (sd-p-219   =>    node-218   ',
      ' 0)    node-218    |  d..2. |     fget();',
      ' 0)    node-218    |   kvm_get [kvm]();',
      ' 0)    node-218    | } /* fput() */',
      '',
    ].join('\n'),
  });
  t.equal(awk.status, 0);
  t.same(awk.stdout.trimEnd().split('\n').sort(), ['1 fput', '1 kvm_get [kvm]', '2 fget']);
  t.end();
});
