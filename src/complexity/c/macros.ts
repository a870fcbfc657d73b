import { closing, literalEnd, plain, wordEnd } from './lexer.js';

/** A macro with arguments. */
export interface Macro {
  readonly name: string;
  /** The last may be `...` or `args...`. */
  readonly parameters: readonly string[];
  /** Lines and all, comments taken out. */
  readonly body: string;
}

/** Several definitions of one name: where conditions cannot be known, any of them may be meant. */
export interface Macros {
  get(name: string): readonly Macro[] | undefined;
}

/**
 * Reads `NAME(a, b) body`, the text of a #define behind its keyword. Undefined for a macro without
 * arguments. The body keeps its line breaks, so that what it makes is laid out as it stands there.
 */
export function parseMacro(text: string): Macro | undefined {
  const nameTo = wordEnd(text, 0);
  if (nameTo === 0 || text[nameTo] !== '(') return undefined;
  const close = text.indexOf(')', nameTo);
  if (close < 0) return undefined;
  const parameters = plain(text.slice(nameTo + 1, close))
    .split(',')
    .map((parameter) => parameter.trim());
  const body = withoutComments(text.slice(close + 1)).replace(/\\\r?\n/g, '\n');
  return { name: text.slice(0, nameTo), parameters, body };
}

function withoutComments(text: string): string {
  return text.includes('/*') || text.includes('//')
    ? text.replace(/"(?:\\.|[^"\\\n])*"|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (found) =>
        found[0] === '"' ? found : ' ',
      )
    : text;
}

/** Whether an invocation of the macro between declarations may define functions. */
export function mayDefine({ body }: Macro): boolean {
  const text = body.trim();
  if (/^(?:do\b|while\b|if\b|for\b|\(|\{|[0-9"])/.test(text)) return false;
  // A definition, another macro's invocation, or the head of a function whose body follows.
  return text.includes('{') || /^[\w\s*#]+\(/.test(text);
}

/** The arguments between the brackets of an invocation: `(a, f(b, c))` gives `a` and `f(b, c)`. */
export function splitArguments(group: string): string[] {
  const found: string[] = [];
  const end = group.length - 1;
  let from = 1;
  let p = 1;
  while (p < end) {
    const c = group[p];
    if (c === '"' || c === "'") {
      p = literalEnd(group, p);
    } else if (c === '(' || c === '{' || c === '[') {
      p = closing(group, p) ?? end;
    } else {
      if (c === ',') {
        found.push(group.slice(from, p).trim());
        from = p + 1;
      }
      p++;
    }
  }
  found.push(group.slice(from, end).trim());
  return found;
}

const PIECES = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\s*##\s*|#\s*[A-Za-z_]\w*|[A-Za-z_]\w*/g;

/** The macro's body with the arguments of `group`, brackets included, in their places. */
export function expand(macro: Macro, group: string): string {
  const given = splitArguments(plain(group));
  const values = new Map<string, string>();
  for (const [i, parameter] of macro.parameters.entries()) {
    if (parameter.endsWith('...')) {
      const name = parameter === '...' ? '__VA_ARGS__' : parameter.slice(0, -3).trim();
      values.set(name, given.slice(i).join(', '));
    } else if (parameter !== '') {
      values.set(parameter, given[i] ?? '');
    }
  }
  return macro.body.replace(PIECES, (piece) => {
    if (/^\s*##/.test(piece)) return '';
    if (piece.startsWith('#')) return `"${values.get(piece.slice(1).trim()) ?? ''}"`;
    return values.get(piece) ?? piece;
  });
}
