// A grid of small images as one SVG: an embedded PNG whose pixels stay sharp when it is enlarged.
import { toBase64 } from '../core/base64.ts';
import type { Tensor } from '../data/tensor.ts';
import { ShapeError } from '../core/errors.ts';
import { formatShape } from '../core/shape.ts';
import { encodePng } from './png.ts';

export interface GridOptions {
  /** Images in a row; as square as it goes by default. */
  readonly columns?: number;
  /** The side of a pixel on the page, in CSS pixels; 8 by default. */
  readonly pixel?: number;
  /**
   * 'gray' from the least (black) to the greatest (white), 'diverging' from blue through white (0) to red; of images
   * with three channels neither: they are colours. 'gray' by default.
   */
  readonly colors?: 'gray' | 'diverging';
  /** Whether each image has a range of its own, or all the same; 'each' by default. */
  readonly range?: 'each' | 'all';
  /** For readers that do not see it. */
  readonly title?: string;
}

type Color = readonly [number, number, number];

const clamp = (value: number): number => Math.max(0, Math.min(255, Math.round(value)));

/** What a value from 0 to 1 looks like; 0.5 is the middle. */
const shades: Readonly<Record<'gray' | 'diverging', (share: number) => Color>> = {
  gray: (share) => [clamp(255 * share), clamp(255 * share), clamp(255 * share)],
  diverging: (share) => {
    const fade = clamp(255 * (1 - Math.abs(2 * share - 1)));
    return share < 0.5 ? [fade, fade, 255] : [255, fade, fade];
  },
};

/** [N, H, W, C] with C 1 or 3. @throws ShapeError for another shape */
function asImages({ data, shape }: Tensor) {
  const full = shape.length === 3 ? [...shape, 1] : shape;
  const [count, height, width, channels] = full as [number, number, number, number];
  if (full.length !== 4 || (channels !== 1 && channels !== 3) || !count || !height || !width)
    throw new ShapeError(
      `imageGrid: expected images [N, height, width] or [N, height, width, 1 or 3], got ${formatShape(shape)}`,
    );
  return { data, count, height, width, channels };
}

/** Least and greatest of some values; for diverging colours as far below 0 as above. */
function rangeOf(values: ArrayLike<number>, diverging: boolean): [low: number, high: number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  const far = Math.max(Math.abs(low), Math.abs(high));
  return diverging ? [-far, far] : [low, high];
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

/**
 * An SVG of images [N, height, width] or [N, height, width, 1 or 3] side by side, in a file of its own or in a page.
 * @throws ShapeError for another shape, RangeError for options that are out of range
 */
export function imageGrid(images: Tensor, options: GridOptions = {}): string {
  const { data, count, height, width, channels } = asImages(images);
  const {
    columns = Math.ceil(Math.sqrt(count)),
    pixel = 8,
    colors = 'gray',
    range = 'each',
    title = 'images',
  } = options;
  if (!Number.isInteger(columns) || columns < 1)
    throw new RangeError(`imageGrid: expected columns of at least 1, got ${String(columns)}`);
  if (!(pixel > 0 && pixel < Infinity))
    throw new RangeError(`imageGrid: expected a pixel above 0, got ${String(pixel)}`);
  if (!Object.hasOwn(shades, colors))
    throw new RangeError(`imageGrid: expected colors gray or diverging, got ${String(colors)}`);
  if (range !== 'each' && range !== 'all')
    throw new RangeError(`imageGrid: expected range each or all, got ${String(range)}`);
  const diverging = colors === 'diverging' && channels === 1;
  const across = Math.min(columns, count);
  const down = Math.ceil(count / across);
  // One pixel of white between images.
  const [totalWidth, totalHeight] = [across * (width + 1) - 1, down * (height + 1) - 1];
  const pixels = new Uint8Array(3 * totalWidth * totalHeight).fill(255);
  const size = height * width * channels;
  const whole = range === 'all' ? rangeOf(data, diverging) : null;
  for (let image = 0; image < count; image++) {
    const values = data.subarray(image * size, (image + 1) * size);
    const [low, high] = whole ?? rangeOf(values, diverging);
    const share = (value: number) => (high > low ? (value - low) / (high - low) : 0.5);
    const [left, top] = [(image % across) * (width + 1), Math.floor(image / across) * (height + 1)];
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const from = (y * width + x) * channels;
        const color =
          channels === 3
            ? [0, 1, 2].map((c) => clamp(255 * share(values[from + c]!)))
            : shades[colors](share(values[from]!));
        pixels.set(color, 3 * ((top + y) * totalWidth + left + x));
      }
  }
  const png = encodePng(pixels, totalWidth, totalHeight);
  const [w, h] = [totalWidth * pixel, totalHeight * pixel];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" role="img">` +
    `<title>${escape(title)}</title>` +
    `<image width="${w}" height="${h}" style="image-rendering:pixelated" href="data:image/png;base64,${toBase64(png)}"/></svg>\n`
  );
}
