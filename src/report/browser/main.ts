/// <reference lib="dom" />
import { type PageData, spread, sums } from '../packed.js';

// The script of the page: search, filter, sort, pages, and what is known of a function. All text goes into
// the page as text, never as markup: names are whatever a trace holds.

const PATH = 'Shortest call path seen';

const data = JSON.parse(document.getElementById('data')!.textContent!) as PageData;
const parent = sums(data.parent);
const nameAt = sums(data.name);
const callOf = new Map(
  data.callOf.flatMap((place, i) =>
    i % 2 === 0 ? [[place, data.syscalls[data.callOf[i + 1]]] as const] : [],
  ),
);
const groups = data.groups.map((group) => ({
  ...group,
  calls: spread(group, group.calls, 0),
  path: spread(group, sums(group.path), -1),
}));
/** Rows of a page: fewer where there are many columns, so that a key is answered at once. */
const PAGE = Math.max(10, Math.min(100, Math.floor(1200 / (groups.length + 3))));
const names = data.names.slice(0, data.functions);
const lower = names.map((name) => name.toLowerCase());

const form = document.getElementById('filter') as HTMLFormElement;
const query = document.getElementById('query') as HTMLInputElement;
const subsystem = document.getElementById('subsystem') as HTMLSelectElement;
const least = document.getElementById('least') as HTMLInputElement;
const differ = document.getElementById('differ') as HTMLInputElement;
const byGroup = Array.from(form.querySelectorAll<HTMLSelectElement>('select[data-group]'));
const found = document.getElementById('found')!;
const matrix = document.getElementById('matrix') as HTMLTableElement;
const head = matrix.tHead!;
const body = matrix.tBodies[0];
const previous = document.getElementById('previous') as HTMLButtonElement;
const next = document.getElementById('next') as HTMLButtonElement;
const pageText = document.getElementById('page')!;

/** -1 and on: name, subsystem, complexity, then the groups. */
let sortBy = 0;
let descending = false;
let page = 0;
let shown: number[] = [];
let opened: number | undefined;

const FIXED = 3;
const columns = ['Function', 'Subsystem', 'Complexity'];

function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const plural = (n: number, what: string) =>
  `${n.toLocaleString('en-US')} ${what}${n === 1 ? '' : 's'}`;

function keep(index: number, wanted: string): boolean {
  if (wanted !== '' && !lower[index].includes(wanted)) return false;
  if (subsystem.value !== '' && data.subsystem[index] !== Number(subsystem.value)) return false;
  if (least.value !== '' && data.score[index] < Number(least.value)) return false;
  for (const select of byGroup) {
    if (select.value === '') continue;
    const seen = groups[Number(select.dataset.group)].seen[index] > 0;
    if (seen !== (select.value === 'yes')) return false;
  }
  if (!differ.checked) return true;
  return groups.some(({ seen }) => seen[index] > 0) && groups.some(({ seen }) => seen[index] === 0);
}

function compare(a: number, b: number): number {
  if (sortBy === 1) {
    const by = data.subsystem[a] - data.subsystem[b];
    return by === 0 ? a - b : descending ? -by : by;
  }
  if (sortBy === 0) return descending ? b - a : a - b;
  const column = sortBy === 2 ? data.score : groups[sortBy - FIXED].seen;
  const by = column[a] - column[b];
  return by === 0 ? a - b : descending ? -by : by;
}

function filter(): void {
  const wanted = query.value.trim().toLowerCase();
  shown = [];
  for (let i = 0; i < data.functions; i++) if (keep(i, wanted)) shown.push(i);
  shown.sort(compare);
  page = 0;
  opened = undefined;
  const all = plural(data.functions, 'function');
  found.textContent =
    shown.length === data.functions ? all : `${shown.length.toLocaleString('en-US')} of ${all}`;
  draw();
}

function drawHead(): void {
  const cells = [...columns, ...groups.map(({ runtime }) => runtime)].map((text, index) => {
    const button = make('button', { type: 'button', 'data-sort': String(index) }, text);
    if (index >= FIXED) button.append(make('small', {}, groups[index - FIXED].application));
    const place = index === 2 ? 'number' : index < FIXED ? '' : 'cell';
    return make('th', { scope: 'col', 'aria-sort': 'none', class: place }, button);
  });
  head.replaceChildren(make('tr', {}, ...cells));
}

