import t from 'tap';
import { seriesOf, tableOf } from '../../src/complexity/series.js';

t.equal(seriesOf('6.1.0-56-amd64'), '6.1');
t.equal(seriesOf('7.2'), '7.2');
t.equal(seriesOf('six'), undefined);

t.test('the nearest table', async (t) => {
  const files = ['README.md', 'linux-6.1.names.gz', 'linux-6.12.txt.gz', 'linux-6.1.txt.gz'];
  for (const [series, file] of [
    ['6.1', 'linux-6.1.txt.gz'],
    ['6.12', 'linux-6.12.txt.gz'],
    ['6.4', 'linux-6.1.txt.gz'],
    ['6.9', 'linux-6.12.txt.gz'],
    ['7.2', 'linux-6.12.txt.gz'],
    ['5.10', 'linux-6.1.txt.gz'],
  ]) {
    t.equal(tableOf(series, files), file, series);
  }
  t.equal(tableOf('6.2', ['linux-6.3.txt', 'linux-6.1.txt']), 'linux-6.1.txt', 'the older of two');
  t.equal(tableOf('6.1', ['linux-6.1.gz', 'linux-6.1.txt.gz.tmp']), undefined);
});
