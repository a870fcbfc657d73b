import { type Chart, count, inline, number } from './canvas.js';
import { pageData } from './data.js';
import { Html, href, html, jsonScript } from './html.js';
import { at, countsAt, facts, type Json, numberAt, textAt, textsAt } from './provenance.js';
import type { Reach } from './reach.js';
import type { Estimate, SummaryRow } from './tables.js';

/** A run directory, used or left out. */
export interface ReportRun {
  /** As it is named: `results/runc-node-express/run-1`. */
  readonly place: string;
  /** From the page to the directory. */
  readonly link: string;
  /** The files in it that the page links to. */
  readonly files: readonly string[];
  /** Why it was left out; undefined for a run that counts. */
  readonly problem: string | undefined;
  /** Why its functions have no call paths, or no scores, though it counts. */
  readonly lacking: string | undefined;
  readonly runtime: string;
  readonly application: string;
  readonly functions: number | undefined;
  /** run.json and strip.json, undefined where they are missing or no JSON. */
  readonly record: Json;
  readonly strip: Json;
}

/** All that the page shows. */
export interface Report {
  readonly rows: readonly SummaryRow[];
  readonly charts: readonly Chart[];
  readonly reach: Reach;
  readonly runs: readonly ReportRun[];
  /** Files over all runs: summary.csv, curves.csv. */
  readonly files: readonly {
    readonly name: string;
    readonly link: string;
    readonly says: string;
  }[];
  /** `kernel-surface 0.1.0` */
  readonly tool: string;
}

/** What the page carries with it, so that it opens offline. */
export interface Assets {
  readonly style: string;
  readonly script: string;
  /** `sha256-...` of the script: no other one runs in the page. */
  readonly scriptHash: string;
}

const title = 'How much of the host kernel these containers reach';

