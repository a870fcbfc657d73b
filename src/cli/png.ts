import { join } from 'node:path';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { readBytes } from '../stream/io.js';

/** Font files beside the bundle; the pictures are the same on every machine, whatever fonts it has. */
export const FONTS = [
  { weight: 400, file: 'inter-latin-400-normal.woff2' },
  { weight: 600, file: 'inter-latin-600-normal.woff2' },
] as const;

const SCALE = 2;

/** A function that draws an SVG as PNG, twice as large. `dist` is where mk/build.mjs has put its files. */
export async function pngRenderer(dist: string): Promise<(svg: string) => Uint8Array> {
  await initWasm(readBytes(join(dist, 'resvg.wasm')));
  const fontBuffers = FONTS.map(({ file }) => readBytes(join(dist, file)));
  return (svg) => {
    const picture = new Resvg(svg, {
      fitTo: { mode: 'zoom', value: SCALE },
      font: { loadSystemFonts: false, fontBuffers, defaultFontFamily: 'Inter' },
    });
    const rendered = picture.render();
    const png = rendered.asPng();
    rendered.free();
    picture.free();
    return png;
  };
}
