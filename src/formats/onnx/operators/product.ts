// Matrix products, of floats and of integers, and Einstein's sums made of them.
import { NeuriteError, ShapeError } from '../../../core/errors.ts';
import { formatShape } from '../../../graph/graph.ts';
import * as operations from '../../../graph/operations/index.ts';
import { arithmetic, convert, reduce, unary } from '../arithmetic.ts';
import type { Builder, Value } from '../builder.ts';
import { defineOperator, type Call } from '../operator.ts';
import { reshape, transpose, walk } from '../movement.ts';
import { integerMatmul, matmul } from '../products.ts';
import { isFloat } from '../types.ts';

defineOperator('MatMul', (call) => {
  const [a, b] = [call.input(0), call.input(1)];
  if (isFloat(a.type)) return matmul(call.build, a, b);
  return convert(
    call.build,
    integerMatmul(call.build, convert(call.build, a, 'int32'), convert(call.build, b, 'int32')),
    a.type,
  );
});

/** alpha · op(A) · op(B) + beta · C */
defineOperator('Gemm', (call) => {
  const { build, attributes } = call;
  const [a, b, c] = [call.input(0), call.input(1), call.inputs[2]];
  const [transposeA, transposeB] = [attributes.flag('transA'), attributes.flag('transB')];
  const [alpha, beta] = [attributes.float('alpha', 1), attributes.float('beta', 1)];
  if (!isFloat(a.type)) return integerGemm(call, transposeA, transposeB, alpha, beta);
  let product = build.fromNode(
    a.type,
    operations.matmul(build.graph, build.nodeOf(a), build.nodeOf(b), { transposeA, transposeB }),
  );
  if (alpha !== 1) product = unary(build, 'Affine', product, alpha, 0);
  if (!c || beta === 0) return product;
  const bias = c.shape.length === 2 && c.shape[0] === 1 ? reshape(build, c, [c.shape[1]!]) : c;
  return arithmetic(build, 'Add', product, beta === 1 ? bias : unary(build, 'Affine', bias, beta, 0));
});

function integerGemm(call: Call, transposeA: boolean, transposeB: boolean, alpha: number, beta: number): Value {
  const { build } = call;
  const [a, b, c] = [call.input(0), call.input(1), call.inputs[2]];
  const left = transposeA ? transpose(build, a, [1, 0]) : a;
  const right = transposeB ? transpose(build, b, [1, 0]) : b;
  const scaled = (value: Value, factor: number) =>
    factor === 1 ? value : arithmetic(build, 'Multiply', value, build.scalar(value.type, factor));
  if (!Number.isInteger(alpha) || !Number.isInteger(beta)) throw new NeuriteError('integers scaled by a fraction');
  const product = scaled(convert(build, integerMatmul(build, left, right), a.type), alpha);
  return c ? arithmetic(build, 'Add', product, scaled(c, beta)) : product;
}

// ---- integers with zero points

/** x − zero in 32 bits; a zero point for each row (axis −2) or column (axis −1), or one for all. */
export function centred(b: Builder, x: Value, zero: Value | undefined, axis: number): Value {
  const wide = convert(b, x, 'int32');
  if (!zero) return wide;
  const point = convert(b, zero, 'int32');
  const isVector = point.shape.length === 1 && point.shape[0] !== 1;
  const along = isVector && axis === -2 ? reshape(b, point, [...point.shape, 1]) : point;
  const single = !isVector && point.shape.length <= 1 ? reshape(b, point, []) : along;
  return arithmetic(b, 'Subtract', wide, single);
}

defineOperator('MatMulInteger', (call) => {
  const { build } = call;
  const a = centred(build, call.input(0), call.inputs[2], -2);
  return integerMatmul(build, a, centred(build, call.input(1), call.inputs[3], -1));
});

// ---- Einstein's sums

defineOperator('Einsum', (call) => {
  const { build, attributes } = call;
  const equation = attributes.string('equation', '').replaceAll(' ', '');
  const [left, right] = equation.split('->') as [string, string | undefined];
  const terms = left.split(',');
  const values = call.all;
  if (terms.length !== values.length)
    throw new NeuriteError(`"${equation}" has ${terms.length} terms for ${values.length} inputs`);
  const operands = terms.map((term, i) => diagonal(build, labelled(term, values[i]!)));
  const output = right === undefined ? implicitOutput(terms, operands) : labelsOf(right, ellipsisOf(operands));
  const [first, ...rest] = operands as [Labelled, ...Labelled[]];
  let total = first;
  for (const [i, next] of rest.entries()) {
    const later = new Set([...output, ...rest.slice(i + 1).flatMap(({ labels }) => labels)]);
    total = contract(build, total, next, later);
  }
  return arranged(build, total, output);
});

