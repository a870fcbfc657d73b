/** The colours of a runtime: of areas, which are outlined, and of lines, which stand on the page alone. */
export interface Colours {
  readonly fill: string;
  readonly line: string;
}

/** Eight colours that colour-blind people tell apart (Okabe and Ito 2008), the last grey for their black. */
const PALETTE: readonly Colours[] = [
  { fill: '#0072b2', line: '#0072b2' },
  { fill: '#56b4e9', line: '#2f8cc4' },
  { fill: '#e69f00', line: '#b17a00' },
  { fill: '#d55e00', line: '#d55e00' },
  { fill: '#f0e442', line: '#8f8600' },
  { fill: '#009e73', line: '#008f68' },
  { fill: '#cc79a7', line: '#b5568a' },
  { fill: '#999999', line: '#7b7b7b' },
];

/** The runtimes of the table in src/container have the same colour in every report. */
const KNOWN = ['runc', 'crun', 'runsc', 'runsck', 'runscs', 'kata', 'katafc', 'runnc'];

/** The colours of each of these runtimes: other names take those that are left, in their own order. */
export function runtimeColours(runtimes: Iterable<string>): Map<string, Colours> {
  const names = [...new Set(runtimes)].sort();
  const taken = new Set(names.map((name) => KNOWN.indexOf(name)));
  const left = PALETTE.filter((_, index) => !taken.has(index));
  const others = left.length > 0 ? left : PALETTE;
  let next = 0;
  return new Map(
    names.map((name) => {
      const index = KNOWN.indexOf(name);
      return [name, index >= 0 ? PALETTE[index] : others[next++ % others.length]];
    }),
  );
}

/** Neighbours differ in lightness: the parts of a stacked bar stay apart on a grey printer. */
export const PARTS = [
  '#0072b2',
  '#f0e442',
  '#009e73',
  '#8fd0f5',
  '#b34700',
  '#f5c04d',
  '#7a3f66',
  '#a5dccb',
  '#4d4d4d',
  '#f0c3da',
] as const;

/** What is left over. */
export const REST = '#bdbdbd';

/** Relative luminance of `#rrggbb`, 0 to 1: WCAG 2.2, "relative luminance". */
export function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Contrast of two colours, 1 to 21: WCAG 2.2, "contrast ratio". */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** Black or white, whichever is read better on a colour. */
export function inkOn(colour: string): string {
  return contrast(colour, '#000000') >= contrast(colour, '#ffffff') ? '#000000' : '#ffffff';
}
