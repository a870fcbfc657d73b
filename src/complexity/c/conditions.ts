/** What is known while C source is read: the kernel's configuration, and macros that decide conditions. */
export interface Knowledge {
  /**
   * The kernel's configuration, `CONFIG_SMP` to `y`, `m` or a value; options that are off are not in it.
   * Undefined where no configuration is known: then nothing is known of CONFIG_ names.
   */
  readonly config: ReadonlyMap<string, string> | undefined;
  /** Macros other than CONFIG_ ones that are defined, with their text. */
  readonly defined: ReadonlyMap<string, string>;
  /** Whether a macro may be defined somewhere; one that is neither in `defined` nor possible is not. */
  possible(name: string): boolean;
}

/** A number, or undefined where it cannot be known. */
type Value = number | undefined;

const TOKEN =
  /\s*(defined\b|[A-Za-z_]\w*|0[xX][0-9a-fA-F]+[uUlL]*|\d+[uUlL]*|'\\?.'|&&|\|\||[=!<>]=|<<|>>|[-+*/%&|^~!<>?:(),])/y;

/** Loosest first, as C binds them. */
const BINARY: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['^'],
  ['&'],
  ['==', '!='],
  ['<', '>', '<=', '>='],
  ['<<', '>>'],
  ['+', '-'],
  ['*', '/', '%'],
];

/** include/linux/kconfig.h: what holds for an option that is `y` and for one that is `m`. */
const OPTION_TESTS: Record<string, readonly string[]> = {
  IS_ENABLED: ['y', 'm'],
  IS_BUILTIN: ['y'],
  IS_MODULE: ['m'],
  IS_REACHABLE: ['y', 'm'],
};

/** Macros that expand to macros that expand ...: what is deeper is not known. */
const MAX_EXPANSIONS = 8;

class Unreadable extends Error {}

class Parser {
  private readonly tokens: string[] = [];
  private at = 0;

  constructor(
    text: string,
    private readonly knowledge: Knowledge,
    private readonly depth: number,
  ) {
    TOKEN.lastIndex = 0;
    const end = text.trimEnd().length;
    while (TOKEN.lastIndex < end) {
      const match = TOKEN.exec(text);
      if (match === null) throw new Unreadable();
      this.tokens.push(match[1]);
    }
  }

  whole(): Value {
    const value = this.conditional();
    if (this.at < this.tokens.length) throw new Unreadable();
    return value;
  }

  private take(token: string): boolean {
    if (this.tokens[this.at] !== token) return false;
    this.at++;
    return true;
  }

  private expect(token: string): void {
    if (!this.take(token)) throw new Unreadable();
  }

  private name(): string {
    const token = this.tokens[this.at++];
    if (token === undefined || !/^[A-Za-z_]/.test(token)) throw new Unreadable();
    return token;
  }

  private conditional(): Value {
    const test = this.binary(0);
    if (!this.take('?')) return test;
    const yes = this.conditional();
    this.expect(':');
    const no = this.conditional();
    if (test === undefined) return yes === no ? yes : undefined;
    return test !== 0 ? yes : no;
  }

  private binary(level: number): Value {
    if (level === BINARY.length) return this.unary();
    let left = this.binary(level + 1);
    while (BINARY[level].includes(this.tokens[this.at])) {
      const operator = this.tokens[this.at++];
      left = apply(operator, left, this.binary(level + 1));
    }
    return left;
  }

  private unary(): Value {
    for (const operator of ['!', '-', '~', '+']) {
      if (!this.take(operator)) continue;
      const value = this.unary();
      if (value === undefined || operator === '+') return value;
      if (operator === '!') return value === 0 ? 1 : 0;
      return operator === '-' ? -value : ~value;
    }
    if (this.take('(')) {
      const value = this.conditional();
      this.expect(')');
      return value;
    }
    return this.operand();
  }