/** A value whose axes have names; those of an ellipsis are `.0`, `.1`, … from the last. */
interface Labelled {
  readonly value: Value;
  readonly labels: readonly string[];
}

function labelsOf(term: string, ellipsis: number): string[] {
  const [before, after] = term.split('...') as [string, string | undefined];
  if (after === undefined) return [...before];
  return [...before, ...Array.from({ length: ellipsis }, (_, i) => `.${ellipsis - 1 - i}`), ...after];
}

function labelled(term: string, value: Value): Labelled {
  const letters = term.replace('...', '').length;
  const labels = labelsOf(term, value.shape.length - letters);
  if (labels.length !== value.shape.length)
    throw new ShapeError(`"${term}" does not name the axes of ${formatShape(value.shape)}`);
  return { value, labels };
}

const ellipsisOf = (operands: readonly Labelled[]): number =>
  Math.max(0, ...operands.map(({ labels }) => labels.filter((label) => label.startsWith('.')).length));

/** Without an arrow: what an ellipsis stands for, then the letters that occur once, in order. */
function implicitOutput(terms: readonly string[], operands: readonly Labelled[]): string[] {
  const letters = terms.join('').replaceAll('.', '').replaceAll(',', '');
  const once = [...new Set(letters)].filter((letter) => letters.split(letter).length === 2).toSorted();
  return [...Array.from({ length: ellipsisOf(operands) }, (_, i) => `.${ellipsisOf(operands) - 1 - i}`), ...once];
}

/** Axes of one name become one: their diagonal. */
function diagonal(b: Builder, { value, labels }: Labelled): Labelled {
  const unique = [...new Set(labels)];
  if (unique.length === labels.length) return { value, labels };
  const strides = operations.denseStrides(value.shape);
  const axes = unique.map((label) => {
    const own = labels.flatMap((other, axis) => (other === label ? [axis] : []));
    return { size: value.shape[own[0]!]!, stride: own.reduce((sum, axis) => sum + strides[axis]!, 0) };
  });
  return { value: walk(b, value, axes), labels: unique };
}

/** The axes in this order, those that are missing as 1, those that are not named summed away. */
function arranged(b: Builder, { value, labels }: Labelled, order: readonly string[]): Value {
  const extra = labels.flatMap((label, axis) => (order.includes(label) ? [] : [axis]));
  const summed = extra.length ? reduce(b, 'Sum', value, extra, false) : value;
  const left = labels.filter((label) => order.includes(label));
  const present = order.filter((label) => left.includes(label));
  const moved = transpose(
    b,
    summed,
    present.map((label) => left.indexOf(label)),
  );
  return reshape(
    b,
    moved,
    order.map((label) => (left.includes(label) ? summed.shape[left.indexOf(label)]! : 1)),
  );
}

/** The product of two, summed over what nothing later needs: a batched matrix product. */
function contract(b: Builder, x: Labelled, y: Labelled, later: ReadonlySet<string>): Labelled {
  const inBoth = x.labels.filter((label) => y.labels.includes(label));
  const summed = inBoth.filter((label) => !later.has(label));
  const batch = inBoth.filter((label) => later.has(label));
  const onlyX = x.labels.filter((label) => !inBoth.includes(label) && later.has(label));
  const onlyY = y.labels.filter((label) => !inBoth.includes(label) && later.has(label));
  const sizes = new Map(x.labels.map((label, i) => [label, x.value.shape[i]!] as const));
  y.labels.forEach((label, i) => sizes.set(label, Math.max(sizes.get(label) ?? 1, y.value.shape[i]!)));
  const size = (labels: readonly string[]) => labels.reduce((product, label) => product * sizes.get(label)!, 1);
  const left = arranged(b, x, [...batch, ...onlyX, ...summed]);
  const right = arranged(b, y, [...batch, ...summed, ...onlyY]);
  const lead = (value: Value) => value.shape.slice(0, batch.length);
  const product = productOf(
    b,
    reshape(b, left, [...lead(left), size(onlyX), size(summed)]),
    reshape(b, right, [...lead(right), size(summed), size(onlyY)]),
  );
  const labels = [...batch, ...onlyX, ...onlyY];
  const shape = [...product.shape.slice(0, batch.length), ...[...onlyX, ...onlyY].map((label) => sizes.get(label)!)];
  return { value: reshape(b, product, shape), labels };
}

const productOf = (b: Builder, x: Value, y: Value): Value =>
  isFloat(x.type)
    ? matmul(b, x, y)
    : convert(b, integerMatmul(b, convert(b, x, 'int32'), convert(b, y, 'int32')), x.type);
