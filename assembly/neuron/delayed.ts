// Delivery where each synapse has a delay of its own: spikes are written ahead, into a ring of the sums to come.
import { PropagateDelayed } from './instructions';
import { arriving } from './propagate';
import { Clock } from './clock';
import { vectorBytes } from './vectors';

/** What the spikes that were found last will add, each into the row of its time. */
@inline
function scatter<T>(i: PropagateDelayed, slot: usize, step: u32): void {
  const spikes = load<u32>(slot);
  const stride = vectorBytes<T>(i.n);
  for (let k: u32 = 0; k < spikes; k++) {
    const source = load<u32>(slot + 4 + 4 * usize(k)) - i.first;
    if (source >= i.count) continue;
    const row = i.rows + 4 * usize(source);
    const end = usize(load<u32>(row, 4));
    const scale = i.scale ? load<T>(i.scale + usize(source) * sizeof<T>()) : <T>1;
    for (let s = usize(load<u32>(row)); s < end; s++) {
      const weight = load<T>(i.weights + (i.shared ? 0 : s * sizeof<T>())) * scale;
      const later = (step + load<u32>(i.delays + 4 * s)) % i.slots;
      const at = i.ring + usize(later) * stride + usize(load<u32>(i.targets + 4 * s)) * sizeof<T>();
      store<T>(at, load<T>(at) + weight);
    }
  }
}

/** The row of this step is added, and empty again. */
@inline
function collect<T>(i: PropagateDelayed, step: u32): void {
  const bytes = vectorBytes<T>(i.n);
  const row = i.ring + usize(step % i.slots) * bytes;
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(i.out + at, v128.add<T>(v128.load(i.out + at), v128.load(row + at)));
    v128.store(row + at, i32x4.splat(0));
  }
}

/**
 * formula: out[targets[s]] += weights[s] · scale[i], delays[s] steps after spike i was found, for s of the row of i
 * shapes:  rows[count + 1], targets, weights, delays as many as synapses; ring[slots, n], out[n], padded
 * edge:    slots must be more than the largest delay
 */
export function execPropagateDelayed(pc: usize): usize {
  const i = changetype<PropagateDelayed>(pc);
  const step = changetype<Clock>(i.clock).step;
  const slot = arriving(i.clock, i.spikes, 0);
  if (i.wide) {
    scatter<f64>(i, slot, step);
    collect<f64>(i, step);
  } else {
    scatter<f32>(i, slot, step);
    collect<f32>(i, step);
  }
  return pc + offsetof<PropagateDelayed>();
}
