import { evaluate, isDefined, type Knowledge } from './conditions.js';
import {
  beginsLine,
  closing,
  commentEnd,
  directiveEnd,
  directiveName,
  isWord,
  literalEnd,
  plain,
  wordEnd,
} from './lexer.js';
import {
  expand,
  type Macro,
  type Macros,
  mayDefine,
  parseMacro,
  splitArguments,
} from './macros.js';

/** A function that C source defines. */
export interface CFunction {
  /** As a trace names it. */
  readonly name: string;
  /** The file, as `include` names it, in which it, or the macro's invocation that makes it, stands. */
  readonly file: string;
  /** Of the definition's name, from 1. */
  readonly line: number;
  /** From its first brace to its last, as it stands in the source or in the macro that makes it. */
  readonly body: string;
  /** The words in front of the name: `static`, `inline`, `__init`, ... */
  readonly words: ReadonlySet<string>;
}

/** A file that is read. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface Source extends SourceFile {
  readonly knowledge: Knowledge;
  /** Macros of headers by which functions may be made. */
  readonly macros: Macros;
  /**
   * The file that `"x.h"` or `<linux/x.h>` means in the file `from`, undefined where it is not to be
   * had. `local` are those that belong to their includers: they are read where they are included.
   */
  readonly include: (
    name: string,
    from: string,
  ) => (SourceFile & { readonly local: boolean }) | undefined;
}

interface Token {
  /** `word`, `group` for what stands in brackets, or the character itself. */
  readonly kind: string;
  readonly text: string;
  readonly line: number;
}

/** Words that stand where a function's name could, with an argument in brackets. */
const ANNOTATION =
  /^(?:__attribute__|__attribute|__section|__releases|__acquires|__cond_acquires|__must_hold|__printf|__scanf|__aligned|__assume_aligned|__alloc_size|__realloc_size|__malloc|__copy|__typeof__|typeof|__typeof|__alias|__pure|__counted_by|__diag\w*|__no_sanitize\w*|__target|__asm__|asm|__bpf_md_ptr|__guarded_by|__nonnull|__nonstring|__returns_nonnull|__deprecated|__alignof__|_Alignas|alignas|__declspec|__acquires_shared|__releases_shared|__must_hold_shared|__cond_acquires_shared|__no_context_analysis|__context_unsafe|__excludes|__printflike|__optimize|__noendbr|__ref_stack_chk_guard|ACPI_PRINTF_LIKE)$/;

/** Words that stand behind a function's arguments. */
const BARE_ANNOTATION =
  /^(?:__must_check|__init|__exit|__cold|__pure|__used|__maybe_unused|__always_unused|__weak|noinline|notrace|noinstr|__sched|__kprobes|__ref|__visible|__no_sanitize_address|__no_kcsan|__cpuidle|__latent_entropy|__init_or_cpufeature|__init_or_module|__net_init|__net_exit|__read_mostly|__attribute_const__|__noreturn|__deprecated|__malloc|__no_kasan_or_inline|__no_profile|__nocfi|__naked|__percpu|__iomem|__user|__rcu|__force|__bpf_kfunc|__retain|__no_stack_protector|__flatten|__const|__init_memblock|__meminit|__cpuinit|__devinit|__hot|__nosavedata|__noclone|__signed)$/;

const KEYWORD =
  /^(?:if|else|for|while|do|switch|return|sizeof|struct|union|enum|typedef|const|volatile|static|extern|inline|void|char|short|int|long|float|double|signed|unsigned|bool|_Bool|u8|u16|u32|u64|s8|s16|s32|s64|size_t|ssize_t|loff_t)$/;

const STORAGE = /^(?:static|extern|inline|__inline|__always_inline|asmlinkage|__visible)$/;

/** SYSCALL_DEFINE3(read, ...), COMPAT_SYSCALL_DEFINE3, SYSCALL32_DEFINE3: of the body, see join.ts. */
const SYSCALL = /^(COMPAT_|PPC32_|)SYSCALL(?:32|64)?_DEFINE(?:[0-6]|x)$/;

/** BPF_CALL_2(bpf_map_lookup_elem, ...): its body is inlined into the function of that name. */
const BPF_CALL = /^BPF_CALL_[0-9]$/;

