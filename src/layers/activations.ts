// Activation functions by name, and their nodes.
import { ShapeError } from '../core/errors.ts';
import { unknownName } from '../core/nearest.ts';
import type { Graph, Node } from '../graph/graph.ts';
import { softmax, unary, type UnaryName } from '../graph/operations/basic.ts';
import { unaryParameters, unaryTable } from '../graph/operations/unary-table.ts';

/** The unary functions under the names that users know. */
const unaryNames = {
  linear: 'Linear',
  relu: 'Relu',
  relu6: 'Relu6',
  leakyRelu: 'LeakyRelu',
  elu: 'Elu',
  selu: 'Selu',
  celu: 'Celu',
  gelu: 'GeluErf',
  geluTanh: 'GeluTanh',
  silu: 'Silu',
  mish: 'Mish',
  sigmoid: 'Sigmoid',
  tanh: 'Tanh',
  softplus: 'Softplus',
  softsign: 'Softsign',
  hardSigmoid: 'HardSigmoid',
  hardSwish: 'HardSwish',
  hardTanh: 'HardTanh',
  logSigmoid: 'LogSigmoid',
  step: 'Step',
  exp: 'Exp',
} as const satisfies Record<string, UnaryName>;

const aliases: Readonly<Record<string, ActivationName>> = { swish: 'silu', identity: 'linear' };

export type ActivationName = keyof typeof unaryNames | 'softmax' | 'logSoftmax';

/** A function by name, or with its parameter: `{ name: 'leakyRelu', alpha: 0.2 }`. */
export type Activation = ActivationName | { readonly name: ActivationName; readonly alpha?: number };

/** The names of all activation functions. */
export const activationNames = [...Object.keys(unaryNames), 'softmax', 'logSoftmax'] as ActivationName[];

/**
 * @throws RangeError for an unknown name, naming the nearest known one, or a parameter that the function does not have
 * or is not defined for; TypeError for another kind of value
 */
export function resolveActivation(activation: Activation | undefined): { name: ActivationName; alpha?: number } {
  if (activation === undefined) return { name: 'linear' };
  const { name, alpha } =
    typeof activation === 'string' ? { name: activation, alpha: undefined } : (activation ?? { name: undefined });
  if (typeof name !== 'string') throw new TypeError(`activation: expected a name, got ${typeof activation}`);
  const known = aliases[name] ?? name;
  if (!activationNames.includes(known)) throw unknownName('activation', name, activationNames);
  if (alpha === undefined) return { name: known };
  if (!Number.isFinite(alpha)) throw new RangeError(`activation ${name}: expected a finite alpha, got ${alpha}`);
  const kind = known === 'softmax' || known === 'logSoftmax' ? undefined : unaryNames[known];
  if (!kind || unaryTable[kind].alpha === undefined) throw new RangeError(`activation ${name}: it has no alpha`);
  unaryParameters(kind, { alpha });
  return { name: known, alpha };
}

/** The same as a layer's configuration has it: a name, or a name with its parameter. @throws as resolveActivation */
export function configuredActivation(activation: Activation | undefined): Activation {
  const { name, alpha } = resolveActivation(activation);
  return alpha === undefined ? name : { name, alpha };
}

/** The node of an activation function of x. */
export function activate(graph: Graph, x: Node, activation: Activation | undefined): Node {
  const { name, alpha } = resolveActivation(activation);
  if (name === 'linear') return x;
  if (name === 'softmax' || name === 'logSoftmax') {
    if (x.shape.length < 2) throw new ShapeError(`${name}: expected at least [*, 1], got ${x.shape.length} dimension`);
    return softmax(graph, name === 'softmax' ? 'Softmax' : 'LogSoftmax', x);
  }
  return unary(graph, unaryNames[name], x, alpha);
}
