// Compiles the hot loop to WebAssembly and puts it, as text, where TypeScript can import it.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import asc from 'assemblyscript/asc';

const source = 'src/trace/lane/assembly/lane.ts';
const target = 'src/trace/lane/binary.ts';
const layout = readFileSync('src/trace/lane/layout.ts', 'utf8');
const pages = /PAGES = (\d+)/.exec(layout)[1];
const wasm = `${target}.${process.pid}.wasm`;

try {
  const { error, stderr } = await asc.main([
    source,
    ...['--outFile', wasm, '-O3', '--shrinkLevel', '1', '--noAssert', '--runtime', 'stub'],
    ...['--enable', 'simd', '--enable', 'bulk-memory'],
    ...['--initialMemory', pages, '--maximumMemory', pages],
  ]);
  if (error) {
    process.stderr.write(`lane: ${stderr}`);
    process.exitCode = 1;
  } else {
    const text = readFileSync(wasm).toString('base64');
    writeFileSync(
      target,
      `/** Made of assembly/ by mk/lane.mjs. */\nexport const LANE =\n  '${text}';\n`,
    );
  }
} finally {
  rmSync(wasm, { force: true });
}
