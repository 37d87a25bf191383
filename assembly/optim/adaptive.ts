// Steps scaled by past squares of the gradient: RMSprop, Adagrad, Adadelta.
// The order of scalars, and what holds for all kernels, stands in update.ts.
import { Update } from '../instructions';
import { madd, nmadd } from '../lanes';
import { loadLanes, scalar, storeLanes, vectorEnd } from './vectors';

// formula: v ← rho · v + squareShare · g²; centred: a ← rho · a + squareShare · g, else a = 0;
//   d = g / (√max(v − a², 0) + epsilon); momentum: b ← momentum · b + d, else b = d; p ← decay · p − stepSize · b
// shapes: slot0 = v, then a (where `centered` is not 0), then b (where `momentum` is not 0); all begin with 0
// edge: v − a² that rounding leaves below 0 counts as 0 (PyTorch gives NaN)
// source: PyTorch RMSprop; Tieleman, Hinton 2012; centred: Graves 2013
export function rmsprop_f32(i: Update): void {
  const centered = load<f32>(i.scalars + 28) != 0;
  const hasMomentum = load<f32>(i.scalars + 24) != 0;
  assert(i.slot0 != 0, 'Update: RMSprop needs slot0');
  assert(i.slot1 != 0 || !(centered || hasMomentum), 'Update: RMSprop centred or with momentum needs slot1');
  assert(i.slot2 != 0 || !(centered && hasMomentum), 'Update: RMSprop centred with momentum needs slot2');
  const scale = v128.load32_splat(i.scale);
  const stepSize = scalar(i, 0);
  const weightDecay = scalar(i, 1);
  const decay = scalar(i, 2);
  const rho = scalar(i, 3);
  const share = scalar(i, 4);
  const epsilon = scalar(i, 5);
  const momentum = scalar(i, 6);
  let p = i.parameter;
  let g = i.gradient;
  let v = i.slot0;
  let a = centered ? i.slot1 : 0;
  let b = hasMomentum ? (centered ? i.slot2 : i.slot1) : 0;
  const end = vectorEnd(p, i.n);
  for (; p < end; p += 16, g += 16, v += 16) {
    rmspropStep(p, g, v, a, b, 4, scale, stepSize, weightDecay, decay, rho, share, epsilon, momentum);
    if (a) a += 16;
    if (b) b += 16;
  }
  const rest = i.n & 3;
  if (rest) rmspropStep(p, g, v, a, b, rest, scale, stepSize, weightDecay, decay, rho, share, epsilon, momentum);
}

@inline
function rmspropStep(
  parameter: usize,
  gradient: usize,
  square: usize,
  mean: usize,
  buffer: usize,
  count: u32,
  scale: v128,
  stepSize: v128,
  weightDecay: v128,
  decay: v128,
  rho: v128,
  share: v128,
  epsilon: v128,
  momentum: v128,
): void {
  const p = loadLanes(parameter, count);
  const g = madd(weightDecay, p, f32x4.mul(scale, loadLanes(gradient, count)));
  let v = madd(rho, loadLanes(square, count), f32x4.mul(share, f32x4.mul(g, g)));
  storeLanes(square, v, count);
  if (mean) {
    const a = madd(rho, loadLanes(mean, count), f32x4.mul(share, g));
    storeLanes(mean, a, count);
    v = f32x4.max(nmadd(a, a, v), f32x4.splat(0));
  }
  let direction = f32x4.div(g, f32x4.add(f32x4.sqrt(v), epsilon));
  if (buffer) {
    direction = madd(momentum, loadLanes(buffer, count), direction);
    storeLanes(buffer, direction, count);
  }
  storeLanes(parameter, nmadd(stepSize, direction, f32x4.mul(decay, p)), count);
}

