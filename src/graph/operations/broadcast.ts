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
function stridesIn(out: Shape, shape: Shape): number[] {
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
  const stridesA = stridesIn(out, a);
  const stridesB = stridesIn(out, b);
  const merged = { sizes: [] as number[], a: [] as number[], b: [] as number[] };
  for (let axis = 0; axis < out.length; axis++) {
    const size = out[axis]!;
    if (size === 1) continue;
    const last = merged.sizes.length - 1;
    const joins = last >= 0 && merged.a[last] === stridesA[axis]! * size && merged.b[last] === stridesB[axis]! * size;
    if (joins) {
      merged.sizes[last]! *= size;
      merged.a[last] = stridesA[axis]!;
      merged.b[last] = stridesB[axis]!;
    } else {
      merged.sizes.push(size);
      merged.a.push(stridesA[axis]!);
      merged.b.push(stridesB[axis]!);
    }
  }
  if (merged.sizes.length === 0) return { sizes: [1], a: [1], b: [1] };
  return merged;
}
