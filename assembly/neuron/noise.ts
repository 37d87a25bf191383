// Random numbers of a simulation: a number is a function of the seed, its stream, its step and its neuron alone.
// The words are those of assembly/random.ts, with the step in the counter:
//   counter = (block, step, stream, 1), neuron i has word i % 4 of block ⌊i / 4⌋
import { Noise, PoissonInput, PoissonSource, RandomKind, RandomValues } from './instructions';
import { Clock } from './clock';
import { appendSpikes, emptySlot } from './spikes';
import { normalWords, philoxBlocks, transposeWords, unit, word0, word1, word2, word3 } from '../random';

/** Sixteen words or numbers: what the functions below leave. */
export const sixteen: usize = memory.data(64, 16);

@inline
function keep(): void {
  transposeWords();
  v128.store(sixteen, word0);
  v128.store(sixteen, word1, 16);
  v128.store(sixteen, word2, 32);
  v128.store(sixteen, word3, 48);
}

/** The words of the sixteen neurons from 4 · block on. */
function words(block: u32, step: u32, stream: u32, seedLow: u32, seedHigh: u32): void {
  philoxBlocks(block, step, stream, 1, seedLow, seedHigh);
  keep();
}

/** Standard normal numbers of sixteen neurons. */
export function normals(block: u32, step: u32, stream: u32, seedLow: u32, seedHigh: u32): void {
  philoxBlocks(block, step, stream, 1, seedLow, seedHigh);
  normalWords();
  keep();
}

/** Numbers in [0, 1) of sixteen neurons. */
export function units(block: u32, step: u32, stream: u32, seedLow: u32, seedHigh: u32): void {
  words(block, step, stream, seedLow, seedHigh);
  for (let at: usize = 0; at < 64; at += 16) v128.store(sixteen + at, unit(v128.load(sixteen + at)));
}

@inline
function randomValues<T>(i: RandomValues): void {
  const normal = i.kind == RandomKind.Normal;
  const a = load<T>(i.bounds);
  const b = load<T>(i.bounds, sizeof<T>());
  const factor = normal ? b : b - a;
  for (let k: u32 = 0; k < i.n; k++) {
    if (k % 16 == 0) {
      if (normal) normals(k / 4, 0, i.stream, i.seedLow, i.seedHigh);
      else units(k / 4, 0, i.stream, i.seedLow, i.seedHigh);
    }
    store<T>(i.out + usize(k) * sizeof<T>(), a + factor * <T>load<f32>(sixteen + 4 * usize(k % 16)));
  }
}

/**
 * formula: Uniform a + (b − a) u, u of 24 bits; Normal a + b z by Box and Muller's method
 * shapes:  out[n], bounds[2]
 */
export function execRandomValues(pc: usize): usize {
  const i = changetype<RandomValues>(pc);
  if (i.wide) randomValues<f64>(i);
  else randomValues<f32>(i);
  return pc + offsetof<RandomValues>();
}

@inline
function noise<T>(i: Noise, clock: Clock): void {
  for (let k: u32 = 0; k < i.n; k++) {
    if (k % 16 == 0) normals(k / 4, clock.step, i.stream, clock.seedLow, clock.seedHigh);
    const amplitude = load<T>(i.amplitude + (i.columns == 1 ? 0 : usize(k) * sizeof<T>()));
    const out = i.out + usize(k) * sizeof<T>();
    store<T>(out, load<T>(out) + amplitude * <T>load<f32>(sixteen + 4 * usize(k % 16)));
  }
}

/**
 * formula: out[n] += amplitude · z, z standard normal
 * shapes:  out[n], amplitude[1 or n]
 */
export function execNoise(pc: usize): usize {
  const i = changetype<Noise>(pc);
  const clock = changetype<Clock>(i.clock);
  if (i.wide) noise<f64>(i, clock);
  else noise<f32>(i, clock);
  return pc + offsetof<Noise>();
}

/**
 * formula: neuron k spikes where word[k] < threshold[k], that is with probability threshold / 2³²
 * shapes:  thresholds[1 or n]
 */
export function execPoissonSource(pc: usize): usize {
  const i = changetype<PoissonSource>(pc);
  const clock = changetype<Clock>(i.clock);
  const slot = emptySlot(i.spikes, clock.step + 1);
  const one = i.columns == 1;
  for (let block: u32 = 0; block < i.n; block += 16) {
    words(block / 4, clock.step, i.stream, clock.seedLow, clock.seedHigh);
    for (let at: u32 = 0; at < 16; at += 4) {
      // the thresholds of n neurons are padded to sixteens
      const place = i.thresholds + 4 * usize(block + at);
      const threshold = one ? v128.load32_splat(i.thresholds) : v128.load(place);
      const spiking = i32x4.lt_u(v128.load(sixteen + 4 * usize(at)), threshold);
      if (v128.any_true(spiking)) appendSpikes(slot, block + at, i32x4.bitmask(spiking), i.n);
    }
  }
  return pc + offsetof<PoissonSource>();
}

@inline
function poissonInput<T>(i: PoissonInput, clock: Clock): void {
  const weight = load<T>(i.weight);
  for (let block: u32 = 0; block < i.n; block += 16) {
    words(block / 4, clock.step, i.stream, clock.seedLow, clock.seedHigh);
    for (let at: usize = 0; at < 64; at += 16) {
      const word = v128.load(sixteen + at);
      let count = i32x4.splat(0);
      for (let level: u32 = 0; level < i.count; level++) {
        // a comparison that holds is −1
        count = i32x4.sub(count, i32x4.ge_u(word, v128.load32_splat(i.levels + 4 * usize(level))));
      }
      v128.store(sixteen + at, count);
    }
    const end = min<u32>(16, i.n - block);
    for (let k: u32 = 0; k < end; k++) {
      const out = i.out + usize(block + k) * sizeof<T>();
      store<T>(out, load<T>(out) + weight * <T>load<i32>(sixteen + 4 * usize(k)));
    }
  }
}

/**
 * formula: out[n] += weight · #{levels ≤ word}: the inverse of a cumulative distribution
 * shapes:  out[n], levels[count]
 */
export function execPoissonInput(pc: usize): usize {
  const i = changetype<PoissonInput>(pc);
  const clock = changetype<Clock>(i.clock);
  if (i.wide) poissonInput<f64>(i, clock);
  else poissonInput<f32>(i, clock);
  return pc + offsetof<PoissonInput>();
}
