// What the layers over images share: values for each axis, and the shapes that they take.
// A sample is [length, channels], [height, width, channels] or [depth, height, width, channels].
import { ShapeError } from '../core/errors.ts';
import type { Node } from '../graph/graph.ts';
import { expectInputs, expectInteger, formatBatchShape } from './layer.ts';

/** How many spatial axes a sample has. */
export type Rank = 1 | 2 | 3;

/** One number for all axes, or one for each. */
export type PerAxis = number | readonly number[];

const axisNames: Record<Rank, readonly string[]> = {
  1: ['length'],
  2: ['height', 'width'],
  3: ['depth', 'height', 'width'],
};

/** @throws RangeError unless a value is an integer of at least `minimum`, or one for each axis */
export function expectPerAxis(what: string, value: PerAxis, rank: Rank, minimum = 1): number[] {
  if (!Array.isArray(value)) {
    const single = expectInteger(what, value, minimum);
    return Array.from({ length: rank }, () => single);
  }
  if (value.length !== rank)
    throw new RangeError(
      `${what}: expected a number, or ${rank} (${axisNames[rank].join(', ')}), got ${JSON.stringify(value)}`,
    );
  return value.map((one) => expectInteger(what, one, minimum));
}

/** The one input of a layer over images, with its spatial sizes. @throws ShapeError for another number of axes */
export function spatialInput(
  type: string,
  inputs: readonly Node[],
  rank: Rank,
): { x: Node; sizes: number[]; channels: number } {
  expectInputs(type, inputs, 1);
  const [x] = inputs as [Node];
  if (x.shape.length !== rank + 2)
    throw new ShapeError(
      `${type}: expected input [*, ${axisNames[rank].join(', ')}, channels], got ${formatBatchShape(x.shape.slice(1))}`,
    );
  return { x, sizes: x.shape.slice(1, -1), channels: x.shape.at(-1)! };
}
