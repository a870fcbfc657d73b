import { readFileSync } from 'node:fs';
import t from 'tap';
import { COLUMNS } from '../../src/results/summary.js';
import { readTable } from '../../src/results/table.js';

t.test('the published figures read like a summary', (t) => {
  const rows = readTable(readFileSync('data/published.csv', 'utf8'));
  t.equal(
    rows.length,
    5 * 3 + 6 * 3,
    'five runtimes in 2018, six in 2019, with three applications',
  );
  t.equal(
    new Set(rows.map((row) => `${row.published} ${row.runtime} ${row.application}`)).size,
    33,
  );
  for (const row of rows) {
    for (const [column, cell] of Object.entries(row)) {
      t.ok(COLUMNS.includes(column), `${column} is a column of summary.csv`);
      if (/_(?:mean|sd)$/.test(column) && cell !== '') t.ok(Number(cell) >= 0, `${column} ${cell}`);
    }
    t.same([row.source, row.runs], ['published', '10']);
    t.not(row.functions_mean, '');
  }
  t.match(
    rows.find(({ runtime, published }) => runtime === 'katafc' && published === '2019-02'),
    { application: 'node-express', functions_mean: '380', complexity_sum_mean: '758' },
  );
  t.end();
});
