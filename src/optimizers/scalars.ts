// The scalars of the Update instruction: their names and order for each kind, as assembly/optim/update.ts reads
// them (a test compares the two), and the one function that writes them.
import { UpdateKind } from '../core/generated/instructions.ts';

export type UpdateKindName = keyof typeof UpdateKind;

const common = ['stepSize', 'weightDecay', 'decay'] as const;
const momentum = [...common, 'momentum', 'gradientShare'] as const;
const moments = [...common, 'beta1', 'gradientShare', 'beta2', 'squareShare', 'rootScale', 'epsilon'] as const;

/** The order of the scalars for each kind. */
export const scalarOrder = {
  Sgd: common,
  Momentum: momentum,
  Nesterov: momentum,
  Adam: moments,
  AmsGrad: moments,
  Nadam: [...moments, 'gradientStep'],
  Radam: moments,
  Adamax: [...common, 'beta1', 'gradientShare', 'beta2', 'epsilon'],
  RmsProp: [...common, 'rho', 'squareShare', 'epsilon', 'momentum', 'centered'],
  Adagrad: [...common, 'epsilon'],
  Adadelta: [...common, 'rho', 'squareShare', 'epsilon'],
  Lion: [...common, 'beta1', 'gradientShare', 'beta2', 'momentumShare'],
} as const satisfies Record<UpdateKindName, readonly string[]>;

/** A value for each scalar of a kind. */
export type ScalarValues<K extends UpdateKindName> = Readonly<Record<(typeof scalarOrder)[K][number], number>>;

/** Writes the values in the kind's order, rounded to floats. */
export function writeScalars<K extends UpdateKindName>(kind: K, values: ScalarValues<K>, out: Float32Array): void {
  const order: readonly string[] = scalarOrder[kind];
  for (let index = 0; index < order.length; index++)
    out[index] = (values as Readonly<Record<string, number>>)[order[index]!]!;
}
