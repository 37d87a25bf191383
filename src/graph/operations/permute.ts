// The axes of x in another order.
import { BinaryKind } from '../../core/generated/instructions.ts';
import { ShapeError } from '../../core/errors.ts';
import { defineOperation } from '../operation.ts';
import { formatShape, sizeOf, type Graph, type Node, type Shape } from '../graph.ts';
import { emitTranspose } from './rearrange.ts';

/** Sizes of the result and the strides of x along them, neighbours that stay neighbours merged into one axis. */
function permutedAxes(shape: Shape, axes: readonly number[]): { sizes: number[]; strides: number[] } {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const merged = { sizes: [] as number[], strides: [] as number[] };
  for (const axis of axes) {
    const [size, stride] = [shape[axis]!, strides[axis]!];
    const last = merged.sizes.length - 1;
    if (last >= 0 && merged.strides[last] === stride * size) {
      merged.sizes[last]! *= size;
      merged.strides[last] = stride;
    } else if (size !== 1) {
      merged.sizes.push(size);
      merged.strides.push(stride);
    }
  }
  return merged.sizes.length ? merged : { sizes: [1], strides: [1] };
}

defineOperation('permute', {
  infer([x], attributes) {
    const axes = attributes['axes'] as readonly number[];
    if (axes.length !== x!.shape.length || axes.toSorted((a, b) => a - b).some((axis, i) => axis !== i))
      throw new ShapeError(`permute: expected each axis of ${formatShape(x!.shape)} once, got ${formatShape(axes)}`);
    return { shape: axes.map((axis) => x!.shape[axis]!), dtype: x!.dtype };
  },
  gradient(graph, node, dOut) {
    const axes = node.attributes['axes'] as readonly number[];
    return [
      permute(
        graph,
        dOut,
        axes.map((_, axis) => axes.indexOf(axis)),
      ),
    ];
  },
  lower(emitter, node) {
    const [x] = node.inputs as [Node];
    const { sizes, strides } = permutedAxes(x.shape, node.attributes['axes'] as readonly number[]);
    const out = emitter.at(node);
    const walked = sizes.map((size, i) => ({ size, stride: strides[i]! }));
    if (sizeOf(x.shape) && emitTranspose(emitter, { out, x: emitter.at(x) }, walked)) return;
    emitter.emit('BinaryBroadcast', {
      kind: BinaryKind.First,
      out,
      a: emitter.at(x),
      b: emitter.at(x),
      rank: sizes.length,
      table: emitter.table([...sizes, ...strides, ...sizes.map(() => 0)]),
    });
  },
});

/** The axes of x in the order of `axes`: axis i of the result is axis axes[i] of x. */
export const permute = (graph: Graph, x: Node, axes: readonly number[]): Node => graph.add('permute', [x], { axes });
