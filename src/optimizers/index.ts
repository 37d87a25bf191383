// The optimizers and the learning-rate schedules: the names that other folders use.
export { adadelta, type AdadeltaOptions } from './adadelta.ts';
export { adafactor, type AdafactorOptions } from './adafactor.ts';
export { adagrad, type AdagradOptions } from './adagrad.ts';
export { adam, adamW, type AdamOptions } from './adam.ts';
export { adamax, type AdamaxOptions } from './adamax.ts';
export { lamb, type LambOptions } from './lamb.ts';
export { lbfgs, type LbfgsOptimizer, type LbfgsOptions, type LbfgsSettings } from './lbfgs.ts';
export { lion, type LionOptions } from './lion.ts';
export { muon, type MuonOptions } from './muon.ts';
export { nadam, type NadamOptions } from './nadam.ts';
export type {
  Optimizer,
  OptimizerGroup,
  OptimizerOptions,
  OptimizerPart,
  UpdateFormula,
  FormulaTerms,
  OptimizerState,
  Slot,
} from './optimizer.ts';
export { radam, type RadamOptions } from './radam.ts';
export { optimizerFromConfig, optimizerNames, resolveOptimizer, type OptimizerLike } from './registry.ts';
export { rmsprop, type RmspropOptions } from './rmsprop.ts';
export * from './schedules.ts';
export { sgd, type SgdOptions } from './sgd.ts';
