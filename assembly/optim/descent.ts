// Steps along the gradient: plain, with momentum, with Nesterov's momentum, and by its sign (Lion).
// The order of scalars, and what holds for all kernels, stands in update.ts.
import { Update, UpdateKind } from '../instructions';
import { madd, nmadd } from '../lanes';
import { loadLanes, scalar, storeLanes, vectorEnd } from './vectors';

// formula: p ← decay · p − stepSize · g
// source: PyTorch SGD
export function sgd_f32(i: Update): void {
  const scale = v128.load32_splat(i.scale);
  const stepSize = scalar(i, 0);
  const weightDecay = scalar(i, 1);
  const decay = scalar(i, 2);
  let p = i.parameter;
  let g = i.gradient;
  const end = vectorEnd(p, i.n);
  for (; p < end; p += 16, g += 16) sgdStep(p, g, 4, scale, stepSize, weightDecay, decay);
  const rest = i.n & 3;
  if (rest) sgdStep(p, g, rest, scale, stepSize, weightDecay, decay);
}

@inline
function sgdStep(
  parameter: usize,
  gradient: usize,
  count: u32,
  scale: v128,
  stepSize: v128,
  weightDecay: v128,
  decay: v128,
): void {
  const p = loadLanes(parameter, count);
  const g = madd(weightDecay, p, f32x4.mul(scale, loadLanes(gradient, count)));
  storeLanes(parameter, nmadd(stepSize, g, f32x4.mul(decay, p)), count);
}

export function momentum_f32(i: Update): void {
  momentumLoop(UpdateKind.Momentum, i);
}

export function nesterov_f32(i: Update): void {
  momentumLoop(UpdateKind.Nesterov, i);
}

// formula: b ← momentum · b + gradientShare · g; Momentum: p ← decay · p − stepSize · b;
//   Nesterov: p ← decay · p − stepSize · (g + momentum · b); gradientShare = 1 − dampening, 1 in the first step
// shapes: slot0 = b, begins with 0
// source: PyTorch SGD; Sutskever, Martens, Dahl, Hinton 2013
@inline
function momentumLoop(kind: u32, i: Update): void {
  assert(i.slot0 != 0, 'Update: momentum needs slot0');
  const scale = v128.load32_splat(i.scale);
  const stepSize = scalar(i, 0);
  const weightDecay = scalar(i, 1);
  const decay = scalar(i, 2);
  const momentum = scalar(i, 3);
  const share = scalar(i, 4);
  let p = i.parameter;
  let g = i.gradient;
  let b = i.slot0;
  const end = vectorEnd(p, i.n);
  for (; p < end; p += 16, g += 16, b += 16)
    momentumStep(kind, p, g, b, 4, scale, stepSize, weightDecay, decay, momentum, share);
  const rest = i.n & 3;
  if (rest) momentumStep(kind, p, g, b, rest, scale, stepSize, weightDecay, decay, momentum, share);
}

@inline
function momentumStep(
  kind: u32,
  parameter: usize,
  gradient: usize,
  buffer: usize,
  count: u32,
  scale: v128,
  stepSize: v128,
  weightDecay: v128,
  decay: v128,
  momentum: v128,
  share: v128,
): void {
  const p = loadLanes(parameter, count);
  const g = madd(weightDecay, p, f32x4.mul(scale, loadLanes(gradient, count)));
  const b = madd(momentum, loadLanes(buffer, count), f32x4.mul(share, g));
  storeLanes(buffer, b, count);
  const direction = kind == UpdateKind.Nesterov ? madd(momentum, b, g) : b;
  storeLanes(parameter, nmadd(stepSize, direction, f32x4.mul(decay, p)), count);
}

// formula: p ← decay · p − stepSize · sign(beta1 · m + gradientShare · g); m ← beta2 · m + momentumShare · g
// shapes: slot0 = m, begins with 0
// edge: sign(±0) = 0
// source: Chen et al. 2023, algorithm 2
export function lion_f32(i: Update): void {
  assert(i.slot0 != 0, 'Update: Lion needs slot0');
  const scale = v128.load32_splat(i.scale);
  const stepSize = scalar(i, 0);
  const weightDecay = scalar(i, 1);
  const decay = scalar(i, 2);
  const beta1 = scalar(i, 3);
  const share1 = scalar(i, 4);
  const beta2 = scalar(i, 5);
  const share2 = scalar(i, 6);
  let p = i.parameter;
  let g = i.gradient;
  let m = i.slot0;
  const end = vectorEnd(p, i.n);
  for (; p < end; p += 16, g += 16, m += 16)
    lionStep(p, g, m, 4, scale, stepSize, weightDecay, decay, beta1, share1, beta2, share2);
  const rest = i.n & 3;
  if (rest) lionStep(p, g, m, rest, scale, stepSize, weightDecay, decay, beta1, share1, beta2, share2);
}

@inline
function lionStep(
  parameter: usize,
  gradient: usize,
  mean: usize,
  count: u32,
  scale: v128,
  stepSize: v128,
  weightDecay: v128,
  decay: v128,
  beta1: v128,
  share1: v128,
  beta2: v128,
  share2: v128,
): void {
  const p = loadLanes(parameter, count);
  const g = madd(weightDecay, p, f32x4.mul(scale, loadLanes(gradient, count)));
  const m = loadLanes(mean, count);
  const direction = sign(madd(beta1, m, f32x4.mul(share1, g)));
  storeLanes(mean, madd(beta2, m, f32x4.mul(share2, g)), count);
  storeLanes(parameter, nmadd(stepSize, direction, f32x4.mul(decay, p)), count);
}

/** 1, −1 or 0 with the sign of x; NaN of NaN. */
@inline
function sign(x: v128): v128 {
  const unit = v128.bitselect(x, f32x4.splat(1), i32x4.splat(0x80000000));
  const nonZero = v128.and(unit, f32x4.ne(x, f32x4.splat(0)));
  return v128.bitselect(x, nonZero, f32x4.ne(x, x));
}
