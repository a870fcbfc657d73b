import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { type Figures, scratchFunction, TOOLS } from '../../src/complexity/scratch.js';

const { complexity, pmccabe } = TOOLS;

const skip =
  spawnSync(complexity.command, complexity.versionArgs).error === undefined
    ? false
    : 'GNU complexity is not installed';

t.test('lines that are no rows', (t) => {
  for (const tool of [complexity, pmccabe]) {
    for (const line of [
      '',
      'Complexity Scores',
      'Score | ln-ct | nc-lns| file-name(line): proc-name',
    ]) {
      t.equal(tool.parse(line), undefined, line);
    }
  }
  t.equal(complexity.parse('    1      14      12   ./0.c(680): vfs_read'), undefined);
  t.end();
});

t.test('rows', (t) => {
  t.strictSame(complexity.parse('    1      14      12   /tmp/x/0.c(680): f12'), [
    12,
    { score: 1, lines: 14, codeLines: 12 },
  ]);
  t.strictSame(pmccabe.parse('3\t4\t8\t120\t14\t/tmp/x/0.c(120): f7'), [
    7,
    { score: 4, lines: 14, codeLines: 8 },
  ]);
  t.equal(complexity.version.exec('complexity (GNU Complexity) 1.13\n')?.[1], '1.13');
  t.end();
});

t.test('the last brace, and no other, in the first column', (t) => {
  t.equal(scratchFunction(3, '{\n\treturn 1;\n}'), 'int f3(void)\n{\n\treturn 1;\n}\n\n');
  t.equal(scratchFunction(0, '{ }'), 'int f0(void)\n{ }\n\n');
  for (const body of [
    '{\n}\n}',
    '{\n\tif (a) {\n}\n\tb();\n}',
    '{ if (a) { b(); }\n\tc(); }',
    '{ a();\n\tb(); }',
    '{\n\ta(); }',
    '{ struct x y = { 1 };\n\tc();\n}',
  ]) {
    const text = scratchFunction(1, body);
    const column = [...text.matchAll(/^\}/gm)];
    t.equal(column.length, 1, body);
    t.match(text, /^int f1\(void\)\n\{[^}]*\n[\s\S]*\n\}\n\n$/, body);
  }
  t.match(scratchFunction(1, '{\n\tdo {\n\t} while_each_thread(p, t);\n}'), /\} while\(p, t\);/);
  t.match(scratchFunction(1, '{\n\tdo {\n\t} while_each_pid_task(a, b, c);\n}'), /\} while\(/);
  t.match(
    scratchFunction(1, '{\n\tif (a) {\n\t}\n\tfor_each_cpu(i, m) {\n\t}\n}'),
    /\}\n\tfor_each_cpu\(i, m\) \{/,
    'a loop of its own behind a brace stays',
  );
  t.end();
});

/** What GNU complexity says of functions of a file, by their names. */
function scores(file: string, text: string): Map<string, Figures> {
  writeFileSync(file, text);
  const { stdout } = spawnSync(complexity.command, [...complexity.args, file], {
    encoding: 'utf8',
  });
  const found = new Map<string, Figures>();
  for (const [, score, lines, codeLines, name] of stdout.matchAll(
    /^ *(\d+) +(\d+) +(\d+) +.*\(\d+\): (\w+)$/gm,
  )) {
    found.set(name, { score: Number(score), lines: Number(lines), codeLines: Number(codeLines) });
  }
  return found;
}

const { block } = fc.letrec<{ block: string[] }>((tie) => {
  const indented = tie('block').map((lines) => lines.map((line) => `\t${line}`));
  const around = (head: string, tail = '}') =>
    indented.map((lines) => [head, ...lines, ...tail.split('\n')]);
  return {
    block: fc
      .array(
        fc.oneof(
          { depthSize: 'small' },
          fc.constantFrom(['a();'], ['b = c ? d : e;'], ['/* } */'], ['s = "}{";'], ['return 1;']),
          fc.constantFrom(['if (a && b || c)', '\td();'], ['x[3] = (y + 1) * z;'], ['goto out;']),
          around('if (a) {'),
          around('if (a) {', '} else {\n\td();\n}'),
          around('while (b--) {'),
          around('for (i = 0; i < n; i++) {'),
          around('do {', '} while (c);'),
          around('switch (d) {\ncase 1:', '\tbreak;\ndefault:\n\tbreak;\n}').map((lines) =>
            lines.flatMap((line) => line.split('\n')),
          ),
          around('list_for_each_entry(p, &l, m) {'),
        ),
        { maxLength: 4 },
      )
      .map((parts) => parts.flat()),
  };
});

t.test('the scores are those of ordinary files', { skip }, (t) => {
  const dir = t.testdir();
  const head = fc.constantFrom('int NAME(void)', 'static struct x *NAME(int a, char *b)');
  fc.assert(
    fc.property(fc.array(fc.tuple(head, block), { minLength: 1, maxLength: 8 }), (functions) => {
      const bodies = functions.map(([, lines]) =>
        ['{', ...['first();', ...lines].map((line) => `\t${line}`), '}'].join('\n'),
      );
      const ordinary = functions.map(
        ([head], i) => `${head.replace('NAME', `f${i}`)}\n${bodies[i]}\n\n`,
      );
      const scratch = bodies.map((body, i) => scratchFunction(i, body));
      const expected = scores(`${dir}/a.c`, ordinary.join(''));
      t.equal(expected.size, functions.length);
      t.strictSame(scores(`${dir}/b.c`, scratch.join('')), expected);
    }),
    { numRuns: 30 },
  );
  t.end();
});