/**
 * DEFINE_IDTENTRY_SYSVEC(sysvec_call_function): the body is that of __sysvec_call_function, the wrapper
 * of the other name cannot be traced.
 */
const IDTENTRY = /^DEFINE_IDTENTRY_(?:SYSVEC|SYSVEC_SIMPLE|IRQ)$/;

/** Macros that make macros that make functions: deeper is nothing. */
const MAX_EXPANSIONS = 8;

/** The name a trace shows for the body behind `MACRO(first, ...)`. */
function tracedName(macro: string, group: string): string | undefined {
  const syscall = SYSCALL.exec(macro);
  if (syscall === null && !BPF_CALL.test(macro) && !IDTENTRY.test(macro)) return undefined;
  const first = splitArguments(plain(group))[0].replace(/^_(?=\w)/, (bar) =>
    syscall === null ? bar : '',
  );
  if (!/^\w+$/.test(first)) return undefined;
  if (syscall !== null) return `__do_${syscall[1] === '' ? '' : 'compat_'}sys_${first}`;
  return IDTENTRY.test(macro) ? `__${first}` : first;
}

const TRACE_EVENT_MACROS: readonly Macro[] = [
  ...['TRACE_EVENT', 'TRACE_EVENT_FN', 'TRACE_EVENT_FN_COND', 'TRACE_EVENT_CONDITION'],
  ...['TRACE_EVENT_NOP', 'TRACE_EVENT_SYSCALL', 'DECLARE_TRACE', 'DECLARE_TRACE_CONDITION'],
]
  .map((name) => ({ name, parameters: ['name', '...'], body: 'DEFINE_TRACE(name, void, 0);' }))
  .concat(
    ['DEFINE_EVENT', 'DEFINE_EVENT_FN', 'DEFINE_EVENT_PRINT', 'DEFINE_EVENT_CONDITION'].map(
      (name) => ({
        name,
        parameters: ['template', 'name', '...'],
        body: 'DEFINE_TRACE(name, void, 0);',
      }),
    ),
  );

/** A conditional that is open. */
interface Condition {
  /** Whether a later branch of it may be read. */
  mayGoOn: boolean;
  /** Whether its branch at hand is only one of several that may be meant. */
  unknown: boolean;
}

/** Definitions of one macro of which any may be meant. */
const MAX_ALTERNATIVES = 8;

/** Files that include each other must end. */
const MAX_INCLUDES = 6;

/** A header without functions is read for its macros, unless it is one of those made by machines. */
const MAX_HEADER = 65536;

