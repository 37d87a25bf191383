// Checks an operation of the graph whole, on the variant under test: its shape, its forward values against a float64
// reference, and the gradient of every input against finite differences of that reference.
import { expect } from 'vitest';
import { CoreInstance, loadCore } from '../../src/core/core.ts';
import { compile, type CompileOptions } from '../../src/graph/compile.ts';
import { Executable } from '../../src/graph/executable.ts';
import { addGradients } from '../../src/graph/gradients.ts';
import { Graph, sizeOf, type GraphFunction, type Node, type Shape } from '../../src/graph/graph.ts';
import { input, multiply, reduce, scalar } from '../../src/graph/operations/index.ts';
import { randomFloats, variant } from './kernel.ts';
import { recordError, worstError } from './record.ts';

const core = await loadCore({ variant });

/** Compiles and runs a function of the graph once; returns every output. */
export function runFunction(
  source: GraphFunction,
  inputs: Readonly<Record<string, ArrayLike<number>>>,
  options: CompileOptions = {},
): { outputs: Record<string, Float32Array>; finished: boolean; executable: Executable } {
  const instance = new CoreInstance(core);
  const executable = new Executable(instance, compile(source, options), () => 0);
  executable.prepare();
  for (const [name, data] of Object.entries(inputs))
    if (executable.compiled.inputs.has(name)) executable.input(name).set(data);
  const finished = executable.run();
  const outputs = Object.fromEntries(
    [...executable.compiled.outputs.keys()].map((name) => [name, Float32Array.from(executable.output(name))]),
  );
  return { outputs, finished, executable };
}

export interface OperationCase {
  readonly inputs: readonly {
    readonly shape: Shape;
    readonly low?: number;
    readonly high?: number;
    readonly data?: ArrayLike<number>;
  }[];
  build(graph: Graph, ...nodes: Node[]): Node;
  /** The same in float64. */
  reference(...inputs: Float64Array[]): ArrayLike<number>;
  /** Relative to the largest magnitude; the operation's own. */
  readonly tolerance?: number;
  readonly gradientTolerance?: number;
  /** Inputs without a gradient (by number). */
  readonly withoutGradient?: readonly number[];
  readonly shape?: Shape;
}

/** Relative to the largest magnitude of what was expected, at least 1e-3. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  expect(actual.length, `${what}: length`).toBe(expected.length);
  const scale = Math.max(1e-3, ...Array.from(expected, Math.abs).filter(Number.isFinite));
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    if (Number.isFinite(e))
      expect(Math.abs(a - e) / scale, `${what}[${i}]: ${a} for ${e}`).toBeLessThanOrEqual(tolerance);
    else expect(a, `${what}[${i}]`).toBe(e);
  }
}

/** Runs the whole check. The gradient is that of Σ w·out with random weights w. */
export function checkOperation(testCase: OperationCase): void {
  const { build, reference, tolerance = 1e-5, gradientTolerance = 1e-4, withoutGradient = [] } = testCase;
  const data = testCase.inputs.map(({ shape, low = -1, high = 1, data: given }, i) =>
    Float32Array.from(given ?? randomFloats(sizeOf(shape), 17 + i, low, high)),
  );
  const graph = new Graph();
  const nodes = testCase.inputs.map(({ shape }, i) => input(graph, `x${i}`, shape));
  const out = build(graph, ...nodes);
  if (testCase.shape) expect(out.shape).toEqual(testCase.shape);
  const weights = randomFloats(sizeOf(out.shape), 99);
  const weighted = reduce(graph, 'Sum', multiply(graph, out, input(graph, 'weights', out.shape)));
  const gradients = addGradients(graph, weighted, scalar(graph, 1), nodes);
  const outputs: Record<string, Node> = { out };
  gradients.forEach((gradient, i) => gradient && (outputs[`d${i}`] = gradient));
  const values = { ...Object.fromEntries(data.map((x, i) => [`x${i}`, x])), weights };
  const result = runFunction({ nodes: graph.nodes, outputs, effects: [] }, values);
  const exact = data.map((x) => Float64Array.from(x));
  const expected = reference(...exact);
  expectClose(result.outputs['out']!, expected, tolerance, 'forward');
  recordError(out.operation, 'forward', worstError(result.outputs['out']!, expected));
  data.forEach((_, i) => {
    if (withoutGradient.includes(i)) return expect(gradients[i]).toBeNull();
    const numeric = finiteDifferences(reference, exact, i, weights);
    expectClose(result.outputs[`d${i}`]!, numeric, gradientTolerance, `gradient of input ${i}`);
    return recordError(out.operation, 'gradient', worstError(result.outputs[`d${i}`]!, numeric));
  });
}

function finiteDifferences(
  reference: OperationCase['reference'],
  inputs: Float64Array[],
  which: number,
  weights: Float32Array,
): Float64Array {
  const total = () => {
    const out = reference(...inputs);
    let sum = 0;
    for (let j = 0; j < weights.length; j++) sum += weights[j]! * out[j]!;
    return sum;
  };
  const x = inputs[which]!;
  return x.map((value, i) => {
    const step = 1e-6 * Math.max(1, Math.abs(value));
    x[i] = value + step;
    const above = total();
    x[i] = value - step;
    const below = total();
    x[i] = value;
    return (above - below) / (2 * step);
  });
}
