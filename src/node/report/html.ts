// HTML by tagged templates in which every interpolated text is escaped, so that a class name or a title
// can never become markup. Only what `html` or `trusted` made goes in as it is.

/** A piece of finished HTML. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Interpolated = Markup | string | number | readonly Interpolated[] | undefined;

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text for an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character]);
}

/** html`<td>${name}</td>`: texts are escaped, markup and arrays of it joined, undefined is nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Interpolated[]): Markup {
  return new Markup(strings.reduce((text, string, i) => text + interpolate(values[i - 1]) + string));
}

/** Markup from a source that escapes by itself: a serialised document tree, a constant. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

function interpolate(value: Interpolated): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return value.map(interpolate).join('');
}
