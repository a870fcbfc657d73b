/** What a tool says of one function. */
export interface Figures {
  readonly score: number;
  /** Lines of the function, and those of them that hold more than comment. */
  readonly lines: number;
  readonly codeLines: number;
}

/** A program that scores the functions of C files. */
export interface Tool {
  readonly command: string;
  /** In front of the files' names. */
  readonly args: readonly string[];
  /** What prints its version, and where in that the version stands. */
  readonly versionArgs: readonly string[];
  readonly version: RegExp;
  /** Its exit statuses that are no failures. */
  readonly accepts: readonly number[];
  /** Reads a line of its output that tells of the function f<number>. */
  readonly parse: (line: string) => readonly [number: number, figures: Figures] | undefined;
  /** How a table is headed that it has made. */
  readonly title: string;
  readonly debian: string;
}

// Score | ln-ct | nc-lns| file-name(line): proc-name
//     1      14      12   /tmp/kernel-complexity-x/0.c(680): f12
const COMPLEXITY_ROW = /^ *(\d+) +(\d+) +(\d+) +.*\(\d+\): f(\d+)$/;

// Modified McCabe, traditional McCabe, statements, first line, lines, and the place, with tabs:
// 3	3	8	120	14	/tmp/kernel-complexity-x/0.c(120): f12
const PMCCABE_ROW = /^(\d+)\t(\d+)\t(\d+)\t\d+\t(\d+)\t.*\(\d+\): f(\d+)$/;

export const TOOLS: Readonly<Record<string, Tool>> = {
  complexity: {
    command: 'complexity',
    args: ['-t', '0', '-c'],
    versionArgs: ['--version'],
    version: /GNU Complexity\) (\d[\d.]*)/,
    // 4: some score passed 100, as always somewhere in a kernel; 5: no function has a score.
    accepts: [0, 4, 5],
    parse(line) {
      const row = COMPLEXITY_ROW.exec(line);
      if (row === null) return undefined;
      const [score, lines, codeLines, number] = row.slice(1).map(Number);
      return [number, { score, lines, codeLines }];
    },
    title: 'GNU complexity',
    debian: 'complexity',
  },
  pmccabe: {
    command: 'pmccabe',
    args: [],
    versionArgs: ['-V'],
    version: /(\d[\d.]*)/,
    accepts: [0],
    parse(line) {
      const row = PMCCABE_ROW.exec(line);
      if (row === null) return undefined;
      const [, score, statements, lines, number] = row.slice(1).map(Number);
      return [number, { score, lines, codeLines: statements }];
    },
    title: 'pmccabe (traditional McCabe complexity, lines, statements)',
    debian: 'pmccabe',
  },
};

/**
 * A function as every tool can read it: under the name f<number>, without anything in its head that
 * could mislead, and with its last brace, and no other, in the first column, by which GNU complexity
 * knows the end. Its score depends on the body alone, which is not touched but for such braces and for
 * `do { ... } while_each_thread(p, t);` and its like, which the tools take for a loop that does not end.
 */
export function scratchFunction(number: number, body: string): string {
  let text = body
    .replace(/\n\}(?=[\s\S])/g, '\n }')
    .replace(/\}(\s*)(?:while|for)_each_\w+(?=\s*\([^;{}]*\)\s*;)/g, '}$1while');
  if (text.includes('\n')) {
    // A brace on the first line would be taken for the end of a function of one line.
    const firstEnd = text.indexOf('\n');
    if (text.slice(0, firstEnd).includes('}')) text = `{\n${text.slice(1)}`;
    if (!text.endsWith('\n}')) text = `${text.slice(0, -1)}\n}`;
  }
  return `int f${number}(void)\n${text}\n\n`;
}
