// All optimizers by name: how one is built again from a file, and what a user may put where one is expected.
import { unknownName } from '../core/nearest.ts';
import { adafactor } from './adafactor.ts';
import { adadelta } from './adadelta.ts';
import { adagrad } from './adagrad.ts';
import { adam, adamW } from './adam.ts';
import { adamax } from './adamax.ts';
import { lamb } from './lamb.ts';
import { lbfgs } from './lbfgs.ts';
import { lion } from './lion.ts';
import { muon } from './muon.ts';
import { nadam } from './nadam.ts';
import type { Optimizer } from './optimizer.ts';
import { radam } from './radam.ts';
import { rmsprop } from './rmsprop.ts';
import { sgd } from './sgd.ts';

const factories: Readonly<Record<string, (options: object) => Optimizer>> = {
  sgd,
  adam,
  adamW,
  nadam,
  radam,
  adamax,
  rmsprop,
  adagrad,
  adadelta,
  lion,
  adafactor,
  lamb,
  muon,
  lbfgs,
};

/** The names that `optimizerFromConfig` and `resolveOptimizer` know. */
export const optimizerNames: readonly string[] = Object.keys(factories);

/**
 * Builds an optimizer from its `type` and `config` (or options).
 * @throws RangeError for a type that is not known, naming the nearest and listing all
 */
export function optimizerFromConfig(type: string, config: object): Optimizer {
  if (!Object.hasOwn(factories, type)) throw unknownName('optimizer', type, optimizerNames);
  return factories[type]!(config);
}

/** An optimizer, or its name for its defaults. */
export type OptimizerLike = string | Optimizer;

/**
 * The optimizer itself, or the one of that name with its default options: `'adam'`.
 * @throws RangeError for an unknown name
 * @throws TypeError for what is neither a name nor an optimizer
 */
export function resolveOptimizer(nameOrOptimizer: OptimizerLike): Optimizer {
  if (typeof nameOrOptimizer === 'string') return optimizerFromConfig(nameOrOptimizer, {});
  if (typeof nameOrOptimizer !== 'object' || nameOrOptimizer === null || !('scalarCount' in nameOrOptimizer))
    throw new TypeError(`optimizer: expected a name or an optimizer, got ${JSON.stringify(nameOrOptimizer)}`);
  return nameOrOptimizer;
}
