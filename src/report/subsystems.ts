import * as Plot from '@observablehq/plot';
import {
  type Chart,
  compose,
  element,
  label,
  number,
  type Panel,
  plot,
  SMALL,
  textWidth,
} from './canvas.js';
import { inkOn, PARTS, REST } from './colours.js';

/** The functions of one runtime and application, counted by subsystem. */
export interface SubsystemCounts {
  readonly runtime: string;
  readonly application: string;
  readonly counts: ReadonlyMap<string, number>;
}

const WIDTH = 960;
const BAR = 30;
const FOOT = 40;
const HEAD = 28;

interface Part {
  readonly runtime: string;
  readonly subsystem: string;
  readonly from: number;
  readonly to: number;
  readonly colour: string;
}

/** The largest subsystems first, then what is left as one: the same order in every bar. */
function partsOf(groups: readonly SubsystemCounts[]) {
  const sums = new Map<string, number>();
  for (const { counts } of groups) {
    for (const [name, n] of counts) sums.set(name, (sums.get(name) ?? 0) + n);
  }
  const order = [...sums].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).map(([name]) => name);
  const named = order.slice(0, order.length > PARTS.length ? PARTS.length - 1 : PARTS.length);
  const rest = order.slice(named.length);
  const legend = named.map((name, index) => ({ name, colour: PARTS[index] as string }));
  if (rest.length > 0) legend.push({ name: `${rest.length} others`, colour: REST });
  const parts = (group: SubsystemCounts): Part[] => {
    let from = 0;
    const sizes = named.map((name) => group.counts.get(name) ?? 0);
    if (rest.length > 0) {
      sizes.push(rest.reduce((sum, name) => sum + (group.counts.get(name) ?? 0), 0));
    }
    return sizes.map((size, index) => {
      const to = from + size;
      const { name: subsystem, colour } = legend[index];
      const part = { runtime: group.runtime, subsystem, from, to, colour };
      from = to;
      return part;
    });
  };
  return { legend, parts };
}

/** Where a runtime's functions live: one bar each, in the kernel's directories. Undefined without groups. */
export function subsystemChart(groups: readonly SubsystemCounts[]): Chart | undefined {
  if (groups.length === 0) return undefined;
  const applications = [...new Set(groups.map(({ application }) => application))].sort();
  const { legend, parts } = partsOf(groups);
  const total = ({ counts }: SubsystemCounts) => [...counts.values()].reduce((a, b) => a + b, 0);
  const most = Math.max(1, ...groups.map(total));
  const left = 20 + Math.max(...groups.map(({ runtime }) => textWidth(label(runtime, 20))));
  const right = 12 + textWidth(number(most));
  const scale = (WIDTH - left - right) / most;
  return compose(
    {
      name: 'subsystems',
      title: 'Where in the kernel these functions live',
      subtitle:
        'Functions seen in any run, by the directory of the kernel source that defines them; in every bar in the same order as above it.',
      description: groups
        .map((group) => {
          const said = parts(group).map((p) => `${label(p.subsystem)} ${number(p.to - p.from)}`);
          return `${label(group.runtime)}, ${label(group.application)}: ${said.join(', ')}`;
        })
        .join('; '),
      width: WIDTH + 24,
    },
    (top) => {
      const panels: Panel[] = [];
      let x = 12;
      let y = top + 4;
      for (const [index, { name, colour }] of legend.entries()) {
        const text = `${index + 1}: ${label(name)}`;
        const wide = textWidth(text) + 34;
        if (x + wide > WIDTH) {
          x = 12;
          y += 20;
        }
        panels.push({ x, y, content: swatch(colour, text) });
        x += wide;
      }
      y += 26;
      for (const application of applications) {
        const own = groups
          .filter((group) => group.application === application)
          .sort((a, b) => (a.runtime < b.runtime ? -1 : 1));
        const height = HEAD + own.length * BAR + FOOT;
        const drawn = own.flatMap(parts).filter(({ from, to }) => to > from);
        const numbered = new Map(legend.map(({ name }, index) => [name, String(index + 1)]));
        const inside = (part: Part) => {
          const wide = (part.to - part.from) * scale - 6;
          const texts = [
            `${label(part.subsystem)} ${part.to - part.from}`,
            `${numbered.get(part.subsystem)}: ${part.to - part.from}`,
            numbered.get(part.subsystem)!,
          ];
          return texts.find((text) => textWidth(text, 10) <= wide) ?? '';
        };
        const content = plot({
          width: WIDTH,
          height,
          marginLeft: left,
          marginRight: right,
          marginTop: HEAD,
          marginBottom: FOOT,
          x: { domain: [0, most], label: null },
          y: { type: 'band', domain: own.map(({ runtime }) => runtime), label: null, padding: 0.2 },
          marks: [
            Plot.axisX({ label: null, tickSize: 4, ticks: 8 }),
            Plot.axisY({ label: null, tickSize: 0, tickFormat: (name: string) => label(name, 20) }),
            Plot.barX(drawn, {
              y: 'runtime',
              x1: 'from',
              x2: 'to',
              fill: 'colour',
              stroke: 'currentColor',
              strokeWidth: 0.6,
            }),
            ...drawn.map((part) =>
              Plot.text([part], {
                y: 'runtime',
                x: (part.from + part.to) / 2,
                text: () => inside(part),
                fill: inkOn(part.colour),
                fontSize: 10,
              }),
            ),
            Plot.text(own, {
              y: 'runtime',
              x: total,
              text: (group: SubsystemCounts) => number(total(group)),
              textAnchor: 'start',
              dx: 6,
              fontWeight: 600,
            }),
          ],
        });
        panels.push({ x: 12, y, content });
        const heading = element('text', { 'font-weight': 600 }, label(application));
        panels.push({ x: 12, y: y + 18, content: heading });
        const axis = element(
          'text',
          { 'font-size': SMALL, 'fill-opacity': 0.78, 'text-anchor': 'end' },
          'functions',
        );
        panels.push({ x: 12 + WIDTH - right, y: y + height - 6, content: axis });
        y += height;
      }
      return { panels, height: y - top };
    },
  );
}

function swatch(fill: string, text: string): SVGElement {
  return element(
    'g',
    {},
    element('rect', { width: 14, height: 14, fill, stroke: 'currentColor', 'stroke-width': 0.6 }),
    element('text', { x: 20, y: 11, 'font-size': SMALL }, text),
  );
}

/** How many of these functions each subsystem has. */
export function countSubsystems(subsystems: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of subsystems) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
