// Elementwise functions of two arguments with broadcasting: arithmetic, extremes, comparisons.
import { BinaryKind } from '../../core/generated/instructions.ts';
import { defineOperation } from '../operation.ts';
import { ShapeError } from '../../core/errors.ts';
import { formatShape, sameShape, sizeOf, type Graph, type Node, type Shape } from '../graph.ts';
import { binary, divide, multiply, subtract, type BinaryName } from './arithmetic.ts';
import { broadcastAxes, broadcastShape } from './broadcast.ts';
import { sumTo } from './reduce.ts';
import { scalar } from './sources.ts';
import { unary } from './unary.ts';

type GradientRule = (graph: Graph, a: Node, b: Node, out: Node, dOut: Node) => [Node | null, Node | null];

/** A function that passes the gradient to one side where `wins` says so; a tie passes nothing (the kink's gradient is 0). */
const gradientOfExtreme =
  (aWins: BinaryName, bWins: BinaryName): GradientRule =>
  (graph, a, b, _out, dOut) => [
    multiply(graph, dOut, binary(graph, aWins, a, b)),
    multiply(graph, dOut, binary(graph, bWins, a, b)),
  ];

const gradientRules: Partial<Record<BinaryName, GradientRule>> = {
  Add: (_graph, _a, _b, _out, dOut) => [dOut, dOut],
  Subtract: (graph, _a, _b, _out, dOut) => [dOut, unary(graph, 'Negate', dOut)],
  Multiply: (graph, a, b, _out, dOut) => [multiply(graph, dOut, b), multiply(graph, dOut, a)],
  Divide(graph, _a, b, out, dOut) {
    const dA = divide(graph, dOut, b);
    return [dA, unary(graph, 'Negate', multiply(graph, dA, out))];
  },
  // d aᵇ = b·aᵇ⁻¹ da + aᵇ·ln a db
  Power(graph, a, b, out, dOut) {
    const dA = multiply(graph, b, binary(graph, 'Power', a, subtract(graph, b, scalar(graph, 1))));
    const dB = multiply(graph, out, unary(graph, 'Log', a));
    return [multiply(graph, dOut, dA), multiply(graph, dOut, dB)];
  },
  Minimum: gradientOfExtreme('Less', 'Greater'),
  Maximum: gradientOfExtreme('Greater', 'Less'),
  First: (_graph, _a, _b, _out, dOut) => [dOut, null],
};

defineOperation('binary', {
  infer([a, b], { kind }) {
    if (a!.dtype !== 'f32' || b!.dtype !== 'f32') throw new TypeError(`${String(kind)}: expected f32 operands`);
    return { shape: broadcastShape(String(kind).toLowerCase(), a!.shape, b!.shape), dtype: 'f32' };
  },
  gradient(graph, node, dOut) {
    const [a, b] = node.inputs as [Node, Node];
    const rule = gradientRules[node.attributes['kind'] as BinaryName];
    if (!rule) return [null, null];
    const [dA, dB] = rule(graph, a, b, node, dOut);
    return [dA && sumTo(graph, dA, a.shape), dB && sumTo(graph, dB, b.shape)];
  },
  lower(emitter, node) {
    const [a, b] = node.inputs as [Node, Node];
    const operands = {
      kind: BinaryKind[node.attributes['kind'] as BinaryName],
      out: emitter.at(node),
      a: emitter.at(a),
      b: emitter.at(b),
    };
    if (sameShape(a.shape, b.shape)) {
      emitter.emit('Binary', { ...operands, n: sizeOf(node.shape) });
      return;
    }
    const axes = broadcastAxes(node.shape, a.shape, b.shape);
    const table = emitter.table([...axes.sizes, ...axes.a, ...axes.b]);
    emitter.emit('BinaryBroadcast', { ...operands, rank: axes.sizes.length, table });
  },
  // Only an operand of the result's own shape has memory to take over: the plan compares the sizes.
  inPlace: [0, 1],
});

defineOperation('broadcastTo', {
  infer: (_inputs, { shape }) => ({ shape: shape as Shape, dtype: 'f32' }),
  gradient: (graph, node, dOut) => [sumTo(graph, dOut, node.inputs[0]!.shape)],
  lower(emitter, node) {
    const [x] = node.inputs as [Node];
    const axes = broadcastAxes(node.shape, x.shape, []);
    emitter.emit('BinaryBroadcast', {
      kind: BinaryKind.First,
      out: emitter.at(node),
      a: emitter.at(x),
      b: emitter.at(x),
      rank: axes.sizes.length,
      table: emitter.table([...axes.sizes, ...axes.a, ...axes.b]),
    });
  },
});

defineOperation('axpy', {
  infer([x, y]) {
    if (!sameShape(x!.shape, y!.shape))
      throw new ShapeError(
        `axpy: expected operands of one shape, got ${formatShape(x!.shape)} and ${formatShape(y!.shape)}`,
      );
    return { shape: x!.shape, dtype: 'f32' };
  },
  gradient: (graph, node, dOut) => [unary(graph, 'Affine', dOut, node.attributes['alpha'] as number, 0), dOut],
  lower(emitter, node) {
    const [x, y] = node.inputs as [Node, Node];
    const operands = { n: sizeOf(node.shape), alpha: node.attributes['alpha'] as number };
    emitter.emit('Axpy', { out: emitter.at(node), x: emitter.at(x), y: emitter.at(y), ...operands });
  },
  inPlace: [0, 1],
});

/** alpha·x + y, of one shape. */
export const axpy = (graph: Graph, alpha: number, x: Node, y: Node): Node => graph.add('axpy', [x, y], { alpha });
