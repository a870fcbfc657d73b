// Prints one row for each run folder given.
import { readFileSync } from 'node:fs';

const lines = (file) => readFileSync(file, 'utf8').split('\n').length - 1;

function row(run) {
  const { runtime, application } = JSON.parse(readFileSync(`${run}/run.json`, 'utf8'));
  const [names, values] = readFileSync(`${run}/complexity.csv`, 'utf8').split('\n');
  const complexity = Object.fromEntries(
    names.split(',').map((name, i) => [name, values.split(',')[i]]),
  );
  const strip = JSON.parse(readFileSync(`${run}/strip.json`, 'utf8')).lines;
  return [
    runtime.name,
    application.name,
    lines(`${run}/trace.list`),
    lines(`${run}/syscalls.list`),
    complexity.sum,
    strip.interrupts,
    strip.in,
  ].map(String);
}

const head = [
  'runtime',
  'application',
  'functions',
  'system calls',
  'complexity',
  'interrupt lines',
  'of lines',
];
const rows = [head, ...process.argv.slice(2).map(row)];
const widths = head.map((_, i) => Math.max(...rows.map((cells) => cells[i].length)));
for (const cells of rows) {
  const text = cells.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])));
  console.log(text.join('  ').trimEnd());
}
