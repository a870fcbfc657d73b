import t from 'tap';
import { contrast, inkOn, PARTS, REST, runtimeColours } from '../../src/report/colours.js';

const KNOWN = ['runc', 'crun', 'runsc', 'runsck', 'runscs', 'kata', 'katafc', 'runnc'];

t.test('contrast is that of WCAG', (t) => {
  t.equal(contrast('#000000', '#ffffff'), 21);
  t.equal(contrast('#777777', '#777777'), 1);
  t.match(contrast('#767676', '#ffffff').toFixed(2), '4.54', 'the grey that just passes AA');
  t.end();
});

t.test('a runtime has its colour whoever it is drawn with', (t) => {
  const all = runtimeColours(KNOWN);
  t.equal(new Set([...all.values()].map(({ fill }) => fill)).size, KNOWN.length);
  t.same(runtimeColours(['kata', 'runc']).get('kata'), all.get('kata'));
  const mixed = runtimeColours(['youki', 'runc', 'gvisor-next']);
  t.not(mixed.get('youki')!.fill, mixed.get('runc')!.fill, 'others take what is left');
  t.not(mixed.get('youki')!.fill, mixed.get('gvisor-next')!.fill);
  const many = runtimeColours(Array.from({ length: 40 }, (_, i) => `r${i}`));
  t.ok([...many.values()].every((colours) => colours !== undefined));
  t.end();
});

t.test('lines are seen on white and on dark pages, ink on every area', (t) => {
  for (const [name, { fill, line }] of runtimeColours(KNOWN)) {
    t.ok(contrast(line, '#ffffff') >= 3, `${name} on white`);
    t.ok(contrast(line, '#15181c') >= 3, `${name} on a dark page`);
    t.ok(contrast(fill, inkOn(fill)) >= 4.5, `text on ${name}`);
  }
  for (const fill of [...PARTS, REST]) t.ok(contrast(fill, inkOn(fill)) >= 4.5, `text on ${fill}`);
  t.end();
});

t.test('neighbouring parts differ without their hue', (t) => {
  const pairs: string[][] = PARTS.slice(1).map((colour, i) => [PARTS[i], colour]);
  // With a rest, the last of the parts is not used.
  pairs.push([PARTS[PARTS.length - 2], REST]);
  for (const [one, other] of pairs) t.ok(contrast(one, other) >= 1.5, `${one} and ${other}`);
  t.end();
});