/** A definition's brace, or a macro that may make one. */
const MAY_DEFINE = /^\{|\{[ \t]*\\?$/m;

class Reader {
  readonly functions: CFunction[] = [];
  private file: SourceFile;
  private includeDepth = 0;
  private readonly own = new Map<string, Macro[]>();
  private readonly knowledge: Knowledge;
  private readonly defined: Map<string, string>;
  private readonly undecided = new Set<string>();
  /** What an #undef has taken away for sure. */
  private readonly gone = new Set<string>();
  /** Open conditionals whose branch at hand may not be the one. */
  private unknownDepth = 0;

  constructor(private readonly source: Source) {
    this.file = source;
    const { config, defined, possible } = source.knowledge;
    this.defined = new Map(defined);
    this.knowledge = {
      config,
      defined: this.defined,
      possible: (name) => this.undecided.has(name) || (possible(name) && !this.gone.has(name)),
    };
  }

  /** Reads a whole file, which may end in MODULE_FUNCTION(x) without a semicolon. */
  readFile(text: string): void {
    this.invoke(this.read(text, 0), 0);
  }

  private macrosOf(name: string): readonly Macro[] {
    return this.own.get(name) ?? this.source.macros.get(name) ?? [];
  }

  /**
   * Reads declarations; what they leave without an end is returned: the head of a function, whose body
   * stands behind the macro that made it. `place`, for text made by a macro, is the line of all of it.
   */
  read(text: string, depth: number, place?: number): Token[] {
    let tokens: Token[] = [];
    const conditions: Condition[] = [];
    let line = place ?? 1;
    let counted = 0;
    const lineAt = (p: number) => {
      if (place !== undefined) return place;
      for (;;) {
        const newline = text.indexOf('\n', counted);
        if (newline < 0 || newline >= p) return line;
        counted = newline + 1;
        line++;
      }
    };
    let p = 0;
    while (p < text.length) {
      const c = text[p];
      if (c === ' ' || c === '\n' || c === '\t' || c === '\r' || c === '\f' || c === '\\') {
        p++;
      } else if (c === '#' && beginsLine(text, p)) {
        p = this.directive(text, p, conditions, depth);
      } else if (c === '/' && commentEnd(text, p) > p) {
        p = commentEnd(text, p);
      } else if (isWord(text.charCodeAt(p))) {
        const end = wordEnd(text, p);
        tokens.push({ kind: 'word', text: text.slice(p, end), line: lineAt(p) });
        p = end;
      } else if (c === '(' || c === '[') {
        const end = closing(text, p) ?? text.length;
        tokens.push({
          kind: c === '(' ? 'group' : c,
          text: text.slice(p, end),
          line: lineAt(p),
        });
        p = end;
      } else if (c === '{') {
        const end = closing(text, p) ?? endByColumn(text, p);
        if (this.define(tokens, () => text.slice(p, end), depth)) tokens = [];
        else tokens.push({ kind: '{', text: '', line: 0 });
        p = end;
      } else if (c === ';') {
        this.invoke(tokens, depth);
        tokens = [];
        p++;
      } else if (c === '"' || c === "'") {
        tokens.push({ kind: c, text: '', line: 0 });
        p = literalEnd(text, p);
      } else {
        tokens.push({ kind: c, text: c, line: 0 });
        p++;
      }
    }
    return tokens;
  }

  /** Takes a directive in; returns where to read on, behind branches that are not to be read. */
  private directive(text: string, at: number, conditions: Condition[], depth: number): number {
    const end = directiveEnd(text, at);
    const keyword = directiveName(text, at);
    const from = wordEnd(text, text.indexOf(keyword, at + 1));
    const rest = () => plain(text.slice(from, end)).trim();
    switch (keyword) {
      case 'if':
      case 'ifdef':
      case 'ifndef': {
        const value = this.decide(keyword, rest()) ?? this.isDefault(text, end, keyword, rest());
        conditions.push({ mayGoOn: value !== true, unknown: value === undefined });
        if (value === undefined) this.unknownDepth++;
        return value === false ? this.skipBranch(text, end, conditions) : end;
      }
      case 'elif':
      case 'else':
      case 'endif':
        return this.branch(keyword, rest(), text, end, conditions);
      case 'define':
        this.defineMacro(text.slice(from, end).trimStart());
        return end;
      case 'undef':
        this.undefine(rest());
        return end;
      case 'include':
        this.include(rest(), depth);
        return end;
      default:
        return end;
    }
  }

  /** Takes in all directives of a text and nothing else of it. */
  readDirectives(text: string): void {
    const conditions: Condition[] = [];
    let p = text.startsWith('#') ? 0 : nextDirective(text, 0);
    while (p < text.length) {
      const behind = this.directive(text, p, conditions, MAX_EXPANSIONS);
      p = nextDirective(text, behind);
    }
  }

  /** The text without its directives and the branches that are not to be read. */
  activeText(text: string): string {
    const conditions: Condition[] = [];
    let out = '';
    let p = 0;
    for (;;) {
      const directive = nextDirective(text, p);
      out += text.slice(p, directive);
      if (directive >= text.length) return out;
      p = this.directive(text, directive, conditions, MAX_EXPANSIONS);
    }
  }

  /** What the directives read so far have defined. */
  defines(): Header {
    const before = this.source.knowledge.defined;
    const defined = new Map([...this.defined].filter(([name]) => !before.has(name)));
    return { macros: [...this.own.values()].flat().filter(mayDefine), defined };
  }

  /**
   * Whether an `#ifndef X` guards its own `#define X`: a header that has not been read yet, or a default
   * that applies as far as this file can tell. Undefined for other conditionals.
   */
  private isDefault(text: string, end: number, keyword: string, name: string): boolean | undefined {
    if (keyword !== 'ifndef') return undefined;
    const next = nextDirective(text, end);
    if (directiveName(text, next) !== 'define') return undefined;
    const from = wordEnd(text, text.indexOf('define', next));
    const rest = text.slice(from, from + 200).trimStart();
    if (rest.slice(0, wordEnd(rest, 0)) !== name) return undefined;
    return !this.undecided.has(name);
  }

  private decide(keyword: string, expression: string): boolean | undefined {
    if (keyword === 'if' || keyword === 'elif') return evaluate(expression, this.knowledge);
    const value = isDefined(expression, this.knowledge);
    return value === undefined ? undefined : value === (keyword === 'ifdef');
  }

  /** At the end of a branch that has been read, or skipped: what comes behind it? */
  private branch(
    keyword: string,
    expression: string,
    text: string,
    end: number,
    conditions: Condition[],
  ): number {
    const condition = conditions.at(-1);
    if (condition === undefined) return end;
    if (keyword === 'endif') {
      conditions.pop();
      if (condition.unknown) this.unknownDepth--;
      return end;
    }
    if (!condition.mayGoOn) return this.skipBranch(text, end, conditions);
    if (keyword === 'else') {
      condition.mayGoOn = false;
      return end;
    }
    const value = this.decide(keyword, expression);
    if (value === true) condition.mayGoOn = false;
    if (value === undefined && !condition.unknown) {
      condition.unknown = true;
      this.unknownDepth++;
    }
    return value === false ? this.skipBranch(text, end, conditions) : end;
  }

  /** Behind `at`, to the directive that ends the branch there. */
  private skipBranch(text: string, at: number, conditions: Condition[]): number {
    let nested = 0;
    let p = at;
    for (;;) {
      p = nextDirective(text, p);
      if (p >= text.length) return p;
      const keyword = directiveName(text, p);
      const end = directiveEnd(text, p);
      if (keyword.startsWith('if')) {
        nested++;
      } else if (nested === 0 && (keyword.startsWith('el') || keyword === 'endif')) {
        const from = wordEnd(text, text.indexOf(keyword, p + 1));
        return this.branch(keyword, plain(text.slice(from, end)).trim(), text, end, conditions);
      } else if (keyword === 'endif') {
        nested--;
      }
      p = end;
    }
  }

  private undefine(name: string): void {
    this.own.set(name, []);
    const was = this.defined.delete(name);
    if (this.unknownDepth > 0) {
      if (was) this.undecided.add(name);
      return;
    }
    this.undecided.delete(name);
    this.gone.add(name);
  }

  private defineMacro(text: string): void {
    const macro = parseMacro(text);
    if (macro === undefined) {
      const nameTo = wordEnd(text, 0);
      const name = text.slice(0, nameTo);
      if (this.unknownDepth > 0) this.undecided.add(name);
      else this.defined.set(name, plain(text.slice(nameTo)).trim());
      return;
    }
    if (this.unknownDepth === 0) this.defined.set(macro.name, '');
    else this.undecided.add(macro.name);
    const known = this.own.get(macro.name);
    // In a branch that may not be the one: its alternatives count as well.
    if (known !== undefined && this.unknownDepth > 0) {
      if (known.length < MAX_ALTERNATIVES && known.every(({ body }) => body !== macro.body)) {
        known.push(macro);
      }
    } else this.own.set(macro.name, [macro]);
  }

  private include(name: string, depth: number): void {
    if (this.includeDepth >= MAX_INCLUDES || depth >= MAX_EXPANSIONS) return;
    const file = this.source.include(name, this.file.path);
    if (file === undefined) return;
    const before = this.file;
    this.file = file;
    this.includeDepth++;
    if (this.isList(file.text) || (file.local && this.readsLocal(file.text))) {
      this.invoke(this.read(file.text, depth), depth);
    } else if (file.local && file.text.length <= MAX_HEADER) {
      this.readDirectives(file.text);
    }
    if (this.defined.has('CREATE_TRACE_POINTS')) this.traceEvents(file.text, depth);
    this.includeDepth--;
    this.file = before;
  }

  /**
   * Whether a local file is read where it is included: for its functions, whose names and conditions are
   * its includer's. Without a configuration every file is read for itself, and all conditions are open.
   */
  private readsLocal(text: string): boolean {
    return this.knowledge.config !== undefined && MAY_DEFINE.test(text);
  }

  /**
   * Whether a header is a list of invocations whose macro this file has defined:
   *
   *     #define LSM_HOOK(RET, DEFAULT, NAME, ...) noinline RET bpf_lsm_##NAME(__VA_ARGS__) { return DEFAULT; }
   *     #include <linux/lsm_hook_defs.h>
   */
  private isList(text: string): boolean {
    for (const [macro, [first]] of this.own) {
      if (first === undefined || !first.body.includes('{') || !mayDefine(first)) continue;
      if (text.includes(`\n${macro}(`)) return true;
    }
    return false;
  }

  /**
   * A header of trace events: each TRACE_EVENT(sched_switch, ...) makes __traceiter_sched_switch, by way
   * of several inclusions (include/trace/define_trace.h) whose effect these macros have.
   */
  private traceEvents(text: string, depth: number): void {
    if (!text.includes('trace/define_trace.h')) return;
    const before = new Map(this.own);
    for (const macro of TRACE_EVENT_MACROS) this.own.set(macro.name, [macro]);
    this.defined.set('TRACE_HEADER_MULTI_READ', '');
    this.defined.delete('CREATE_TRACE_POINTS');
    this.invoke(this.read(text, depth), depth);
    this.defined.set('CREATE_TRACE_POINTS', '');
    this.defined.delete('TRACE_HEADER_MULTI_READ');
    for (const { name } of TRACE_EVENT_MACROS) this.own.set(name, before.get(name) ?? []);
  }

  /** Tokens that ended without a body: functions that a macro among them makes. */
  private invoke(tokens: readonly Token[], depth: number): void {
    for (let i = 0; i + 1 < tokens.length; i++) {
      const { kind, text, line } = tokens[i];
      if (kind !== 'word') {
        if (kind === '=') return;
        continue;
      }
      if (tokens[i + 1].kind === 'group') this.expandAt(text, tokens[i + 1].text, line, depth);
    }
  }

  /** Functions made by an invocation; returns the head, if any, for which it makes no body. */
  private expandAt(name: string, group: string, line: number, depth: number): Token[] {
    let head: Token[] = [];
    if (depth >= MAX_EXPANSIONS) return head;
    for (const macro of this.macrosOf(name)) {
      if (!mayDefine(macro)) continue;
      const left = this.read(expand(macro, group), depth + 1, line);
      if (left.length > 0) head = left;
      this.invoke(left, depth + 1);
    }
    return head;
  }

  /** Whether `tokens`, in front of a brace, are the head of a function, which is noted then. */
  private define(tokens: Token[], body: () => string, depth: number): boolean {
    if (tokens.some(({ kind, text }) => kind === '=' || text === 'typedef')) return false;
    const at = nameOf(tokens);
    if (at === undefined) return false;
    for (let i = 0; i < at; i++) {
      // EXPORT_SYMBOL(x), DEFINE_MUTEX(y): ended by no semicolon, as here.
      if (tokens[i].kind === 'word' && tokens[i + 1].kind === 'group') {
        this.expandAt(tokens[i].text, tokens[i + 1].text, tokens[i].line, depth);
      }
    }
    const { text, line } = tokens[at];
    const group = tokens[at + 1].text;
    const words = new Set(tokens.slice(0, at).map((token) => token.text));
    for (const token of tokens.slice(at + 2)) if (token.kind === 'word') words.add(token.text);
    for (const word of attributesOf(tokens)) words.add(word);
    const note = (name: string, more: readonly Token[] = []) =>
      this.functions.push({
        name,
        file: this.file.path,
        line,
        body: body(),
        words: new Set([...words, ...more.map((token) => token.text)]),
      });

    const traced = tracedName(text, group);
    if (traced !== undefined) {
      // What else the macro makes, such as fred_sysvec_reboot() beside __sysvec_reboot().
      if (IDTENTRY.test(text)) this.expandAt(text, group, line, depth);
      note(traced);
    } else if (tokens[at + 2]?.kind === 'group') {
      // FNAME(walk_addr)(struct guest_walker *walker, ...) {
      const names = this.macrosOf(text).map((macro) => expand(macro, group).trim());
      for (const name of names) if (/^\w+$/.test(name)) note(name);
    } else if (hasType(tokens, at)) {
      note(this.renamed(text));
    } else {
      // DEFINE_IDTENTRY(exc_divide_error) {: the macro makes the head.
      const head = this.expandAt(text, group, line, depth);
      const inner = nameOf(head);
      if (inner !== undefined) note(this.renamed(head[inner].text), head.slice(0, inner));
      else note(text);
    }
    return true;
  }

  /** `#define queued_spin_lock_slowpath native_queued_spin_lock_slowpath` */
  private renamed(name: string): string {
    const text = this.defined.get(name);
    return text !== undefined && /^[A-Za-z_]\w*$/.test(text) ? text : name;
  }
}

/** What `__attribute__((weak))` and its like are short for. */
function attributesOf(tokens: readonly Token[]): string[] {
  const found: string[] = [];
  for (const [i, { text }] of tokens.entries()) {
    if (text !== '__attribute__' && text !== '__attribute') continue;
    const group = tokens[i + 1]?.text ?? '';
    if (/\b_*weak_*\b/.test(group)) found.push('__weak');
    if (/\b_*no_instrument_function_*\b/.test(group)) found.push('notrace');
  }
  return found;
}

/** Whether words that are no mere storage class stand in front of a name: its type. */
function hasType(tokens: readonly Token[], at: number): boolean {
  for (let i = at - 1; i >= 0 && tokens[i].kind !== 'group'; i--) {
    const { kind, text } = tokens[i];
    if (kind === '*') return true;
    if (kind === 'word' && !STORAGE.test(text) && !BARE_ANNOTATION.test(text)) return true;
  }
  return false;
}

/** The next directive's `#` behind `at`, or the text's end. */
function nextDirective(text: string, at: number): number {
  let p = at;
  for (;;) {
    p = text.indexOf('\n', p);
    if (p < 0) return text.length;
    p++;
    let q = p;
    while (text[q] === ' ' || text[q] === '\t') q++;
    if (text[q] === '#') return q;
  }
}

/** Behind the brace in the first column that must be the function's last; the text's end without one. */
function endByColumn(text: string, at: number): number {
  const close = text.indexOf('\n}', at);
  return close < 0 ? text.length : close + 2;
}

/**
 * Where, in the tokens in front of a brace, the function's name stands:
 *
 *     static int foo(int a) __releases(lock)          foo
 *     DEFINE_MUTEX(lock) static void bar(void)        bar, not the macro that lacks its semicolon
 *     struct __packed foo                             none: a type
 */
function nameOf(tokens: readonly Token[]): number | undefined {
  const places: number[] = [];
  for (let i = 0; i + 1 < tokens.length; i++) {
    const { kind, text } = tokens[i];
    if (kind !== 'word' || tokens[i + 1].kind !== 'group') continue;
    if (!KEYWORD.test(text) && !ANNOTATION.test(text) && !/^\d/.test(text)) places.push(i);
  }
  let chosen = places[0];
  for (const next of places.slice(1)) {
    const between = tokens.slice(chosen + 2, next);
    const type = between.some(({ kind, text }) => kind === 'word' && !BARE_ANNOTATION.test(text));
    if (!type && hasType(tokens, chosen)) break;
    chosen = next;
  }
  if (chosen === undefined) return undefined;
  // struct foo bar {: a type's brace stands behind its keyword and name.
  const last = tokens[tokens.length - 1];
  const before = tokens[tokens.length - 2];
  if (
    last.kind === 'word' &&
    before?.kind === 'word' &&
    /^(?:struct|union|enum)$/.test(before.text)
  ) {
    return undefined;
  }
  return chosen;
}

/**
 * Finds the functions that C source defines, and those of the local files that it includes, in the order
 * in which the compiler reads them.
 */
export function findFunctions(source: Source): CFunction[] {
  const reader = new Reader(source);
  reader.readFile(source.text);
  return reader.functions;
}

/** What a header defines for others. */
export interface Header {
  /** Macros by which functions may be made. */
  readonly macros: readonly Macro[];
  /** Macros without conditions that cannot be decided, with their text. */
  readonly defined: ReadonlyMap<string, string>;
}

/** Reads the directives of a header. */
export function readHeader(file: SourceFile, knowledge: Knowledge): Header {
  const reader = new Reader({ ...file, knowledge, macros: new Map(), include: () => undefined });
  reader.readDirectives(file.text);
  return reader.defines();
}

/** A function's body as `knowledge` leaves it: without directives, and without branches not compiled. */
export function activeBody(body: string, file: SourceFile, knowledge: Knowledge): string {
  const reader = new Reader({ ...file, knowledge, macros: new Map(), include: () => undefined });
  return reader.activeText(body);
}
