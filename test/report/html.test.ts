import fc from 'fast-check';
import t from 'tap';
import { escapeHtml, href, html, jsonScript } from '../../src/report/html.js';

t.test('what is put into a template is text', (t) => {
  t.equal(
    html`<b title="${`"><script>`}">${'<i>&'}</b>`.text,
    '<b title="&quot;&gt;&lt;script&gt;">&lt;i&gt;&amp;</b>',
  );
  t.equal(html`${[html`<li>${1}</li>`, '<']}${undefined}`.text, '<li>1</li>&lt;');
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[<>"']/.test(escapeHtml(text))));
  t.end();
});

t.test('JSON in a script can neither end it nor be changed by it', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const { text } = jsonScript(value);
      return (
        !/[<>\u2028\u2029]/.test(text) && JSON.stringify(JSON.parse(text)) === JSON.stringify(value)
      );
    }),
  );
  const { text } = jsonScript('</script><!--');
  t.equal(text, '"\\u003c/script\\u003e\\u003c!--"');
  t.end();
});

t.test('a path is never a scheme', (t) => {
  t.equal(href('a b/c#d?e'), './a%20b/c%23d%3Fe');
  t.equal(href('../x'), '../x');
  t.equal(href('javascript:alert(1)'), './javascript%3Aalert(1)');
  t.equal(href('.'), '.');
  t.equal(href('//evil/a'), '/evil/a', 'no host');
  t.end();
});
