// The optimizers' update: one pass over a parameter, its gradient and its slots, in place (descent.ts, moments.ts,
// adaptive.ts); here is what holds for all of its kernels, and the handler.
// The host computes everything that is the same for all elements (bias corrections, schedules) in float64 and
// hands it over as floats, so that a kernel is arithmetic alone; the semantics are PyTorch's.
// Not here: gradient clipping (it arrives as the factor at `scale`), L1 and L2 penalties (the graph adds them).
//
// The order of `scalars` for each kind (src/optimizers/scalars.ts is the host's table; a test compares them):
//   Sgd       stepSize weightDecay decay
//   Momentum  stepSize weightDecay decay momentum gradientShare
//   Nesterov  stepSize weightDecay decay momentum gradientShare
//   Adam      stepSize weightDecay decay beta1 gradientShare beta2 squareShare rootScale epsilon
//   AmsGrad   stepSize weightDecay decay beta1 gradientShare beta2 squareShare rootScale epsilon
//   Nadam     stepSize weightDecay decay beta1 gradientShare beta2 squareShare rootScale epsilon gradientStep
//   Radam     stepSize weightDecay decay beta1 gradientShare beta2 squareShare rootScale epsilon
//   Adamax    stepSize weightDecay decay beta1 gradientShare beta2 epsilon
//   RmsProp   stepSize weightDecay decay rho squareShare epsilon momentum centered
//   Adagrad   stepSize weightDecay decay epsilon
//   Adadelta  stepSize weightDecay decay rho squareShare epsilon
//   Lion      stepSize weightDecay decay beta1 gradientShare beta2 momentumShare
// weightDecay is coupled, a part of the gradient (0: none); decay is decoupled, a factor on the parameter (1: none).
//
// In the formulas of all kernels: g = scale · gradient + weightDecay · p, p the parameter.
// shapes: parameter, gradient and slots [n], f32
// alias: the arrays are apart from each other; parameter and slots are overwritten, the gradient is kept
// tail: the last n mod 4 by the same step on partly filled lanes
// edge: a NaN in the gradient makes that element of the parameter and of its slots NaN, and no other
import { Update, UpdateKind } from '../instructions';
import { adadelta_f32, adagrad_f32, rmsprop_f32 } from './adaptive';
import { lion_f32, momentum_f32, nesterov_f32, sgd_f32 } from './descent';
import { adam_f32, adamax_f32, amsgrad_f32, nadam_f32 } from './moments';

type Kernel = (i: Update) => void;

/** In the order of `UpdateKind`. A table, so that the kernels stay functions of their own. */
const kernels: StaticArray<Kernel> = [
  sgd_f32,
  momentum_f32,
  nesterov_f32,
  adam_f32,
  amsgrad_f32,
  nadam_f32,
  adam_f32,
  adamax_f32,
  rmsprop_f32,
  adagrad_f32,
  adadelta_f32,
  lion_f32,
];

export function execUpdate(pc: usize): u32 {
  const i = changetype<Update>(pc);
  assert(i.kind <= <u32>UpdateKind.Lion, 'Update: unknown kind');
  assert(i.parameter != 0 && i.gradient != 0, 'Update: parameter and gradient must be there');
  assert(i.scalars != 0 && i.scale != 0, 'Update: scalars and scale must be there');
  unchecked(kernels[i.kind])(i);
  return 0;
}
