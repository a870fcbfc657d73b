/** Positions in C source, held as a string in which each character is one byte (latin1). */

const NEWLINE = 10;
const SPACE = 32;
const QUOTE = 34;
const HASH = 35;
const APOSTROPHE = 39;
const STAR = 42;
const SLASH = 47;
const BACKSLASH = 92;

/** By character code: 1 where a name may go on. */
const WORD = new Uint8Array(256);
for (let c = 0; c < 256; c++) if (/[A-Za-z0-9_$]/.test(String.fromCharCode(c))) WORD[c] = 1;

/** Whether a character code belongs in a name or a number. */
export function isWord(code: number): boolean {
  return WORD[code] === 1;
}

/** Behind the name or number at `at`. */
export function wordEnd(text: string, at: number): number {
  let p = at;
  while (WORD[text.charCodeAt(p)] === 1) p++;
  return p;
}

/** Behind the comment at `at`; `at` itself where none begins. */
export function commentEnd(text: string, at: number): number {
  if (text.charCodeAt(at) !== SLASH) return at;
  const next = text.charCodeAt(at + 1);
  if (next === STAR) {
    const end = text.indexOf('*/', at + 2);
    return end < 0 ? text.length : end + 2;
  }
  if (next !== SLASH) return at;
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

/**
 * Behind the string or character literal whose quote stands at `at`. A quote without its like on the same
 * line is no literal (`#error don't`): behind the quote.
 */
export function literalEnd(text: string, at: number): number {
  const quote = text.charCodeAt(at);
  for (let p = at + 1; p < text.length; p++) {
    const code = text.charCodeAt(p);
    if (code === quote) return p + 1;
    if (code === NEWLINE) break;
    if (code === BACKSLASH) p++;
  }
  return at + 1;
}

/** The end, a newline or the text's, of the directive at `at`: behind backslashes and comments it goes on. */
export function directiveEnd(text: string, at: number): number {
  let p = at;
  while (p < text.length) {
    const code = text.charCodeAt(p);
    if (code === NEWLINE) return p;
    if (code === BACKSLASH) p += text.startsWith('\r\n', p + 1) ? 3 : 2;
    else if (code === QUOTE || code === APOSTROPHE) p = literalEnd(text, p);
    else if (code === SLASH) p = Math.max(commentEnd(text, p), p + 1);
    else p++;
  }
  return text.length;
}

/** Whether only blanks stand before `at` on its line. */
export function beginsLine(text: string, at: number): boolean {
  let p = at - 1;
  while (p >= 0 && text.charCodeAt(p) <= SPACE && text.charCodeAt(p) !== NEWLINE) p--;
  return p < 0 || text.charCodeAt(p) === NEWLINE;
}

/** The keyword of the directive at `at`, its `#`: `ifdef`. */
export function directiveName(text: string, at: number): string {
  let p = at + 1;
  while (text.charCodeAt(p) === SPACE || text.charCodeAt(p) === 9) p++;
  return text.slice(p, wordEnd(text, p));
}

const OPENING = /[({[]/;
const OPENS = new Uint8Array(256);
const CLOSES = new Uint8Array(256);
for (const c of '({[') OPENS[c.charCodeAt(0)] = 1;
for (const c of ')}]') CLOSES[c.charCodeAt(0)] = 1;

/**
 * Behind the bracket that closes the one at `at`, undefined where none does. Brackets are counted without
 * regard to their kind. The branches of a conditional each begin with as many open as the first one:
 *
 *     #ifdef CONFIG_SMP
 *             if (cpu_online(cpu)) {
 *     #else
 *             if (true) {
 *     #endif
 */
export function closing(text: string, at: number): number | undefined {
  if (!OPENING.test(text[at])) throw new RangeError('no bracket');
  const outside: number[] = [];
  let depth = 0;
  let p = at;
  while (p < text.length) {
    const code = text.charCodeAt(p);
    if (OPENS[code] === 1) {
      depth++;
      p++;
    } else if (CLOSES[code] === 1) {
      p++;
      if (--depth === 0) return p;
    } else if (code === QUOTE || code === APOSTROPHE) {
      p = literalEnd(text, p);
    } else if (code === SLASH) {
      p = Math.max(commentEnd(text, p), p + 1);
    } else if (code === HASH && beginsLine(text, p)) {
      const name = directiveName(text, p);
      if (name.startsWith('if')) outside.push(depth);
      else if (name === 'else' || name.startsWith('elif')) depth = outside.at(-1) ?? depth;
      else if (name === 'endif') outside.pop();
      p = directiveEnd(text, p);
    } else {
      p++;
    }
  }
  return undefined;
}

/** Text without comments, each a space, and with continued lines joined. */
export function plain(text: string): string {
  let out = '';
  let from = 0;
  let p = 0;
  while (p < text.length) {
    const code = text.charCodeAt(p);
    if (code === QUOTE || code === APOSTROPHE) {
      p = literalEnd(text, p);
      continue;
    }
    const end = code === SLASH ? commentEnd(text, p) : p;
    if (end > p) {
      out += `${text.slice(from, p)} `;
      from = p = end;
    } else if (code === BACKSLASH && /^\r?\n/.test(text.slice(p + 1, p + 3))) {
      out += text.slice(from, p);
      p = from = text.indexOf('\n', p) + 1;
    } else {
      p++;
    }
  }
  return out + text.slice(from);
}
