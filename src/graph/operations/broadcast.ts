// Shape arithmetic of broadcasting, by NumPy's rule: sizes agree from the last axis, or one of them is 1.
import { ShapeError } from '../../core/errors.ts';
import { formatShape, type Shape } from '../graph.ts';

/** The shape of an elementwise operation on a and b. */
export function broadcastShape(what: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1)
      throw new ShapeError(`${what}: shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast`);
    return left === 1 ? right : left;
  });
}

/** Strides (in elements) with which an operand of `shape` walks through `out`; 0 where it repeats. */
export function stridesIn(out: Shape, shape: Shape): number[] {
  const strides = Array.from({ length: out.length }, () => 0);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis]!;
    if (size !== 1) strides[axis + out.length - shape.length] = stride;
    stride *= size;
  }
  return strides;
}

/** The axes of an elementwise operation, those merged that both operands walk alike: sizes, strides of a, of b. */
export function broadcastAxes(out: Shape, a: Shape, b: Shape): { sizes: number[]; a: number[]; b: number[] } {
  const { sizes, strides } = mergeAxes(out, [stridesIn(out, a), stridesIn(out, b)]);
  return { sizes, a: strides[0]!, b: strides[1]! };
}

/** The same for any number of operands: one table of sizes, then the strides of each. */
export function broadcastTable(out: Shape, ...operands: Shape[]): { rank: number; table: number[] } {
  const strides = operands.map((shape) => stridesIn(out, shape));
  const merged = mergeAxes(out, strides);
  return { rank: merged.sizes.length, table: [...merged.sizes, ...merged.strides.flat()] };
}

/** Makes one axis of two neighbours where every operand walks them as one; axes of size 1 vanish, all but the last. */
export function mergeAxes(out: Shape, strides: readonly number[][]): { sizes: number[]; strides: number[][] } {
  const sizes: number[] = [];
  const merged: number[][] = strides.map(() => []);
  out.forEach((size, axis) => {
    if (size === 1) return;
    const last = sizes.length - 1;
    if (last >= 0 && strides.every((operand, i) => merged[i]![last] === operand[axis]! * size)) {
      sizes[last]! *= size;
      strides.forEach((operand, i) => (merged[i]![last] = operand[axis]!));
    } else {
      sizes.push(size);
      strides.forEach((operand, i) => merged[i]!.push(operand[axis]!));
    }
  });
  return sizes.length ? { sizes, strides: merged } : { sizes: [1], strides: strides.map(() => [1]) };
}