/** The page: one file, nothing to fetch, no script but its own. */
export function page(report: Report, { style, script, scriptHash }: Assets): string {
  const policy = [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    'font-src data:',
    'img-src data:',
    `script-src '${scriptHash}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const sections: readonly (readonly [string, string, Html])[] = [
    ['figures', 'Figures', figures(report)],
    ['charts', 'Charts', charts(report)],
    ['functions', 'Functions', functions(report)],
    ['dropped', 'Left out as interrupts', dropped(report)],
    ['runs', 'Runs', runs(report)],
    ['provenance', 'Provenance', provenance(report)],
    ['files', 'Files', files(report)],
  ];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Html(style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the figures</a>
<header>
<h1>${title}</h1>
${lead(report)}
<nav aria-label="Sections"><ul>${sections.map(([id, name]) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>
</header>
<main id="main">
${sections.map(
  ([id, name, content]) =>
    html`<section id="${id}" aria-labelledby="${id}-heading"><h2 id="${id}-heading">${name}</h2>
${content}</section>
`,
)}</main>
<footer><p>Made by ${report.tool} from ${count(report.runs.length, 'run directory').replace('directorys', 'directories')}. Figures of a runtime hold for the kernel, the application and the load they were measured with.</p></footer>
<script type="application/json" id="data">${jsonScript(pageData(report.reach))}</script>
<script>${new Html(script)}</script>
</body>
</html>
`.text;
}

/** A table that may be wider than the screen: it scrolls for itself, also by keyboard. */
function wide(name: string, content: Html): Html {
  return html`<div class="wide" role="region" aria-label="${name}" tabindex="0">${content}</div>`;
}

function byApplication<T extends { readonly application: string }>(
  rows: readonly T[],
): [string, T[]][] {
  const found = new Map<string, T[]>();
  for (const row of rows) {
    const known = found.get(row.application);
    if (known === undefined) found.set(row.application, [row]);
    else known.push(row);
  }
  return [...found];
}

function lead({ rows }: Report): Html {
  const said = byApplication(rows).map(([application, all]) => {
    const known = all
      .flatMap(({ runtime, measures: { functions } }) =>
        functions === undefined ? [] : [{ runtime, mean: functions.mean }],
      )
      .sort((a, b) => a.mean - b.mean || (a.runtime < b.runtime ? -1 : 1));
    if (known.length === 0) return html``;
    const [least, most] = [known[0], known[known.length - 1]];
    const text =
      known.length === 1
        ? html`<b>${number(least.mean)}</b> kernel functions under ${least.runtime}`
        : html`from <b>${number(least.mean)}</b> kernel functions under ${least.runtime} to <b>${number(most.mean)}</b> under ${most.runtime}`;
    return html`<li>${application}: ${text}</li>`;
  });
  return html`<ul class="lead">${said}</ul>`;
}

function estimate(value: Estimate | undefined): Html {
  if (value === undefined) return html`<td class="number none">–</td>`;
  const { mean, sd, low, high } = value;
  const digits = Number.isInteger(mean) ? 0 : 1;
  const interval =
    low === undefined || high === undefined
      ? html``
      : html`<small>${number(low, 1)} to ${number(high, 1)}</small>`;
  const spread = sd === undefined ? html`` : html` <span class="spread">± ${number(sd, 1)}</span>`;
  return html`<td class="number"><b>${number(mean, digits)}</b>${spread}${interval}</td>`;
}

/** What the runs that count warn of, each warning with the number of its runs. */
function warnings(runs: readonly ReportRun[]): [text: string, runs: number][] {
  const counts = new Map<string, number>();
  for (const { problem, record } of runs) {
    if (problem !== undefined) continue;
    for (const text of new Set(textsAt(record, 'warnings'))) {
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  }
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, WARNINGS);
}

const WARNINGS = 8;

function figures({ rows, runs }: Report): Html {
  const left = runs.filter(({ problem }) => problem !== undefined);
  const kernels = [...new Set(rows.map(({ kernel }) => kernel))];
  const said = [
    ...(left.length > 0
      ? [
          html`<p class="note"><strong>Left out:</strong> ${left.length === 1 ? '1 run is' : `${left.length} runs are`} not in these figures; <a href="#runs">the list of runs</a> says why.</p>`,
        ]
      : []),
    ...warnings(runs).map(
      ([text, n]) =>
        html`<p class="note"><strong>Warning</strong> of ${count(n, 'run')}: ${text}.</p>`,
    ),
    ...(kernels.length > 1
      ? [
          html`<p class="note"><strong>Several kernels:</strong> the rows are of ${kernels.join(', ')}, and are not to be compared with each other.</p>`,
        ]
      : []),
  ];
  const body = byApplication(rows).map(
    ([application, all]) => html`<tbody>
<tr class="group"><th colspan="9" scope="rowgroup">${application}</th></tr>
${all.map(figureRow)}</tbody>
`,
  );
  return html`${said}
<p class="caption">Means over the runs, ± one standard deviation; below them the 95 % interval of the mean. Functions are those that ran for the container itself, without interrupts that happened to arrive.</p>
${wide(
  'Figures of each runtime and application',
  html`<table>
<thead><tr><th scope="col">Runtime</th><th scope="col" class="number">Runs</th><th scope="col" class="number">Functions</th><th scope="col" class="number">System calls</th><th scope="col" class="number">Complexity, sum</th><th scope="col" class="number">Complexity, highest</th><th scope="col">Seen it all?</th><th scope="col" class="number">Events lost</th><th scope="col">Kernel</th></tr></thead>
${body}</table>`,
)}`;
}

function figureRow(row: SummaryRow): Html {
  const { measures } = row;
  return html`<tr><th scope="row">${row.runtime}</th><td class="number">${row.runs}</td>${estimate(measures.functions)}${estimate(measures.syscalls)}${estimate(measures.complexity_sum)}${estimate(measures.complexity_max)}<td class="words">${row.verdict === '' ? 'not known' : row.verdict}</td><td class="number">${row.lostEvents === undefined ? 'not known' : number(row.lostEvents)}</td><td class="kernel">${row.kernel}</td></tr>
`;
}

function charts(report: Report): Html {
  return html`${report.charts.map(
    (chart) =>
      html`<figure class="wide" role="group" aria-label="${chart.title}" tabindex="0" style="--natural:${chart.width}px">${new Html(inline(chart))}</figure>
`,
  )}`;
}

function functions({ reach }: Report): Html {
  const runtimes = reach.groups.map(
    ({ runtime, application }, index) =>
      html`<label>${runtime} <small>${application}</small> <select data-group="${index}"><option value="">any</option><option value="yes">reached</option><option value="no">not reached</option></select></label>`,
  );
  return html`<p>Which runtimes reach which functions. A function's button opens how it was reached, in which system call, and where it is defined.</p>
<form id="filter" role="search" aria-label="Filter the functions">
<div class="fields">
<label>Search <input type="search" id="query" autocomplete="off" spellcheck="false" placeholder="name, or a part of it" aria-describedby="keys"></label>
<label>Subsystem <select id="subsystem"><option value="">all</option></select></label>
<label>Complexity at least <input type="number" id="least" min="0" step="1" inputmode="numeric"></label>
<label class="check"><input type="checkbox" id="differ"> only where runtimes differ</label>
<button type="reset">Clear</button>
</div>
<details><summary>By runtime</summary><div class="fields">${runtimes}</div></details>
<p id="keys" class="keys">Keys: <kbd>/</kbd> searches, <kbd>↓</kbd> and <kbd>↑</kbd> go through the functions, <kbd>Enter</kbd> opens one, <kbd>Esc</kbd> closes it or clears the search.</p>
</form>
<p id="found" role="status" aria-live="polite"></p>
<p class="caption">● reached in every run, a number: in so many of the runs, · not reached.</p>
<div id="matrix-frame">${wide(
    'Functions and the runtimes that reach them',
    html`<table id="matrix"><thead></thead><tbody></tbody></table>`,
  )}</div>
<nav class="pages" aria-label="Pages of functions"><button type="button" id="previous">Previous</button> <span id="page"></span> <button type="button" id="next">Next</button></nav>
<noscript><p class="note">The list of functions needs JavaScript; functions.csv of each run has the same.</p></noscript>`;
}

const CONTEXTS = new Map([
  ['hardirq', 'hardware interrupts'],
  ['softirq', 'softirqs'],
  ['nmi', 'NMIs'],
]);

/** Lines of the trace, by the counts of strip.json that add up to them. */
const LINES: readonly (readonly [readonly string[], string])[] = [
  [['in'], 'Lines of the trace'],
  [['kept'], 'Kept'],
  [['interrupts'], 'Interrupts'],
  [['otherTasks'], 'Other tasks'],
  [['unattributed'], 'Unknown context'],
  [['headers', 'markers', 'losses'], 'Headers, task switches, marks'],
  [['unparsed'], 'Not understood'],
];

function dropped(report: Report): Html {
  const groups = groupsOf(
    report.runs.filter((run) => run.problem === undefined && run.strip !== undefined),
  );
  const sum = (all: readonly ReportRun[], ...path: string[]) =>
    all.reduce((total, { strip }) => total + (numberAt(strip, ...path) ?? 0), 0);
  const rows = groups.map(({ runtime, application, runs: all }) => {
    const lines = sum(all, 'lines', 'in');
    const share = (value: number) => (lines === 0 ? '' : `${((100 * value) / lines).toFixed(1)} %`);
    return html`<tr><th scope="row">${runtime}, ${application}</th>${LINES.map(([keys], index) => {
      const value = keys.reduce((total, key) => total + sum(all, 'lines', key), 0);
      return html`<td class="number">${number(value)}${index === 0 ? html`` : html`<small>${share(value)}</small>`}</td>`;
    })}</tr>
`;
  });
  const why = groups.map(({ runtime, application, runs: all }) => {
    const contexts = [...new Set(all.flatMap(({ strip }) => keysOf(at(strip, 'dropped'))))].sort();
    const roots = contexts.flatMap((context) => {
      const sums = new Map<string, number>();
      for (const { strip } of all) {
        for (const [name, lines] of countsAt(strip, 'dropped', context)) {
          sums.set(name, (sums.get(name) ?? 0) + lines);
        }
      }
      return [...sums]
        .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
        .map(
          ([name, lines]) =>
            html`<tr><td>${CONTEXTS.get(context) ?? context}</td><td><code>${name}</code></td><td class="number">${number(lines)}</td></tr>`,
        );
    });
    const policies = [
      ...new Set(
        all.map(
          ({ strip }) =>
            `method ${textAt(strip, 'method') ?? 'not told'}, softirq work: ${textAt(strip, 'policy', 'softirq') ?? 'not told'}, lines of unknown context: ${textAt(strip, 'policy', 'unknown') ?? 'not told'}`,
        ),
      ),
    ].sort();
    return html`<details><summary>${runtime}, ${application}</summary>
<p>${policies.join('; ')}.</p>
${wide(`Interrupts left out, ${runtime}, ${application}`, html`<table><thead><tr><th scope="col">Context</th><th scope="col">Entered by</th><th scope="col" class="number">Lines</th></tr></thead><tbody>${roots}</tbody></table>`)}</details>
`;
  });
  return html`<p>An interrupt that arrives while a container runs is traced as if the container had called it. What ran in one, from the function that enters it to its return, is left out, and so are other tasks. strip.json of each run says the same line by line of its rules.</p>
${wide(
  'Lines of the traces, kept and left out',
  html`<table><thead><tr><th scope="col">Runs of</th>${LINES.map(([, name]) => html`<th scope="col" class="number">${name}</th>`)}</tr></thead><tbody>
${rows}</tbody></table>`,
)}
<h3>By the function that entered the interrupt</h3>
${why}`;
}

function keysOf(json: Json): string[] {
  return typeof json === 'object' && json !== null ? Object.keys(json) : [];
}

function groupsOf(all: readonly ReportRun[]) {
  const groups = new Map<string, { runtime: string; application: string; runs: ReportRun[] }>();
  for (const run of all) {
    const { runtime, application } = run;
    const key = `${application}\n${runtime}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { runtime, application, runs: [run] });
    else known.runs.push(run);
  }
  return [...groups.keys()].sort().map((key) => groups.get(key)!);
}

/** Events lost, as the tracer counted them, or as the trace's text tells; where that has no mark, it is not known. */
function lost({ record, strip }: ReportRun): number | undefined {
  const told = [numberAt(strip, 'loss', 'marks'), numberAt(strip, 'loss', 'events')];
  const known = told.filter((value) => value !== undefined);
  return numberAt(record, 'capture', 'lost') ?? (Math.max(0, ...known) || undefined);
}

function answered({ record }: ReportRun): string {
  const requests = numberAt(record, 'load', 'requests');
  const answers = numberAt(record, 'load', 'answered');
  if (requests === undefined) return '';
  return answers === undefined
    ? `${number(requests)} offered`
    : `${number(answers)} of ${number(requests)}`;
}

function runs(report: Report): Html {
  const rows = report.runs.map((run) => {
    const notes = [
      ...(run.problem === undefined ? [] : [run.problem]),
      ...(run.lacking === undefined ? [] : [`without paths and scores: ${run.lacking}`]),
      ...textsAt(run.record, 'warnings'),
    ];
    const events = lost(run);
    return html`<tr class="${run.problem === undefined ? 'valid' : 'invalid'}"><th scope="row"><a href="${href(run.link)}">${run.place}</a></th><td>${run.problem === undefined ? 'yes' : html`<strong>no</strong>`}</td><td class="number">${run.functions === undefined ? '' : number(run.functions)}</td><td class="number">${answered(run)}</td><td class="number">${events === undefined ? 'not known' : number(events)}</td><td class="kernel">${textAt(run.record, 'kernel', 'release')}</td><td>${textAt(run.record, 'start')}</td><td class="words">${notes.join('; ')}</td></tr>
`;
  });
  return html`<p>A run counts when its container answered every request and the run says that it is valid.</p>
${wide(
  'Runs, their validity and loss',
  html`<table><thead><tr><th scope="col">Run</th><th scope="col">Counts</th><th scope="col" class="number">Functions</th><th scope="col" class="number">Requests answered</th><th scope="col" class="number">Events lost</th><th scope="col">Kernel</th><th scope="col">Start</th><th scope="col">Notes</th></tr></thead><tbody>
${rows}</tbody></table>`,
)}`;
}

const VALUES = 10;

function provenance(report: Report): Html {
  const groups = groupsOf(report.runs.filter(({ record }) => record !== undefined));
  return html`<p>What run.json of the runs says; where runs differ, each value with its runs.</p>
${groups.map(({ runtime, application, runs: all }) => {
  const told = facts(
    all.map(({ place, record }) => ({ run: place.replace(/^.*\//, ''), json: record })),
  );
  const rows = told.map(({ path, values }) => {
    const shown = values
      .slice(0, VALUES)
      .map(({ value, runs: by }) =>
        by.length === 0
          ? html`<li>${value}</li>`
          : html`<li>${value} <small>${by.length > 5 ? `${by.length} runs` : by.join(', ')}</small></li>`,
      );
    const more =
      values.length > VALUES ? [html`<li>… and ${values.length - VALUES} other values</li>`] : [];
    return html`<tr><th scope="row"><code>${path}</code></th><td><ul>${[...shown, ...more]}</ul></td></tr>
`;
  });
  return html`<details><summary>${runtime || 'unknown runtime'}, ${application || 'unknown application'}: ${count(all.length, 'run')}</summary>
${wide(`Provenance, ${runtime}, ${application}`, html`<table class="facts"><tbody>${rows}</tbody></table>`)}</details>
`;
})}`;
}

function files(report: Report): Html {
  const whole = report.files.map(
    ({ name, link, says }) => html`<li><a href="${href(link)}">${name}</a> ${says}</li>`,
  );
  const rows = report.runs.map(
    ({ place, link, files: names }) =>
      html`<tr><th scope="row">${place}</th><td>${names.map((name) => html`<a href="${href(`${link}/${name}`)}">${name}</a> `)}</td></tr>
`,
  );
  return html`<ul>${whole}</ul>
<details><summary>Files of the runs</summary>
${wide('Files of the runs', html`<table class="facts"><tbody>${rows}</tbody></table>`)}</details>`;
}
