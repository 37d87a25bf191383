// What writes storage: the optimizer's step (the parameter and the optimizer's slots), and the assignment of a state.
import { UpdateKind } from '../../core/generated/instructions.ts';
import { ShapeError } from '../../core/errors.ts';
import { defineOperation } from '../operation.ts';
import { formatShape, sameShape, sizeOf, type Graph, type Node } from '../graph.ts';
import { gemmUpdateWorkspace, gradientRows } from './matmul-workspace.ts';
import type { MatmulAttributes } from './matmul.ts';

defineOperation('update', {
  infer([parameter, gradient]) {
    if (!sameShape(parameter!.shape, gradient!.shape))
      throw new ShapeError(
        `update: gradient ${formatShape(gradient!.shape)} for a parameter ${formatShape(parameter!.shape)}`,
      );
    return { shape: [0], dtype: 'f32' };
  },
  lower(emitter, node) {
    const [parameter, gradient, scalars, scale, ...slots] = node.inputs as [Node, Node, Node, Node, ...Node[]];
    const slot = (index: number) => (slots[index] ? emitter.at(slots[index]) : 0);
    emitter.emit('Update', {
      kind: node.attributes['kind'] as UpdateKind,
      parameter: emitter.at(parameter),
      gradient: emitter.at(gradient),
      slot0: slot(0),
      slot1: slot(1),
      slot2: slot(2),
      n: sizeOf(parameter.shape),
      scalars: emitter.at(scalars),
      scale: emitter.at(scale),
    });
  },
});

// The optimizer's step by a gradient op(a)·op(b) that nothing else reads (passes/fuse-update.ts).
defineOperation('updateByProduct', {
  infer: () => ({ shape: [0], dtype: 'f32' }),
  lower(emitter, node) {
    const [parameter, a, b, scalars, scale, ...slots] = node.inputs as [Node, Node, Node, Node, Node, ...Node[]];
    const { transposeA, transposeB } = node.attributes as unknown as MatmulAttributes;
    const slot = (index: number) => (slots[index] ? emitter.at(slots[index]) : 0);
    const [m, n] = parameter.shape as [number, number];
    const k = transposeA ? a.shape[0]! : sizeOf(a.shape) / m;
    const rows = gradientRows(m, n);
    emitter.emit('GemmUpdate', {
      kind: node.attributes['kind'] as UpdateKind,
      parameter: emitter.at(parameter),
      slot0: slot(0),
      slot1: slot(1),
      slot2: slot(2),
      a: emitter.at(a),
      b: emitter.at(b),
      scalars: emitter.at(scalars),
      scale: emitter.at(scale),
      m,
      n,
      k,
      strideA: transposeA ? m : k,
      strideB: transposeB ? k : n,
      transposeA: Number(transposeA),
      transposeB: Number(transposeB),
      rows,
      workspace: emitter.workspace(gemmUpdateWorkspace(n, k, rows, transposeA)),
    });
  },
});

// Copies a value into storage.
defineOperation('assign', {
  infer([state, value]) {
    if (!sameShape(state!.shape, value!.shape) || state!.dtype !== value!.dtype)
      throw new ShapeError(
        `assign: expected ${state!.dtype} ${formatShape(state!.shape)}, got ${value!.dtype} ${formatShape(value!.shape)}`,
      );
    return { shape: [0], dtype: 'f32' };
  },
  lower(emitter, node) {
    const [state, value] = node.inputs as [Node, Node];
    const columns = sizeOf(state.shape);
    const strides = { strideOut: columns, strideX: columns };
    emitter.emit('Copy', { out: emitter.at(state), x: emitter.at(value), rows: 1, columns, ...strides });
  },
});

/** Writes a value to storage of its shape; an effect. Nodes that read the storage must stand before it. */
export const assign = (graph: Graph, state: Node, value: Node): Node => graph.add('assign', [state, value]);

/** @param scalars the step's hyperparameters @param scale a float that multiplies the gradient */
export const update = (
  graph: Graph,
  kind: UpdateKind,
  parameter: Node,
  gradient: Node,
  scalars: Node,
  scale: Node,
  slots: readonly Node[],
): Node => graph.add('update', [parameter, gradient, scalars, scale, ...slots], { kind });
