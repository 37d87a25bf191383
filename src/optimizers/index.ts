// The optimizers and the learning-rate schedules: the names that other folders use.
export { adadelta, type AdadeltaOptions } from './adadelta.ts';
export { adagrad, type AdagradOptions } from './adagrad.ts';
export { adam, adamW, type AdamOptions } from './adam.ts';
export { adamax, type AdamaxOptions } from './adamax.ts';
export { lion, type LionOptions } from './lion.ts';
export { nadam, type NadamOptions } from './nadam.ts';
export type { Optimizer, OptimizerOptions, OptimizerState, Slot } from './optimizer.ts';
export { radam, type RadamOptions } from './radam.ts';
export { optimizerFromConfig, optimizerNames, resolveOptimizer, type OptimizerLike } from './registry.ts';
export { rmsprop, type RmspropOptions } from './rmsprop.ts';
export * from './schedules.ts';
export { sgd, type SgdOptions } from './sgd.ts';
