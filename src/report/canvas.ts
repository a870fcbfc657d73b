/// <reference lib="dom" />
import * as Plot from '@observablehq/plot';
import { DOMParser } from 'linkedom/worker';

/** A finished picture. */
export interface Chart {
  /** Fit for a file's name: `functions`, `upset-node-express`. */
  readonly name: string;
  readonly title: string;
  /** What it shows, in words, for those who do not see it. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  /** The parts of the picture, without the root element. */
  readonly body: string;
}

/** A part of a picture, made by Plot or by `element`. */
export interface Panel {
  readonly x: number;
  readonly y: number;
  readonly content: SVGSVGElement | SVGElement;
}

export const FONT = 'Inter, system-ui, sans-serif';
export const SMALL = 11;
const PLAIN = 12;
const LARGE = 15;

// Plot wants a document to create its elements in. One of XML: that of HTML writes `<` in attributes as it is.
const document = new DOMParser().parseFromString(
  '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'image/svg+xml',
) as unknown as Document;

/** What no XML may hold, in names that come from a trace. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones meant
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\ufffe\uffff]|\p{Surrogate}/gu;

/** A name as it may stand in a picture: without control characters, and no longer than `limit`. */
export function label(text: string, limit = 40): string {
  const clean = text.replace(FORBIDDEN, '\ufffd');
  return clean.length <= limit ? clean : `${clean.slice(0, limit - 1)}…`;
}

/** `1839` as `1,839`; at most `digits` digits behind the point. */
export function number(value: number, digits = 0): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

/** `1 run`, `2 runs`. */
export function count(value: number, what: string): string {
  return `${number(value)} ${what}${value === 1 ? '' : 's'}`;
}

/** About how wide a text is at `size`, in pixels: Inter's mean advance is 0.57 em in names and figures. */
export function textWidth(text: string, size = SMALL): number {
  return Math.ceil(text.length * size * 0.57);
}

/** A name for a file: letters, digits, `-`, `_` and `.` stay. */
export function fileName(text: string): string {
  return text.replace(/[^\w.-]+/g, '_').replace(/^\.+/, '_') || '_';
}

export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...children: (SVGElement | string)[]
): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** One plot as a panel's content: without Plot's own style sheet, which the page around it does not share. */
export function plot(options: Plot.PlotOptions): SVGSVGElement {
  const made = Plot.plot({
    ...options,
    document,
    className: 'plot',
  }) as SVGSVGElement;
  made.querySelector('style')?.remove();
  made.setAttribute('font-family', FONT);
  made.setAttribute('font-size', String(SMALL));
  made.setAttribute('overflow', 'visible');
  return made;
}

/** Breaks a text into lines of at most `width` pixels, between words. */
export function wrap(text: string, width: number, size = PLAIN): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== undefined && textWidth(`${last} ${word}`, size) * 0.92 <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}

/**
 * Puts panels under a title and the lines that say what is drawn. `panels` gets the y at which the place for
 * them begins, and tells how high they are.
 */
export function compose(
  about: {
    name: string;
    title: string;
    subtitle: string;
    description: string;
    width: number;
  },
  panels: (top: number) => { readonly panels: readonly Panel[]; readonly height: number },
): Chart {
  const { width } = about;
  const margin = 12;
  const heading: SVGElement[] = [];
  let y = 8;
  for (const line of wrap(about.title, width - 2 * margin, LARGE)) {
    y += 20;
    heading.push(element('text', { x: margin, y, 'font-size': LARGE, 'font-weight': 600 }, line));
  }
  y += 4;
  for (const line of wrap(about.subtitle, width - 2 * margin)) {
    y += 16;
    heading.push(element('text', { x: margin, y, 'font-size': PLAIN, 'fill-opacity': 0.78 }, line));
  }
  const { panels: placed, height } = panels(y + 12);
  const body = [
    ...heading,
    ...placed.map(({ x, y: top, content }) => {
      if (content.tagName.toLowerCase() === 'svg') {
        content.setAttribute('x', String(x));
        content.setAttribute('y', String(top));
        return content;
      }
      return element('g', { transform: `translate(${x},${top})` }, content);
    }),
  ];
  return {
    name: about.name,
    title: about.title,
    description: about.description,
    width,
    height: Math.ceil(y + 12 + height + margin),
    body: body.map((part) => rounded(part).outerHTML).join(''),
  };
}

const GEOMETRY = 'x y x1 y1 x2 y2 cx cy r rx width height d points transform'.split(' ');

/** Coordinates to a hundredth of a pixel: what is beyond may differ between machines, and nobody sees it. */
function rounded(content: SVGElement): SVGElement {
  for (const part of [content, ...Array.from(content.querySelectorAll('*'))]) {
    for (const name of GEOMETRY) {
      const value = part.getAttribute(name);
      if (value === null || !/\.\d{3}|e-/.test(value)) continue;
      part.setAttribute(
        name,
        value.replace(/-?\d+(?:\.\d+)?(?:e-?\d+)?/g, (digits) => String(hundredth(Number(digits)))),
      );
    }
  }
  return content;
}

const hundredth = (value: number) => Math.round(value * 100) / 100 + 0;

/** The whole picture; `more` are attributes of the root, `first` is drawn below everything. */
function svg(chart: Chart, id: string, more: Readonly<Record<string, string>>, first = ''): string {
  const { width, height } = chart;
  const made = element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-labelledby': `${id}-title ${id}-text`,
      'font-family': FONT,
      'font-size': PLAIN,
      // Inter makes 1x2 a product: names stay as they are.
      style: "font-feature-settings:'calt' 0",
      fill: 'currentColor',
      ...more,
    },
    element('title', { id: `${id}-title` }, chart.title),
    element('desc', { id: `${id}-text` }, chart.description),
  ).outerHTML;
  return `${made.slice(0, -'</svg>'.length)}${first}${chart.body}</svg>`;
}

/** A picture that stands alone, black on white. */
export function standalone(chart: Chart): string {
  const { width, height } = chart;
  const paper = element('rect', { width, height, fill: '#ffffff' }).outerHTML;
  return `${svg(chart, 'chart', { color: '#1a1a1a' }, paper)}\n`;
}

/** A picture as a part of a page, in the page's own colours. */
export function inline(chart: Chart): string {
  return svg(chart, `chart-${chart.name}`, {});
}