// formula: s ← s + g²; p ← decay · p − stepSize · g / (√s + epsilon)
// shapes: slot0 = s, begins with the initial accumulator
// source: PyTorch Adagrad; Duchi, Hazan, Singer 2011
export function adagrad_f32(i: Update): void {
  assert(i.slot0 != 0, 'Update: Adagrad needs slot0');
  const scale = v128.load32_splat(i.scale);
  const stepSize = scalar(i, 0);
  const weightDecay = scalar(i, 1);
  const decay = scalar(i, 2);
  const epsilon = scalar(i, 3);
  let p = i.parameter;
  let g = i.gradient;
  let s = i.slot0;
  const end = vectorEnd(p, i.n);
  for (; p < end; p += 16, g += 16, s += 16) adagradStep(p, g, s, 4, scale, stepSize, weightDecay, decay, epsilon);
  const rest = i.n & 3;
  if (rest) adagradStep(p, g, s, rest, scale, stepSize, weightDecay, decay, epsilon);
}

@inline
function adagradStep(
  parameter: usize,
  gradient: usize,
  sum: usize,
  count: u32,
  scale: v128,
  stepSize: v128,
  weightDecay: v128,
  decay: v128,
  epsilon: v128,
): void {
  const p = loadLanes(parameter, count);
  const g = madd(weightDecay, p, f32x4.mul(scale, loadLanes(gradient, count)));
  const s = madd(g, g, loadLanes(sum, count));
  storeLanes(sum, s, count);
  const direction = f32x4.div(g, f32x4.add(f32x4.sqrt(s), epsilon));
  storeLanes(parameter, nmadd(stepSize, direction, f32x4.mul(decay, p)), count);
}

// formula: v ← rho · v + squareShare · g²; d = √(u + epsilon) / √(v + epsilon) · g; u ← rho · u + squareShare · d²;
//   p ← decay · p − stepSize · d
// shapes: slot0 = v, slot1 = u; both begin with 0
// source: PyTorch Adadelta; Zeiler 2012
export function adadelta_f32(i: Update): void {
  assert(i.slot0 != 0 && i.slot1 != 0, 'Update: Adadelta needs slot0 and slot1');
  const scale = v128.load32_splat(i.scale);
  const stepSize = scalar(i, 0);
  const weightDecay = scalar(i, 1);
  const decay = scalar(i, 2);
  const rho = scalar(i, 3);
  const share = scalar(i, 4);
  const epsilon = scalar(i, 5);
  let p = i.parameter;
  let g = i.gradient;
  let v = i.slot0;
  let u = i.slot1;
  const end = vectorEnd(p, i.n);
  for (; p < end; p += 16, g += 16, v += 16, u += 16)
    adadeltaStep(p, g, v, u, 4, scale, stepSize, weightDecay, decay, rho, share, epsilon);
  const rest = i.n & 3;
  if (rest) adadeltaStep(p, g, v, u, rest, scale, stepSize, weightDecay, decay, rho, share, epsilon);
}

@inline
function adadeltaStep(
  parameter: usize,
  gradient: usize,
  square: usize,
  delta: usize,
  count: u32,
  scale: v128,
  stepSize: v128,
  weightDecay: v128,
  decay: v128,
  rho: v128,
  share: v128,
  epsilon: v128,
): void {
  const p = loadLanes(parameter, count);
  const g = madd(weightDecay, p, f32x4.mul(scale, loadLanes(gradient, count)));
  const v = madd(rho, loadLanes(square, count), f32x4.mul(share, f32x4.mul(g, g)));
  const u = loadLanes(delta, count);
  const root = f32x4.div(f32x4.sqrt(f32x4.add(u, epsilon)), f32x4.sqrt(f32x4.add(v, epsilon)));
  const d = f32x4.mul(root, g);
  storeLanes(square, v, count);
  storeLanes(delta, madd(rho, u, f32x4.mul(share, f32x4.mul(d, d))), count);
  storeLanes(parameter, nmadd(stepSize, d, f32x4.mul(decay, p)), count);
}
