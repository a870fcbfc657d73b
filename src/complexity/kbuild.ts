/** What one Makefile of the kernel says: what is built in its directory, and where else to look. */
export interface Makefile {
  /** Sources by their names without extension, `read_write` for read_write.o, relative to the directory. */
  readonly objects: ReadonlySet<string>;
  /** Where the source of an object lies if not beside it, from the root, without extension. */
  readonly elsewhere: ReadonlyMap<string, string>;
  /** Directories, relative to the Makefile's, without the last slash. */
  readonly directories: ReadonlySet<string>;
  /** Names that the compiler is given with -D. */
  readonly defines: ReadonlySet<string>;
}

interface Context {
  readonly variables: Map<string, string>;
  /** Sources that lie elsewhere: from the object's path to the source's, without extensions. */
  readonly rules: (readonly [string, string])[];
  readonly include: (path: string) => string | undefined;
}

/** Makefiles that include each other must end. */
const MAX_INCLUDES = 8;
const MAX_DEPTH = 16;

/** Words of a list; make knows no others. */
function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function matches(pattern: string, word: string): boolean {
  const percent = pattern.indexOf('%');
  if (percent < 0) return pattern === word;
  const [before, after] = [pattern.slice(0, percent), pattern.slice(percent + 1)];
  return (
    word.length >= before.length + after.length && word.startsWith(before) && word.endsWith(after)
  );
}

function substitute(pattern: string, into: string, word: string): string {
  if (!matches(pattern, word)) return word;
  const percent = pattern.indexOf('%');
  if (percent < 0) return into;
  const stem = word.slice(percent, word.length - (pattern.length - percent - 1));
  return into.replace('%', stem);
}

/** Behind the bracket that closes the one at `at`. */
function closeOf(text: string, at: number): number {
  const open = text[at];
  const close = open === '(' ? ')' : '}';
  let depth = 0;
  for (let p = at; p < text.length; p++) {
    if (text[p] === open) depth++;
    if (text[p] === close && --depth === 0) return p + 1;
  }
  return text.length;
}