/** Marks the column that the functions are sorted by, and no other. */
function markSorted(): void {
  head.querySelector('[aria-sort]:not([aria-sort="none"])')?.setAttribute('aria-sort', 'none');
  head.querySelector('.sorted')?.remove();
  const button = head.querySelector(`button[data-sort="${sortBy}"]`)!;
  button.append(make('span', { 'aria-hidden': 'true', class: 'sorted' }, descending ? ' ▾' : ' ▴'));
  button.parentElement!.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
}

/** What a cell shows, with words for those who do not see it; a hidden element beside it would double the time to draw. */
function sign(text: string, says: string): HTMLSpanElement {
  return make('span', { role: 'img', 'aria-label': says }, text);
}

function cell(group: number, index: number): HTMLTableCellElement {
  const { seen, runs } = groups[group];
  const n = seen[index];
  if (n === 0) return make('td', { class: 'cell none' }, sign('·', 'not reached'));
  const says = runs === 1 ? 'reached' : `reached in ${n} of ${runs} runs`;
  return make('td', { class: 'cell', title: says }, sign(n === runs ? '●' : String(n), says));
}

function row(index: number): HTMLTableRowElement {
  const open = index === opened;
  const button = make(
    'button',
    {
      type: 'button',
      'data-function': String(index),
      'aria-expanded': String(open),
      ...(open ? { 'aria-controls': 'detail' } : {}),
    },
    names[index],
  );
  const score = data.score[index];
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }, button),
    make('td', {}, data.subsystems[data.subsystem[index]]),
    make('td', { class: 'number' }, score < 0 ? '–' : String(score)),
    ...groups.map((_, group) => cell(group, index)),
  );
}

/** The names of a call path, by their places, the outermost caller first. */
function pathOf(node: number): number[] {
  const steps: number[] = [];
  for (let at = node; at >= 0; at = parent[at]) steps.push(nameAt[at]);
  return steps.reverse();
}

/** The same path is told once, for all groups that have it. */
function detail(index: number): HTMLTableRowElement {
  const file = data.files[data.file[index]];
  const score = data.score[index];
  const line = data.line[index];
  const rows: HTMLTableRowElement[] = [];
  const paths = new Map<number, HTMLTableRowElement>();
  for (const group of groups) {
    const n = group.seen[index];
    if (n === 0) continue;
    const node = group.path[index];
    const who = `${group.runtime}, ${group.application}`;
    const how = group.runs === 1 ? '' : `, ${n} of ${group.runs} runs`;
    const calls = node < 0 ? '' : `: ${plural(group.calls[index], 'call')}`;
    const text = `${who}${how}${calls}`;
    const known = paths.get(node);
    if (known !== undefined) {
      known.cells[0].append(make('br'), text);
      continue;
    }
    const places = pathOf(node);
    const call = places.map((place) => callOf.get(place)).find((name) => name !== undefined);
    const none = node < 0 ? 'not known' : 'none on this path';
    const steps = places.map((place, depth) => {
      const step = data.names[place];
      const item = make('li', {}, step === '?' ? '? (not in the trace)' : step);
      item.style.paddingLeft = `${Math.min(depth, 12) * 0.7}rem`;
      return item;
    });
    const made = make(
      'tr',
      {},
      make('td', { 'data-label': 'Reached by' }, text),
      make('td', { 'data-label': 'System call' }, call ?? none),
      make('td', { 'data-label': PATH }, make('ol', { class: 'path' }, ...steps)),
    );
    paths.set(node, made);
    rows.push(made);
  }
  const absent = groups.filter(({ seen }) => seen[index] === 0);
  const where =
    file === ''
      ? 'Not in the table of scores: neither its file nor its complexity is known.'
      : `Defined in ${file}${line < 0 ? '' : `, line ${line}`}; complexity ${score < 0 ? 'not known' : score}; subsystem ${data.subsystems[data.subsystem[index]]}.`;
  const not =
    absent.length === 0
      ? 'Reached under every runtime.'
      : `Not reached by: ${absent.map(({ runtime, application }) => `${runtime}, ${application}`).join('; ')}.`;
  return make(
    'tr',
    { class: 'detail', id: 'detail' },
    make(
      'td',
      { colspan: String(FIXED + groups.length) },
      make(
        'div',
        { class: 'box' },
        make('div', {}, where),
        make('div', {}, not),
        make(
          'table',
          {},
          make(
            'thead',
            {},
            make(
              'tr',
              {},
              ...['Reached by', 'System call', PATH].map((text) =>
                make('th', { scope: 'col' }, text),
              ),
            ),
          ),
          make('tbody', {}, ...rows),
        ),
      ),
    ),
  );
}

