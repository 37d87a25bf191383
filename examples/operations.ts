// Operations by hand: the core's kernels as functions on arrays and tensors.
import { strict as assert } from 'node:assert';
import { add, argmax, dot, matmul, mean, relu, softmax, sum, toNested, transpose } from 'neurite/ops';

console.log('dot', dot([1.2, 2.2, 3.3, 2.5], [0.4, 0.6, -0.7, 1.1]).toFixed(2));
const a = [
  [1, 2, 3],
  [4, 5, 6],
];
console.log('a · aᵀ', JSON.stringify(toNested(matmul(a, transpose(a)))));
assert.deepEqual(toNested(matmul(a, a, { transposeB: true })), [
  [14, 32],
  [32, 77],
]);

// Broadcasting by NumPy's rule: a row is added to every row.
assert.deepEqual(toNested(add(a, [10, 20, 30])), [
  [11, 22, 33],
  [14, 25, 36],
]);
console.log('column sums', toNested(sum(a, { axes: [0] })), 'mean', mean(a));

// A Float32Array gives a Float32Array back.
const scores = relu(Float32Array.of(-1, 0.5, 2));
assert.ok(scores instanceof Float32Array);
console.log('softmax', Array.from(softmax(scores), (p) => p.toFixed(3)).join(' '), 'argmax', argmax(scores));
