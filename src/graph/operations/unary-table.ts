// What the graph must know of each elementwise function: which value its gradient reads, and the defaults of its
// parameters. The list of the core's own file, assembly/nn/activation.ts; a test holds the two against each other.
import type { UnaryKind } from '../../core/generated/instructions.ts';

export type UnaryName = keyof typeof UnaryKind;

export interface UnaryProperties {
  /** What the backward kernel reads beside dOut: the input, the output, or nothing. */
  readonly reads: 'x' | 'y' | 'none';
  /** The default of alpha, where the function has that parameter. */
  readonly alpha?: number;
  /** The default of beta, where the function has that parameter. */
  readonly beta?: number;
}

export const unaryTable: Readonly<Record<UnaryName, UnaryProperties>> = {
  Linear: { reads: 'none' },
  Relu: { reads: 'y' },
  Relu6: { reads: 'y' },
  LeakyRelu: { reads: 'y', alpha: 0.01 },
  Elu: { reads: 'y', alpha: 1 },
  Selu: { reads: 'y' },
  Celu: { reads: 'y', alpha: 1 },
  GeluErf: { reads: 'x' },
  GeluTanh: { reads: 'x' },
  Silu: { reads: 'x' },
  Mish: { reads: 'x' },
  Sigmoid: { reads: 'y' },
  Tanh: { reads: 'y' },
  Softplus: { reads: 'x', alpha: 1, beta: 20 },
  Softsign: { reads: 'y' },
  HardSigmoid: { reads: 'y' },
  HardSwish: { reads: 'x' },
  HardTanh: { reads: 'y', alpha: -1, beta: 1 },
  LogSigmoid: { reads: 'y' },
  Step: { reads: 'none' },
  NegativePart: { reads: 'y' },
  Exp: { reads: 'y' },
  Log: { reads: 'x' },
  Erf: { reads: 'x' },
  Sin: { reads: 'x' },
  Cos: { reads: 'x' },
  Sqrt: { reads: 'y' },
  Reciprocal: { reads: 'y' },
  Square: { reads: 'x' },
  Abs: { reads: 'x' },
  Negate: { reads: 'none' },
  Sign: { reads: 'none' },
  Floor: { reads: 'none' },
  Ceil: { reads: 'none' },
  Round: { reads: 'none' },
  Affine: { reads: 'none', alpha: 1, beta: 0 },
  Clip: { reads: 'y', alpha: -Infinity, beta: Infinity },
};

/** Refuses parameters that a function, or the gradient that reads its output, is not defined for. */
const rules: Partial<Record<UnaryName, { valid: (alpha: number, beta: number) => boolean; expected: string }>> = {
  LeakyRelu: { valid: (alpha) => alpha >= 0, expected: 'a slope (alpha) of at least 0' },
  Elu: { valid: (alpha) => alpha >= 0, expected: 'alpha of at least 0' },
  Celu: { valid: (alpha) => alpha > 0, expected: 'alpha above 0' },
  Softplus: { valid: (alpha) => alpha > 0, expected: 'beta (alpha) above 0' },
  HardTanh: { valid: (alpha, beta) => alpha <= beta, expected: 'a minimum (alpha) of at most the maximum (beta)' },
  Clip: { valid: (alpha, beta) => alpha <= beta, expected: 'a minimum (alpha) of at most the maximum (beta)' },
};

/**
 * The parameters of an elementwise function, defaults filled in.
 * @throws RangeError for values that the function or its gradient is not defined for
 */
export function unaryParameters(
  name: UnaryName,
  given: { alpha?: number | undefined; beta?: number | undefined } = {},
): { alpha: number; beta: number } {
  const defaults = unaryTable[name];
  const alpha = given.alpha ?? defaults.alpha ?? 0;
  const beta = given.beta ?? defaults.beta ?? 0;
  const rule = rules[name];
  if (Number.isNaN(alpha) || Number.isNaN(beta) || (rule && !rule.valid(alpha, beta)))
    throw new RangeError(`${name}: expected ${rule?.expected ?? 'numbers'}, got alpha ${alpha}, beta ${beta}`);
  return { alpha, beta };
}