function drawRows(indices: readonly number[]): void {
  body.replaceChildren(
    ...indices.flatMap((index) => (index === opened ? [row(index), detail(index)] : [row(index)])),
  );
}

function draw(): void {
  const pages = Math.max(1, Math.ceil(shown.length / PAGE));
  drawRows(shown.slice(page * PAGE, (page + 1) * PAGE));
  pageText.textContent = `Page ${page + 1} of ${pages}`;
  previous.disabled = page === 0;
  next.disabled = page >= pages - 1;
}

function buttonOf(index: number): HTMLButtonElement | null {
  return body.querySelector(`button[data-function="${index}"]`);
}

/** Opens a function's details, or closes them; the focus stays on its button. */
function toggle(index: number): void {
  opened = opened === index ? undefined : index;
  const { hash } = location;
  const wanted =
    opened === undefined ? '#functions' : `#function=${encodeURIComponent(names[index])}`;
  if (hash !== wanted) history.replaceState(null, '', wanted);
  draw();
  buttonOf(index)?.focus({ preventScroll: true });
}

/** Shows the function that the address names, as a link from elsewhere does. */
function followAddress(): void {
  const [, name] = /^#function=(.+)$/.exec(location.hash) ?? [];
  if (name === undefined) return;
  let wanted: string;
  try {
    wanted = decodeURIComponent(name);
  } catch {
    return;
  }
  const index = names.indexOf(wanted);
  if (index < 0 || index === opened) return;
  form.reset();
  // After the reset has been followed by its filtering.
  setTimeout(() => {
    page = Math.floor(shown.indexOf(index) / PAGE);
    opened = index;
    draw();
    const button = buttonOf(index);
    button?.scrollIntoView({ block: 'center' });
    button?.focus({ preventScroll: true });
  });
}

function turn(by: number): void {
  page += by;
  opened = undefined;
  draw();
  const first = body.querySelector('button');
  first?.focus({ preventScroll: true });
  matrix.scrollIntoView({ block: 'start' });
}

for (const [index, name] of data.subsystems.entries()) {
  const n = data.subsystem.filter((at) => at === index).length;
  subsystem.append(make('option', { value: String(index) }, `${name} (${n})`));
}

form.addEventListener('submit', (event) => event.preventDefault());
let waiting = false;
// Several keys between two frames are answered once.
form.addEventListener('input', () => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    filter();
  });
});
form.addEventListener('reset', () => setTimeout(filter));
previous.addEventListener('click', () => turn(-1));
next.addEventListener('click', () => turn(1));

head.addEventListener('click', (event) => {
  const button = (event.target as Element).closest<HTMLButtonElement>('button[data-sort]');
  if (button === null) return;
  const column = Number(button.dataset.sort);
  // Figures are looked at from the top.
  descending = column === sortBy ? !descending : column >= 2;
  sortBy = column;
  shown.sort(compare);
  page = 0;
  markSorted();
  draw();
});

body.addEventListener('click', (event) => {
  const button = (event.target as Element).closest<HTMLButtonElement>('button[data-function]');
  if (button !== null) toggle(Number(button.dataset.function));
});

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target as HTMLElement;
  if (event.key === '/' && !/^(?:INPUT|SELECT|TEXTAREA)$/.test(target.tagName)) {
    event.preventDefault();
    query.focus();
    query.select();
    return;
  }
  const inRows = body.contains(target);
  if (event.key === 'Escape') {
    if (opened !== undefined && inRows) toggle(opened);
    else if (target === query && query.value !== '') {
      query.value = '';
      filter();
    } else return;
    event.preventDefault();
    return;
  }
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  if (!inRows && !(target === query && event.key === 'ArrowDown')) return;
  event.preventDefault();
  const buttons = Array.from(body.querySelectorAll<HTMLButtonElement>('button[data-function]'));
  const at = buttons.indexOf(target as HTMLButtonElement);
  const to = event.key === 'ArrowDown' ? at + 1 : at - 1;
  if (to < 0) query.focus();
  else buttons[to]?.focus();
});

// On paper there are no pages to turn: all that the filter leaves is printed.
addEventListener('beforeprint', () => drawRows(shown));
addEventListener('afterprint', draw);
addEventListener('hashchange', followAddress);

drawHead();
markSorted();
filter();
followAddress();
