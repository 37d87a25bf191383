// A step of neurons whose model was given as equations: a list of elementary steps, each a loop over a block of neurons
// that stays in the nearest cache (docs/adr/0013). The order is that of all membranes: the state at t + dt, the
// threshold, the log of spikes, refractoriness, the reset.
import { binary, unary } from './elementary';
import { Elementary, Equations, Place, Step } from './instructions';
import { Clock } from './clock';
import { normals, sixteen, units } from './noise';
import { appendSpikes, emptySlot, isRefractory, neuronAt, restUntil } from './spikes';
import { multiplyAdd, signs, take, vectorBytes } from './vectors';

/** Where an operand of the present step is, and how far apart its vectors are. */
@inline
function addressOf(base: usize, places: u32, operand: u32, offset: usize): usize {
  return base + (((places >> (2 * operand)) & 3) == Place.Neurons ? offset : 0);
}

@inline
function strideOf(places: u32, operand: u32): usize {
  return ((places >> (2 * operand)) & 3) == Place.Scalar ? 0 : 16;
}

/**
 * formula: out[n] = f(a[n])
 * shapes:  out[n] and a[n] in whole vectors, or one vector a for all
 * alias:   out may be a
 */
@inline
function unarySteps<T>(operation: u32, out: usize, a: usize, strideA: usize, end: usize): void {
  for (; out < end; out += 16, a += strideA) v128.store(out, unary<T>(operation, v128.load(a)));
}

/**
 * formula: out[n] = f(a[n], b[n])
 * shapes:  out[n], a[n], b[n] in whole vectors, or one vector a or b for all
 * alias:   out may be a or b
 */
@inline
function binarySteps<T>(
  operation: u32,
  out: usize,
  a: usize,
  strideA: usize,
  b: usize,
  strideB: usize,
  end: usize,
): void {
  for (; out < end; out += 16, a += strideA, b += strideB) {
    v128.store(out, binary<T>(operation, v128.load(a), v128.load(b)));
  }
}

/** As `binarySteps`, with loops of their own for the usual kinds of operands, four vectors a turn: what most steps are. */
@inline
function arithmeticSteps<T>(
  operation: u32,
  out: usize,
  a: usize,
  strideA: usize,
  b: usize,
  strideB: usize,
  end: usize,
): void {
  if (!strideB) {
    const y = v128.load(b);
    for (; out + 64 <= end; out += 64, a += 64) {
      v128.store(out, binary<T>(operation, v128.load(a), y));
      v128.store(out, binary<T>(operation, v128.load(a, 16), y), 16);
      v128.store(out, binary<T>(operation, v128.load(a, 32), y), 32);
      v128.store(out, binary<T>(operation, v128.load(a, 48), y), 48);
    }
  } else if (strideA) {
    for (; out + 64 <= end; out += 64, a += 64, b += 64) {
      v128.store(out, binary<T>(operation, v128.load(a), v128.load(b)));
      v128.store(out, binary<T>(operation, v128.load(a, 16), v128.load(b, 16)), 16);
      v128.store(out, binary<T>(operation, v128.load(a, 32), v128.load(b, 32)), 32);
      v128.store(out, binary<T>(operation, v128.load(a, 48), v128.load(b, 48)), 48);
    }
  }
  binarySteps<T>(operation, out, a, strideA, b, strideB, end);
}

@inline
function productAnd<T>(operation: u32, x: v128, y: v128, z: v128): v128 {
  if (operation == Elementary.MultiplyAdd) return multiplyAdd<T>(x, y, z);
  return v128.sub<T>(z, v128.mul<T>(x, y));
}

/** out[n] = c[n] ± a[n] b[n]; each may be one vector for all. Four vectors a turn where b alone is. */
@inline
function productSteps<T>(
  operation: u32,
  out: usize,
  a: usize,
  strideA: usize,
  b: usize,
  strideB: usize,
  c: usize,
  strideC: usize,
  end: usize,
): void {
  if (strideA && strideC && !strideB) {
    const y = v128.load(b);
    for (; out + 64 <= end; out += 64, a += 64, c += 64) {
      v128.store(out, productAnd<T>(operation, v128.load(a), y, v128.load(c)));
      v128.store(out, productAnd<T>(operation, v128.load(a, 16), y, v128.load(c, 16)), 16);
      v128.store(out, productAnd<T>(operation, v128.load(a, 32), y, v128.load(c, 32)), 32);
      v128.store(out, productAnd<T>(operation, v128.load(a, 48), y, v128.load(c, 48)), 48);
    }
  } else if (strideA && strideB && strideC) {
    for (; out + 64 <= end; out += 64, a += 64, b += 64, c += 64) {
      v128.store(out, productAnd<T>(operation, v128.load(a), v128.load(b), v128.load(c)));
      v128.store(out, productAnd<T>(operation, v128.load(a, 16), v128.load(b, 16), v128.load(c, 16)), 16);
      v128.store(out, productAnd<T>(operation, v128.load(a, 32), v128.load(b, 32), v128.load(c, 32)), 32);
      v128.store(out, productAnd<T>(operation, v128.load(a, 48), v128.load(b, 48), v128.load(c, 48)), 48);
    }
  }
  for (; out < end; out += 16, a += strideA, b += strideB, c += strideC) {
    v128.store(out, productAnd<T>(operation, v128.load(a), v128.load(b), v128.load(c)));
  }
}