  private operand(): Value {
    const token = this.tokens[this.at++];
    if (token === undefined) throw new Unreadable();
    if (/^\d/.test(token)) return number(token);
    if (token.startsWith("'")) return token.charCodeAt(token.length - 2);
    if (token === 'defined') {
      const bracket = this.take('(');
      const name = this.name();
      if (bracket) this.expect(')');
      const known = isDefined(name, this.knowledge);
      return known === undefined ? undefined : Number(known);
    }
    if (!/^[A-Za-z_]/.test(token)) throw new Unreadable();
    if (this.take('(')) return this.call(token);
    return this.value(token);
  }

  /** `IS_ENABLED(CONFIG_NUMA)`; what other macros with arguments say is not known. */
  private call(name: string): Value {
    const option = this.tokens[this.at];
    let open = 1;
    while (open > 0) {
      const token = this.tokens[this.at++];
      if (token === undefined) throw new Unreadable();
      if (token === '(') open++;
      if (token === ')') open--;
    }
    const { config } = this.knowledge;
    const states = OPTION_TESTS[name];
    if (states === undefined || config === undefined) return undefined;
    return states.includes(config.get(option) ?? 'n') ? 1 : 0;
  }

  private value(name: string): Value {
    const { config } = this.knowledge;
    let text: string | undefined;
    if (name.startsWith('CONFIG_')) {
      if (config === undefined) return undefined;
      text = config.get(name) ?? '0';
      if (text === 'y') text = '1';
    } else {
      text = this.knowledge.defined.get(name);
      if (text === undefined) return this.knowledge.possible(name) ? undefined : 0;
    }
    if (this.depth >= MAX_EXPANSIONS) return undefined;
    return new Parser(text, this.knowledge, this.depth + 1).whole();
  }
}

function number(token: string): number {
  const digits = token.replace(/[uUlL]+$/, '');
  return /^0\d/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
}

function apply(operator: string, left: Value, right: Value): Value {
  if (operator === '&&') {
    if (left === 0 || right === 0) return 0;
    return left === undefined || right === undefined ? undefined : 1;
  }
  if (operator === '||') {
    if ((left ?? 0) !== 0 || (right ?? 0) !== 0) return 1;
    return left === undefined || right === undefined ? undefined : 0;
  }
  if (left === undefined || right === undefined) return undefined;
  switch (operator) {
    case '==':
      return Number(left === right);
    case '!=':
      return Number(left !== right);
    case '<':
      return Number(left < right);
    case '>':
      return Number(left > right);
    case '<=':
      return Number(left <= right);
    case '>=':
      return Number(left >= right);
    case '<<':
      return left * 2 ** right;
    case '>>':
      return Math.floor(left / 2 ** right);
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return right === 0 ? undefined : Math.trunc(left / right);
    case '%':
      return right === 0 ? undefined : left % right;
    case '&':
      return left & right;
    case '|':
      return left | right;
    default:
      return left ^ right;
  }
}

/** Whether a macro is defined, undefined where it cannot be known. */
export function isDefined(
  name: string,
  { config, defined, possible }: Knowledge,
): boolean | undefined {
  if (name.startsWith('CONFIG_')) {
    if (config === undefined) return undefined;
    // autoconf.h defines CONFIG_KVM_MODULE, and not CONFIG_KVM, for an option that is `m`.
    const value = config.get(name);
    if (value !== undefined) return value !== 'm';
    return name.endsWith('_MODULE') && config.get(name.slice(0, -7)) === 'm';
  }
  if (defined.has(name)) return true;
  return possible(name) ? undefined : false;
}

/**
 * What the expression of an `#if` says, comments and continued lines taken out before: true, false, or
 * undefined where that cannot be known or the expression cannot be read.
 */
export function evaluate(expression: string, knowledge: Knowledge): boolean | undefined {
  try {
    const value = new Parser(expression, knowledge, 0).whole();
    return value === undefined ? undefined : value !== 0;
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

/**
 * Reads a kernel's configuration: lines `CONFIG_SMP=y`; `# CONFIG_NUMA is not set` is an option that is
 * off, and so is one that is not there.
 */
export function parseConfig(text: string): Map<string, string> {
  const config = new Map<string, string>();
  for (const [, name, value] of text.matchAll(/^(CONFIG_\w+)=(.*)$/gm)) {
    if (value !== 'n') config.set(name, value.replace(/^"(.*)"$/, '$1'));
  }
  return config;
}
