// Runs single operations: each kind and shape is compiled once to a program of its own, on one shared instance of
// the core; a call copies the operands in, runs it and copies the result out.
import { CoreInstance, loadCore } from '../core/core.ts';
import { isTensor, tensor, type Tensor, type TensorValues } from '../data/tensor.ts';
import { compile } from '../graph/compile.ts';
import { Executable } from '../graph/executable.ts';
import { Graph, type DType, type Node } from '../graph/graph.ts';
import { input } from '../graph/operations/index.ts';

/** A tensor, a typed array, nested arrays or a number. */
export type Operand = Tensor | TensorValues;

const instance = new CoreInstance(await loadCore());

/** How many compiled operations are kept; the one used longest ago goes first. */
const limit = 64;
const programs = new Map<string, Executable>();

/** The build of the core that the operations run on. */
export const { variant } = instance;

export const toTensor = (value: Operand): Tensor => (isTensor(value) ? value : tensor(value));

/** @param key tells this operation and its attributes from every other; the shapes are added to it */
export function evaluate(
  key: string,
  operands: readonly Tensor[],
  build: (graph: Graph, ...inputs: Node[]) => Node,
): Tensor {
  let name = key;
  for (const { data, shape } of operands) name += `${data instanceof Int32Array ? ';i' : ';'}${shape.join()}`;
  const executable = programs.get(name) ?? compileOperation(operands, build);
  keepAsNewest(name, executable);
  operands.forEach(({ data }, i) => {
    // An operand that the result does not depend on has no place in the program.
    if (executable.compiled.inputs.has(inputNames[i]!)) executable.input(inputNames[i]!).set(data);
  });
  executable.run();
  const { shape } = executable.compiled.outputs.get('out')!;
  return { data: executable.output('out').slice(), shape };
}

const inputNames = ['0', '1', '2', '3', '4', '5', '6', '7'];

/** A map gives its keys in the order in which they were set: the first is the one used longest ago. */
function keepAsNewest(name: string, executable: Executable): void {
  programs.delete(name);
  programs.set(name, executable);
  for (const [old, program] of programs) {
    if (programs.size <= limit) break;
    programs.delete(old);
    program.release();
  }
}

function compileOperation(operands: readonly Tensor[], build: (graph: Graph, ...inputs: Node[]) => Node): Executable {
  const graph = new Graph();
  const dtypeOf = ({ data }: Tensor): DType => (data instanceof Int32Array ? 'i32' : 'f32');
  const nodes = operands.map((operand, i) => input(graph, inputNames[i]!, operand.shape, dtypeOf(operand)));
  const out = build(graph, ...nodes);
  const compiled = compile({ nodes: graph.nodes, outputs: { out }, effects: [] });
  const executable = new Executable(instance, compiled, () => 0, 'ops');
  executable.prepare();
  return executable;
}
