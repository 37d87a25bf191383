// Steps by running means of the gradient and of its square: Adam and its relatives.
// The order of scalars, and what holds for all kernels, stands in update.ts.
import { Update, UpdateKind } from '../instructions';
import { madd, nmadd } from '../lanes';
import { loadLanes, scalar, storeLanes, vectorEnd } from './vectors';

export function adam_f32(i: Update): void {
  adamLoop(UpdateKind.Adam, i);
}

export function amsgrad_f32(i: Update): void {
  assert(i.slot2 != 0, 'Update: AMSGrad needs slot2');
  adamLoop(UpdateKind.AmsGrad, i);
}

export function nadam_f32(i: Update): void {
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
export function adamax_f32(i: Update): void {
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
