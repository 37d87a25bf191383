// Small grey pictures drawn with characters, side by side, each with a line below it.
const shades = ' .:-=+*#%@';
const gap = '   ';

export interface TextPicture {
  /** Row by row, of any range. */
  readonly pixels: ArrayLike<number>;
  readonly caption: string;
}

/** @param shape [height, width], the same for all */
export function picturesText(pictures: readonly TextPicture[], [height, width]: readonly number[]): string {
  // Two characters a pixel are about square.
  const wide = Math.max(2 * width!, ...pictures.map(({ caption }) => caption.length));
  const drawn = pictures.map(({ pixels, caption }) => [...draw(pixels, height!, width!), caption]);
  const lines = Array.from({ length: height! + 1 }, (_, y) => drawn.map((lines) => lines[y]!.padEnd(wide)).join(gap));
  return lines.map((line) => line.trimEnd()).join('\n');
}

function draw(pixels: ArrayLike<number>, height: number, width: number): string[] {
  const values = Array.from(pixels);
  const least = Math.min(...values);
  const range = Math.max(...values) - least || 1;
  const shade = (value: number) => shades[Math.round(((value - least) / range) * (shades.length - 1))]!.repeat(2);
  return Array.from({ length: height }, (_, y) =>
    values
      .slice(y * width, (y + 1) * width)
      .map(shade)
      .join(''),
  );
}
