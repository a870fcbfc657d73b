/** Markup that is safe as it stands. */
export class Html {
  constructor(readonly text: string) {}

  toString(): string {
    return this.text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ENTITIES[char]);
}

type Part = Html | string | number | undefined | readonly (Html | string)[];

function markup(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(markup).join('');
  return escapeHtml(String(part));
}

/** A template of markup: all that is put into it is escaped, but for what is markup already. */
export function html(parts: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(
    parts.map((part, i) => part + (i < values.length ? markup(values[i]) : '')).join(''),
  );
}

/** JSON for a `<script type="application/json">`: no tag can end or begin in it. */
export function jsonScript(value: unknown): Html {
  return new Html(
    JSON.stringify(value)
      .replace(/</g, '\\u003c')
      .replace(/>/g, '\\u003e')
      .replace(/\u2028/g, '\\u2028')
      .replace(/\u2029/g, '\\u2029'),
  );
}

/** A path as a link, mostly relative to the page: each step encoded, so that it is never a scheme or a host. */
export function href(path: string): string {
  const steps = path.replace(/^\/+/, '/').split('/').map(encodeURIComponent).join('/');
  return steps.startsWith('/') || steps.startsWith('.') ? steps : `./${steps}`;
}