/** out[n] = b[n] where a[n] is set, else c[n]; `resting`: where the step a[n] has not come yet. */
@inline
function chooseSteps<T>(
  resting: bool,
  step: u32,
  out: usize,
  a: usize,
  strideA: usize,
  b: usize,
  strideB: usize,
  c: usize,
  strideC: usize,
  end: usize,
): void {
  for (; out < end; out += 16, a += strideA, b += strideB, c += strideC) {
    const chosen = v128.load(a);
    const mask = resting ? isRefractory<T>(chosen, step) : chosen;
    v128.store(out, v128.bitselect(v128.load(b), v128.load(c), mask));
  }
}

/** out[n] = random numbers of the neurons from the byte offset on. */
function randomSteps<T>(normal: bool, stream: u32, out: usize, offset: usize, bytes: usize, clock: Clock): void {
  const first = neuronAt<T>(offset);
  const count = neuronAt<T>(bytes);
  for (let k: u32 = 0; k < count; k++) {
    const neuron = first + k;
    if (k == 0 || neuron % 16 == 0) {
      const block = (neuron & ~15) / 4;
      if (normal) normals(block, clock.step, stream, clock.seedLow, clock.seedHigh);
      else units(block, clock.step, stream, clock.seedLow, clock.seedHigh);
    }
    store<T>(out + usize(k) * sizeof<T>(), <T>load<f32>(sixteen + 4 * usize(neuron % 16)));
  }
}

/** One elementary step over `bytes` of neurons from the byte offset on. */
@inline
function perform<T>(s: Step, offset: usize, bytes: usize, clock: Clock): void {
  const places = s.places;
  const out = addressOf(s.out, places, 0, offset);
  const a = addressOf(s.a, places, 1, offset);
  const b = addressOf(s.b, places, 2, offset);
  const c = addressOf(s.c, places, 3, offset);
  const strideA = strideOf(places, 1);
  const strideB = strideOf(places, 2);
  const strideC = strideOf(places, 3);
  const end = out + bytes;
  switch (s.operation) {
    case Elementary.Copy:
      return unarySteps<T>(Elementary.Copy, out, a, strideA, end);
    case Elementary.Negate:
      return unarySteps<T>(Elementary.Negate, out, a, strideA, end);
    case Elementary.Absolute:
      return unarySteps<T>(Elementary.Absolute, out, a, strideA, end);
    case Elementary.SquareRoot:
      return unarySteps<T>(Elementary.SquareRoot, out, a, strideA, end);
    case Elementary.Floor:
      return unarySteps<T>(Elementary.Floor, out, a, strideA, end);
    case Elementary.Ceiling:
      return unarySteps<T>(Elementary.Ceiling, out, a, strideA, end);
    case Elementary.Truncate:
      return unarySteps<T>(Elementary.Truncate, out, a, strideA, end);
    case Elementary.Sign:
      return unarySteps<T>(Elementary.Sign, out, a, strideA, end);
    case Elementary.Exponential:
      return unarySteps<T>(Elementary.Exponential, out, a, strideA, end);
    case Elementary.ExponentialMinusOne:
      return unarySteps<T>(Elementary.ExponentialMinusOne, out, a, strideA, end);
    case Elementary.RelativeExponential:
      return unarySteps<T>(Elementary.RelativeExponential, out, a, strideA, end);
    case Elementary.Logarithm:
      return unarySteps<T>(Elementary.Logarithm, out, a, strideA, end);
    case Elementary.Sine:
      return unarySteps<T>(Elementary.Sine, out, a, strideA, end);
    case Elementary.Cosine:
      return unarySteps<T>(Elementary.Cosine, out, a, strideA, end);
    case Elementary.HyperbolicTangent:
      return unarySteps<T>(Elementary.HyperbolicTangent, out, a, strideA, end);
    case Elementary.Not:
      return unarySteps<T>(Elementary.Not, out, a, strideA, end);
    case Elementary.Indicator:
      return unarySteps<T>(Elementary.Indicator, out, a, strideA, end);
    case Elementary.Take:
      for (let at = out, from = a; at < end; at += 16, from += 16) v128.store(at, take(from));
      return;
    case Elementary.Resting:
      for (let at = out, from = a; at < end; at += 16, from += strideA) {
        v128.store(at, isRefractory<T>(v128.load(from), clock.step));
      }
      return;
    case Elementary.Add:
      return arithmeticSteps<T>(Elementary.Add, out, a, strideA, b, strideB, end);
    case Elementary.Subtract:
      return arithmeticSteps<T>(Elementary.Subtract, out, a, strideA, b, strideB, end);
    case Elementary.Multiply:
      return arithmeticSteps<T>(Elementary.Multiply, out, a, strideA, b, strideB, end);
    case Elementary.Divide:
      return binarySteps<T>(Elementary.Divide, out, a, strideA, b, strideB, end);
    case Elementary.Power:
      return binarySteps<T>(Elementary.Power, out, a, strideA, b, strideB, end);
    case Elementary.Minimum:
      return binarySteps<T>(Elementary.Minimum, out, a, strideA, b, strideB, end);
    case Elementary.Maximum:
      return binarySteps<T>(Elementary.Maximum, out, a, strideA, b, strideB, end);
    case Elementary.Less:
      return binarySteps<T>(Elementary.Less, out, a, strideA, b, strideB, end);
    case Elementary.LessOrEqual:
      return binarySteps<T>(Elementary.LessOrEqual, out, a, strideA, b, strideB, end);
    case Elementary.Equal:
      return binarySteps<T>(Elementary.Equal, out, a, strideA, b, strideB, end);
    case Elementary.NotEqual:
      return binarySteps<T>(Elementary.NotEqual, out, a, strideA, b, strideB, end);
    case Elementary.And:
      return binarySteps<T>(Elementary.And, out, a, strideA, b, strideB, end);
    case Elementary.Or:
      return binarySteps<T>(Elementary.Or, out, a, strideA, b, strideB, end);
    case Elementary.MultiplyAdd:
      return productSteps<T>(Elementary.MultiplyAdd, out, a, strideA, b, strideB, c, strideC, end);
    case Elementary.SubtractProduct:
      return productSteps<T>(Elementary.SubtractProduct, out, a, strideA, b, strideB, c, strideC, end);
    case Elementary.Choose:
      return chooseSteps<T>(false, 0, out, a, strideA, b, strideB, c, strideC, end);
    case Elementary.ChooseResting:
      return chooseSteps<T>(true, clock.step, out, a, strideA, b, strideB, c, strideC, end);
    case Elementary.Uniform:
      return randomSteps<T>(false, u32(s.b), out, offset, bytes, clock);
    default:
      return randomSteps<T>(true, u32(s.b), out, offset, bytes, clock);
  }
}

