// A chart as SVG text: a frame with axes, and marks drawn in the scales of its axes. No document is needed, so that it
// works alike on Node and in pages.

/** A figure: its numbers, and the drawing of them as an `<svg>` element's text. */
export interface Picture<D> {
  readonly data: D;
  readonly svg: string;
}

/** How large a picture is, in pixels, and what stands above it. */
export interface PictureOptions {
  width?: number;
  height?: number;
  title?: string;
}

export type Range = readonly [least: number, most: number];

/** From data to pixels. */
export interface Scales {
  x(value: number): number;
  y(value: number): number;
}

interface Frame {
  readonly x: Range;
  readonly y: Range;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly options: PictureOptions;
}

const margin = { left: 62, right: 16, top: 30, bottom: 44 };

/** Colours that stay apart in grey and for the colour-blind (Okabe, Ito 2008). */
export const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replace(/[&<>"]/g, (c) => escapes[c]!);

/** A coordinate with as many digits as a pixel needs. */
export const pixel = (value: number): string => String(Number(value.toFixed(2)));

/** Least and most of finite numbers, widened where they are one; 0 to 1 where there is none. */
export function rangeOf(values: ArrayLike<number>, including: readonly number[] = []): Range {
  let [least, most] = [Infinity, -Infinity];
  const take = (v: number) => {
    if (!Number.isFinite(v)) return;
    if (v < least) least = v;
    if (v > most) most = v;
  };
  for (let k = 0; k < values.length; k++) take(values[k]!);
  including.forEach(take);
  if (least > most) return [0, 1];
  if (least === most) return [least - 0.5, most + 0.5];
  return [least, most];
}

/** Round numbers within a range, about so many. */
export function ticks([least, most]: Range, count = 5): number[] {
  const rough = (most - least) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((m) => m * power >= 0.75 * rough) ?? 10);
  const first = Math.ceil(least / step - 1e-9);
  const last = Math.floor(most / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/** Draws a frame and what `marks` makes in its scales. */
export function chart({ x, y, xLabel, yLabel, options }: Frame, marks: (scales: Scales) => string): string {
  const { width = 640, height = 320, title = '' } = options;
  if (!(width >= 160 && height >= 120))
    throw new RangeError(`picture: expected a width from 160 and a height from 120, got ${width} and ${height}`);
  const [right, bottom] = [width - margin.right, height - margin.bottom];
  const scales: Scales = {
    x: (v) => margin.left + ((v - x[0]) / (x[1] - x[0])) * (right - margin.left),
    y: (v) => bottom - ((v - y[0]) / (y[1] - y[0])) * (bottom - margin.top),
  };
  const text = (at: string, words: string, more = '') => `<text ${at} ${more}>${escaped(words)}</text>`;
  const below = ticks(x).map((v) => {
    const at = pixel(scales.x(v));
    return `<path d="M${at},${bottom}v5"/>${text(`x="${at}" y="${bottom + 18}"`, String(v), 'text-anchor="middle" stroke="none"')}`;
  });
  const beside = ticks(y).map((v) => {
    const at = scales.y(v);
    return `<path d="M${margin.left},${pixel(at)}h-5"/>${text(`x="${margin.left - 8}" y="${pixel(at + 4)}"`, String(v), 'text-anchor="end" stroke="none"')}`;
  });
  const middle = { x: (margin.left + right) / 2, y: (margin.top + bottom) / 2 };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title || `${yLabel} over ${xLabel}`)}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    marks(scales),
    `<g stroke="#333" fill="#333"><path fill="none" d="M${margin.left},${margin.top}V${bottom}H${right}"/>${below.join('')}${beside.join('')}</g>`,
    text(`x="${middle.x}" y="${height - 8}"`, xLabel, 'text-anchor="middle"'),
    text(`x="14" y="${middle.y}"`, yLabel, `text-anchor="middle" transform="rotate(-90 14 ${middle.y})"`),
    text(`x="${middle.x}" y="18"`, title, 'text-anchor="middle" font-weight="bold"'),
    '</svg>',
  ].join('');
}

/** A line through points; what is not finite leaves a gap. */
export function line({ x, y }: Scales, xs: ArrayLike<number>, ys: ArrayLike<number>, colour = colours[0]!): string {
  let path = '';
  let open = false;
  for (let k = 0; k < xs.length; k++) {
    const finite = Number.isFinite(xs[k]) && Number.isFinite(ys[k]);
    if (finite) path += `${open ? 'L' : 'M'}${pixel(x(xs[k]!))},${pixel(y(ys[k]!))}`;
    open = finite;
  }
  return `<path fill="none" stroke="${colour}" stroke-width="1.5" d="${path}"/>`;
}

export function points({ x, y }: Scales, xs: ArrayLike<number>, ys: ArrayLike<number>, colour = colours[1]!): string {
  let path = '';
  for (let k = 0; k < xs.length; k++)
    if (Number.isFinite(xs[k]) && Number.isFinite(ys[k]))
      path += `<circle cx="${pixel(x(xs[k]!))}" cy="${pixel(y(ys[k]!))}" r="3"/>`;
  return `<g fill="${colour}">${path}</g>`;
}

/** What each colour means, in the upper right corner. */
export function legend(names: readonly string[], width: number): string {
  return names
    .map((name, k) => {
      const y = margin.top + 12 + 16 * k;
      return `<text x="${width - margin.right - 4}" y="${y}" text-anchor="end" fill="${colours[k % colours.length]!}">${escaped(name)}</text>`;
    })
    .join('');
}
