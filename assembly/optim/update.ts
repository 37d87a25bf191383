// The optimizers' update kernels: one pass over a parameter, its gradient and its slots, in place.
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
import { loadTail, madd, nmadd, storeTail } from '../lanes';

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

@inline
function scalar(i: Update, index: usize): v128 {
  return v128.load32_splat(i.scalars + (index << 2));
}

/** `count` lanes: a whole vector where it is 4 (known when compiled), else a tail. */
@inline
function loadLanes(address: usize, count: u32): v128 {
  return count == 4 ? v128.load(address) : loadTail(address, count);
}

@inline
function storeLanes(address: usize, value: v128, count: u32): void {
  if (count == 4) v128.store(address, value);
  else storeTail(address, value, count);
}

/** The end of the whole vectors of n floats at `address`. */
@inline
function vectorEnd(address: usize, n: u32): usize {
  return address + ((n & ~3) << 2);
}

// formula: p ← decay · p − stepSize · g
// source: PyTorch SGD
function sgd_f32(i: Update): void {
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

function momentum_f32(i: Update): void {
  momentumLoop(UpdateKind.Momentum, i);
}

function nesterov_f32(i: Update): void {
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

function adam_f32(i: Update): void {
  adamLoop(UpdateKind.Adam, i);
}

function amsgrad_f32(i: Update): void {
  assert(i.slot2 != 0, 'Update: AMSGrad needs slot2');
  adamLoop(UpdateKind.AmsGrad, i);
}

function nadam_f32(i: Update): void {
  adamLoop(UpdateKind.Nadam, i);
}

// formula: m ← beta1 · m + gradientShare · g; v ← beta2 · v + squareShare · g²; d = rootScale · √v + epsilon;
//   p ← decay · p − stepSize · m / d; AmsGrad: the largest v so far in place of v in d;
//   Nadam: p ← decay · p − (stepSize · m + gradientStep · g) / d;
//   Radam is Adam: where its step is not rectified the host gives rootScale 0 and epsilon 1, so that d = 1
// shapes: slot0 = m, slot1 = v, slot2 = the largest v (AmsGrad); all begin with 0
// edge: a gradient whose square overflows (above about 1.8e19) makes v infinite: no more steps for that element,
//   NaN in Radam's first, unrectified ones
// source: PyTorch Adam, AdamW, NAdam, RAdam; Kingma, Ba 2014; Reddi, Kale, Kumar 2018; Dozat 2016; Liu et al. 2019
@inline
function adamLoop(kind: u32, i: Update): void {
  assert(i.slot0 != 0 && i.slot1 != 0, 'Update: Adam needs slot0 and slot1');
  const scale = v128.load32_splat(i.scale);
  const stepSize = scalar(i, 0);
  const weightDecay = scalar(i, 1);
  const decay = scalar(i, 2);
  const beta1 = scalar(i, 3);
  const share1 = scalar(i, 4);
  const beta2 = scalar(i, 5);
  const share2 = scalar(i, 6);
  const rootScale = scalar(i, 7);
  const epsilon = scalar(i, 8);
  const gradientStep = kind == UpdateKind.Nadam ? scalar(i, 9) : f32x4.splat(0);
  let p = i.parameter;
  let g = i.gradient;
  let m = i.slot0;
  let v = i.slot1;
  let largest = i.slot2;
  const end = vectorEnd(p, i.n);
  for (; p < end; p += 16, g += 16, m += 16, v += 16) {
    // prettier-ignore
    adamStep(
      kind, p, g, m, v, largest, 4,
      scale, stepSize, weightDecay, decay, beta1, share1, beta2, share2, rootScale, epsilon, gradientStep,
    );
    if (kind == UpdateKind.AmsGrad) largest += 16;
  }
  const rest = i.n & 3;
  if (rest) {
    // prettier-ignore
    adamStep(
      kind, p, g, m, v, largest, rest,
      scale, stepSize, weightDecay, decay, beta1, share1, beta2, share2, rootScale, epsilon, gradientStep,
    );
  }
}

@inline
function adamStep(
  kind: u32,
  parameter: usize,
  gradient: usize,
  mean: usize,
  square: usize,
  largest: usize,
  count: u32,
  scale: v128,
  stepSize: v128,
  weightDecay: v128,
  decay: v128,
  beta1: v128,
  share1: v128,
  beta2: v128,
  share2: v128,
  rootScale: v128,
  epsilon: v128,
  gradientStep: v128,
): void {
  const p = loadLanes(parameter, count);
  const g = madd(weightDecay, p, f32x4.mul(scale, loadLanes(gradient, count)));
  const m = madd(beta1, loadLanes(mean, count), f32x4.mul(share1, g));
  let v = madd(beta2, loadLanes(square, count), f32x4.mul(share2, f32x4.mul(g, g)));
  storeLanes(mean, m, count);
  storeLanes(square, v, count);
  if (kind == UpdateKind.AmsGrad) {
    v = f32x4.max(loadLanes(largest, count), v);
    storeLanes(largest, v, count);
  }
  const denominator = madd(rootScale, f32x4.sqrt(v), epsilon);
  const decayed = f32x4.mul(decay, p);
  if (kind == UpdateKind.Nadam) {
    const direction = madd(stepSize, m, f32x4.mul(gradientStep, g));
    storeLanes(parameter, f32x4.sub(decayed, f32x4.div(direction, denominator)), count);
  } else {
    storeLanes(parameter, nmadd(stepSize, f32x4.div(m, denominator), decayed), count);
  }
}

// formula: m ← beta1 · m + gradientShare · g; u ← max(beta2 · u, |g| + epsilon); p ← decay · p − stepSize · m / u
// shapes: slot0 = m, slot1 = u; both begin with 0
// source: PyTorch Adamax; Kingma, Ba 2014, section 7.1
function adamax_f32(i: Update): void {
  assert(i.slot0 != 0 && i.slot1 != 0, 'Update: Adamax needs slot0 and slot1');
  const scale = v128.load32_splat(i.scale);
  const stepSize = scalar(i, 0);
  const weightDecay = scalar(i, 1);
  const decay = scalar(i, 2);
  const beta1 = scalar(i, 3);
  const share = scalar(i, 4);
  const beta2 = scalar(i, 5);
  const epsilon = scalar(i, 6);
  let p = i.parameter;
  let g = i.gradient;
  let m = i.slot0;
  let u = i.slot1;
  const end = vectorEnd(p, i.n);
  for (; p < end; p += 16, g += 16, m += 16, u += 16)
    adamaxStep(p, g, m, u, 4, scale, stepSize, weightDecay, decay, beta1, share, beta2, epsilon);
  const rest = i.n & 3;
  if (rest) adamaxStep(p, g, m, u, rest, scale, stepSize, weightDecay, decay, beta1, share, beta2, epsilon);
}

@inline
function adamaxStep(
  parameter: usize,
  gradient: usize,
  mean: usize,
  norm: usize,
  count: u32,
  scale: v128,
  stepSize: v128,
  weightDecay: v128,
  decay: v128,
  beta1: v128,
  share: v128,
  beta2: v128,
  epsilon: v128,
): void {
  const p = loadLanes(parameter, count);
  const g = madd(weightDecay, p, f32x4.mul(scale, loadLanes(gradient, count)));
  const m = madd(beta1, loadLanes(mean, count), f32x4.mul(share, g));
  const u = f32x4.max(f32x4.mul(beta2, loadLanes(norm, count)), f32x4.add(f32x4.abs(g), epsilon));
  storeLanes(mean, m, count);
  storeLanes(norm, u, count);
  storeLanes(parameter, nmadd(stepSize, f32x4.div(m, u), f32x4.mul(decay, p)), count);
}

// formula: v ← rho · v + squareShare · g²; centred: a ← rho · a + squareShare · g, else a = 0;
//   d = g / (√max(v − a², 0) + epsilon); momentum: b ← momentum · b + d, else b = d; p ← decay · p − stepSize · b
// shapes: slot0 = v, then a (where `centered` is not 0), then b (where `momentum` is not 0); all begin with 0
// edge: v − a² that rounding leaves below 0 counts as 0 (PyTorch gives NaN)
// source: PyTorch RMSprop; Tieleman, Hinton 2012; centred: Graves 2013
function rmsprop_f32(i: Update): void {
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
function adagrad_f32(i: Update): void {
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
function adadelta_f32(i: Update): void {
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

// formula: p ← decay · p − stepSize · sign(beta1 · m + gradientShare · g); m ← beta2 · m + momentumShare · g
// shapes: slot0 = m, begins with 0
// edge: sign(±0) = 0
// source: Chen et al. 2023, algorithm 2
function lion_f32(i: Update): void {
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