function performAll<T>(steps: usize, count: u32, offset: usize, bytes: usize, clock: Clock): void {
  const end = steps + usize(count) * offsetof<Step>();
  for (let at = steps; at < end; at += offsetof<Step>()) perform<T>(changetype<Step>(at), offset, bytes, clock);
}

/** The neurons of a block that are above threshold and not refractory: log, refractoriness and reset. */
@inline
function findSpikes<T>(i: Equations, slot: usize, begin: usize, bytes: usize, clock: Clock): void {
  const condition = i.condition;
  for (let at: usize = 0; at < bytes; at += 16) {
    let spiking = v128.load(condition + at);
    if (!v128.any_true(spiking)) continue;
    const place = begin + at;
    if (i.until) {
      spiking = v128.andnot(spiking, isRefractory<T>(v128.load(i.until + place), clock.step));
      if (!v128.any_true(spiking)) continue;
      const refractory = i.refractory + (i.refractoryStep ? place : 0);
      restUntil<T>(i.until + place, spiking, v128.load(refractory), clock.step);
    }
    appendSpikes(slot, neuronAt<T>(place), signs<T>(spiking), i.n);
    v128.store(i.mask, spiking);
    performAll<T>(i.reset, i.resetCount, place, 16, clock);
  }
}

/**
 * formula: the elementary steps, one after the other: first those of scalars, then for each block of neurons those of
 *          the update, and where the condition holds those of the reset
 * shapes:  arrays[n] padded to whole vectors; temporaries of `block` bytes; scalars of one vector
 * tail:    the padding is computed like neurons and does not spike
 * edge:    NaN stays NaN and does not spike
 */
@inline
function equations<T>(pc: usize): void {
  const i = changetype<Equations>(pc);
  const clock = changetype<Clock>(i.clock);
  if (i.time) v128.store(i.time, v128.splat<T>(<T>(f64(clock.step) * load<f64>(i.timeStep))));
  performAll<T>(i.scalars, i.scalarCount, 0, 16, clock);
  const slot = i.spikes ? emptySlot(i.spikes, clock.step + 1) : 0;
  const bytes = vectorBytes<T>(i.n);
  for (let begin: usize = 0; begin < bytes; begin += i.block) {
    const size = min<usize>(i.block, bytes - begin);
    performAll<T>(i.steps, i.stepCount, begin, size, clock);
    if (i.condition) findSpikes<T>(i, slot, begin, size, clock);
  }
}

export function execEquations(pc: usize): usize {
  if (changetype<Equations>(pc).wide) equations<f64>(pc);
  else equations<f32>(pc);
  return pc + offsetof<Equations>();
}
