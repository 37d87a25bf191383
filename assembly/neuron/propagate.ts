// The delivery of spikes: what arrives at the beginning of this step was labelled `delay` steps ago.
// The cost is that of the spikes that arrive times their targets, whatever the number of neurons.
import { Propagate, PropagateDense } from './instructions';
import { Clock, slotOf } from './clock';

/** The slot of the spikes that arrive now; 0 before there can be any. */
@inline
export function arriving(clock: usize, log: usize, delay: u32): usize {
  const step = changetype<Clock>(clock).step;
  return step >= delay ? slotOf(log, step - delay) : 0;
}

@inline
function add<T>(out: usize, target: u32, x: T): void {
  const address = out + usize(target) * sizeof<T>();
  store<T>(address, load<T>(address) + x);
}

/** One row with one weight: four targets a turn, in their order (one may come twice). */
@inline
function addShared<T>(out: usize, targets: usize, end: usize, weight: T): void {
  for (; targets + 16 <= end; targets += 16) {
    const t0 = load<u32>(targets);
    const t1 = load<u32>(targets, 4);
    const t2 = load<u32>(targets, 8);
    const t3 = load<u32>(targets, 12);
    add<T>(out, t0, weight);
    add<T>(out, t1, weight);
    add<T>(out, t2, weight);
    add<T>(out, t3, weight);
  }
  for (; targets < end; targets += 4) add<T>(out, load<u32>(targets), weight);
}

/**
 * formula: out[targets[s]] += weights[s] · scale[i] for s from rows[i] to rows[i + 1], for each spike i that arrives
 * shapes:  rows[count + 1], targets and weights as many as synapses, scale[count], out[any]
 */
@inline
function propagate<T>(i: Propagate, slot: usize): void {
  const spikes = load<u32>(slot);
  const shared = i.shared != 0;
  for (let k: u32 = 0; k < spikes; k++) {
    const source = load<u32>(slot + 4 + 4 * usize(k)) - i.first;
    if (source >= i.count) continue;
    const row = i.rows + 4 * usize(source);
    const begin = usize(load<u32>(row));
    const end = usize(load<u32>(row, 4));
    const scale = i.scale ? load<T>(i.scale + usize(source) * sizeof<T>()) : <T>1;
    if (shared) {
      addShared<T>(i.out, i.targets + 4 * begin, i.targets + 4 * end, load<T>(i.weights) * scale);
      continue;
    }
    for (let s = begin; s < end; s++) {
      add<T>(i.out, load<u32>(i.targets + 4 * s), load<T>(i.weights + s * sizeof<T>()) * scale);
    }
  }
}

export function execPropagate(pc: usize): usize {
  const i = changetype<Propagate>(pc);
  const slot = arriving(i.clock, i.spikes, i.delay);
  if (slot) {
    if (i.wide) propagate<f64>(i, slot);
    else propagate<f32>(i, slot);
  }
  return pc + offsetof<Propagate>();
}

/**
 * formula: out[n] += weights[i][n] · scale[i] for each spike i that arrives
 * shapes:  weights[count, n] with rows padded to whole vectors, out[n] padded
 */
@inline
function propagateDense<T>(i: PropagateDense, slot: usize): void {
  const spikes = load<u32>(slot);
  const bytes = (usize(i.n) * sizeof<T>() + 15) & ~15;
  for (let k: u32 = 0; k < spikes; k++) {
    const source = load<u32>(slot + 4 + 4 * usize(k)) - i.first;
    if (source >= i.count) continue;
    const scale = v128.splat<T>(i.scale ? load<T>(i.scale + usize(source) * sizeof<T>()) : <T>1);
    const row = i.weights + usize(source) * bytes;
    for (let at: usize = 0; at < bytes; at += 16) {
      const x = v128.mul<T>(v128.load(row + at), scale);
      v128.store(i.out + at, v128.add<T>(v128.load(i.out + at), x));
    }
  }
}

export function execPropagateDense(pc: usize): usize {
  const i = changetype<PropagateDense>(pc);
  const slot = arriving(i.clock, i.spikes, i.delay);
  if (slot) {
    if (i.wide) propagateDense<f64>(i, slot);
    else propagateDense<f32>(i, slot);
  }
  return pc + offsetof<PropagateDense>();
}