/** Cuts at commas outside brackets, at most into `limit` parts. */
function parts(text: string, limit: number): string[] {
  const found: string[] = [];
  let from = 0;
  for (let p = 0; p < text.length && found.length + 1 < limit; p++) {
    if (text[p] === '$' && /[({]/.test(text[p + 1] ?? '')) {
      p = closeOf(text, p + 1) - 1;
    } else if (text[p] === ',') {
      found.push(text.slice(from, p));
      from = p + 1;
    }
  }
  found.push(text.slice(from));
  return found;
}

/** The functions of make that the kernel's lists are written with; the others give nothing. */
function call(name: string, text: string, context: Context, depth: number): string {
  const limit = { subst: 3, patsubst: 3, if: 3, filter: 2, 'filter-out': 2 }[name] ?? 100;
  const given = parts(text, limit).map((part) => part.trimStart());
  const value = (i: number) => expandText(given[i] ?? '', context, depth);
  switch (name) {
    case 'subst':
      return value(2).split(value(0)).join(value(1));
    case 'patsubst':
      return words(value(2))
        .map((word) => substitute(value(0).trim(), value(1).trim(), word))
        .join(' ');
    case 'filter':
    case 'filter-out': {
      const patterns = words(value(0));
      const wanted = name === 'filter';
      return words(value(1))
        .filter((word) => patterns.some((pattern) => matches(pattern, word)) === wanted)
        .join(' ');
    }
    case 'if':
      return value(0).trim() !== '' ? value(1) : value(2);
    case 'or':
      return given.map((_, i) => value(i)).find((text) => text.trim() !== '') ?? '';
    case 'and':
      return given.every((_, i) => value(i).trim() !== '') ? value(given.length - 1) : '';
    case 'strip':
    case 'sort':
      return words(value(0)).join(' ');
    case 'addprefix':
      return words(value(1))
        .map((word) => value(0) + word)
        .join(' ');
    case 'addsuffix':
      return words(value(1))
        .map((word) => word + value(0))
        .join(' ');
    case 'basename':
      return words(value(0))
        .map((word) => word.replace(/\.[^./]*$/, ''))
        .join(' ');
    default:
      return '';
  }
}

/** The text with its `$(...)` in place. */
function expandText(text: string, context: Context, depth = 0): string {
  if (depth > MAX_DEPTH || !text.includes('$')) return text;
  let out = '';
  let p = 0;
  while (p < text.length) {
    if (text[p] !== '$') {
      out += text[p++];
      continue;
    }
    if (text[p + 1] !== '(' && text[p + 1] !== '{') {
      p += 2;
      continue;
    }
    const end = closeOf(text, p + 1);
    const inside = text.slice(p + 2, end - 1);
    p = end;
    const space = /^([a-z-]+)[ \t]+/.exec(inside);
    if (space !== null) {
      out += call(space[1], inside.slice(space[0].length), context, depth + 1);
      continue;
    }
    const name = expandText(inside, context, depth + 1);
    const from = /^([^:]+):([^=]*)=(.*)$/.exec(name);
    if (from !== null) {
      const value = expandText(context.variables.get(from[1]) ?? '', context, depth + 1);
      const [old, into] = from[2].includes('%')
        ? [from[2], from[3]]
        : [`%${from[2]}`, `%${from[3]}`];
      out += words(value)
        .map((word) => substitute(old, into, word))
        .join(' ');
    } else {
      out += expandText(context.variables.get(name) ?? '', context, depth + 1);
    }
  }
  return out;
}

function unquoted(text: string): string {
  return text.trim().replace(/^(["'])(.*)\1$/, '$2');
}

/** `($(CONFIG_X),y)` or `"$(CONFIG_X)" "y"`. */
function isEqual(text: string, context: Context): boolean {
  const trimmed = text.trim();
  if (trimmed.startsWith('(')) {
    const [left, right] = parts(trimmed.slice(1, trimmed.lastIndexOf(')')), 2);
    return expandText(left, context).trim() === expandText(right ?? '', context).trim();
  }
  const quoted = /^(".*?"|'.*?')\s*(".*?"|'.*?')$/.exec(trimmed);
  if (quoted === null) return false;
  return expandText(unquoted(quoted[1]), context) === expandText(unquoted(quoted[2]), context);
}

// obj-$(subst m,y,$(CONFIG_IPV6)) += inet6_hashtables.o
const ASSIGNMENT =
  /^\s*(?:export\s+|override\s+)?((?:\$\((?:[^()]|\([^()]*\))*\)|\$\{[^}]*\}|[^\s:=?+#$])+)\s*(:=|::=|\?=|\+=|=)\s*(.*)$/;

// $(obj)/%.o: $(srctree)/tools/lib/bpf/%.c FORCE, where srctree is the root, `.`
const RULE = /^(\S+)\.o\s*:\s*(\.\/\S+)\.c\b/;

/** Runs a Makefile's assignments, conditionals and includes; rules are passed over. */
function run(text: string, context: Context, depth: number): void {
  const { variables } = context;
  // Of each open conditional: is this branch read, has one been, is what is around it read.
  const open: { active: boolean; done: boolean; outside: boolean }[] = [];
  const active = () => open.at(-1)?.active ?? true;
  const test = (keyword: string, rest: string): boolean => {
    if (keyword === 'ifeq') return isEqual(rest, context);
    if (keyword === 'ifneq') return !isEqual(rest, context);
    const value = variables.get(expandText(rest, context).trim()) ?? '';
    return (value !== '') === (keyword === 'ifdef');
  };
  let inDefine = false;
  let inRule = false;
  for (const whole of text.replace(/\\\r?\n/g, ' ').split('\n')) {
    const line = whole.replace(/(^|[^\\])#.*$/, '$1').trimEnd();
    if (line === '') continue;
    if (inDefine) {
      inDefine = !/^\s*endef\b/.test(line);
      continue;
    }
    const conditional = /^\s*(ifeq|ifneq|ifdef|ifndef)\b(.*)$/.exec(line);
    if (conditional !== null) {
      const outside = active();
      const yes = outside && test(conditional[1], conditional[2]);
      open.push({ active: yes, done: yes, outside });
      continue;
    }
    const otherwise = /^\s*else\b\s*(ifeq|ifneq|ifdef|ifndef)?(.*)$/.exec(line);
    const innermost = open.at(-1);
    if (otherwise !== null && innermost !== undefined) {
      const may = innermost.outside && !innermost.done;
      const yes = may && (otherwise[1] === undefined || test(otherwise[1], otherwise[2]));
      innermost.active = yes;
      innermost.done ||= yes;
      continue;
    }
    if (/^\s*endif\b/.test(line)) {
      open.pop();
      continue;
    }
    if (!active()) continue;
    if (/^\s*define\b/.test(line)) {
      inDefine = true;
      continue;
    }
    const included = /^\s*-?s?include\s+(.*)$/.exec(line);
    if (included !== null) {
      for (const path of words(expandText(included[1], context))) {
        const more = depth < MAX_INCLUDES ? context.include(path) : undefined;
        if (more !== undefined) run(more, context, depth + 1);
      }
      continue;
    }
    if (inRule && line.startsWith('\t')) continue;
    const assignment = ASSIGNMENT.exec(line);
    inRule = assignment === null && line.includes(':');
    if (inRule) {
      const rule = RULE.exec(expandText(line, context));
      if (rule !== null) context.rules.push([rule[1], rule[2]]);
    }
    if (assignment === null) continue;
    const [, left, operator, right] = assignment;
    const name = expandText(left, context).trim();
    const value = variables.get(name);
    if (operator === '+=') {
      variables.set(name, `${value ?? ''} ${expandText(right, context)}`);
    } else if (operator !== '?=' || value === undefined) {
      // Of lists it makes no difference whether they are put in place now or when they are used.
      variables.set(name, operator === '=' ? right : expandText(right, context));
    }
  }
}

/** Lists whose members are built: into the kernel, a library of it, or modules. */
const LISTS = /^(?:obj|lib|core|libs|drivers|net|virt|init)-(?:y|m)$/;

/**
 * What a kernel of configuration `config` builds of a directory, by the text of its Makefile or Kbuild.
 * `variables` are others that the top Makefile sets: SRCARCH, BITS, srctree, src, obj. `include` gives
 * the text of a file that it includes.
 */
export function readMakefile(
  text: string,
  config: ReadonlyMap<string, string>,
  variables: Readonly<Record<string, string>>,
  include: (path: string) => string | undefined,
): Makefile {
  const context: Context = {
    variables: new Map([...config, ...Object.entries(variables)]),
    rules: [],
    include,
  };
  run(text, context, 0);

  const objects = new Set<string>();
  const directories = new Set<string>();
  const defines = new Set<string>();
  const list = (name: string) => words(expandText(context.variables.get(name) ?? '', context));
  const add = (target: string, depth: number) => {
    if (target.endsWith('/')) directories.add(target.slice(0, -1));
    if (!target.endsWith('.o')) return;
    const name = target.slice(0, -2);
    // `kvm-y := x86.o`, `kvm-objs := ...`: the members of kvm.o, which then has no source of its own.
    const lists = [`${name}-objs`, `${name}-y`, `${name}-m`, `${name}-objs-y`];
    if (lists.some((l) => context.variables.has(l)) && depth < MAX_DEPTH) {
      for (const l of lists)
        for (const member of list(l)) if (member !== target) add(member, depth + 1);
    }
    objects.add(name);
  };
  for (const name of context.variables.keys()) {
    if (LISTS.test(name)) for (const target of list(name)) add(target, 0);
    if (/^(?:subdir-)?ccflags-|^CFLAGS_|_flags$|^KBUILD_CFLAGS$/.test(name)) {
      for (const flag of list(name)) {
        const define = /^-D(\w+)/.exec(flag);
        if (define !== null) defines.add(define[1]);
      }
    }
  }
  const elsewhere = new Map<string, string>();
  for (const name of objects) {
    for (const [target, source] of context.rules) {
      const path = `${variables.obj}/${name}`;
      if (matches(target, path)) elsewhere.set(name, substitute(target, source, path));
    }
  }
  return { objects, directories, defines, elsewhere };
}

/** The directories of the top Makefile, before Linux 6.1 put them into a Kbuild file of its own. */
export function topDirectories(arch: string): string[] {
  return [
    'init',
    'usr',
    'kernel',
    'certs',
    'mm',
    'fs',
    'ipc',
    'security',
    'crypto',
    'io_uring',
    'block',
    'lib',
    'drivers',
    'sound',
    'samples',
    'net',
    'virt',
    `arch/${arch}`,
    `arch/${arch}/lib`,
  ];
}
