// Short-term plasticity: a synapse's resources are used by spikes and come back (Tsodyks, Markram, PNAS 94, 1997;
// Tsodyks, Pawelzik, Markram, Neural Comput. 10, 1998). The synapses of a source share one state.
//   at a spike: u ← u + U (1 − u), released = u x, x ← x − released; between: u' = −u/τ_fac, x' = (1 − x)/τ_rec
// With τ_in what was released is first active (y' = −y/τ_in), and x' = (1 − x − y)/τ_rec.
import { ShortTerm } from './instructions';
import { arriving } from './propagate';
import { Clock } from './clock';
import { scalarExp } from './vectors';

/** e^(−t/τ), 0 where τ is 0. */
@inline
function decay<T>(t: T, tau: T): T {
  return tau > <T>0 ? scalarExp<T>(-t / tau) : <T>0;
}

@inline
function shortTerm<T>(i: ShortTerm, slot: usize, step: u32): void {
  const use = load<T>(i.parameters);
  const tauRecovery = load<T>(i.parameters, sizeof<T>());
  const tauFacilitation = load<T>(i.parameters, 2 * sizeof<T>());
  const tauActive = load<T>(i.parameters, 3 * sizeof<T>());
  const dt = load<T>(i.parameters, 4 * sizeof<T>());
  const spikes = load<u32>(slot);
  for (let k: u32 = 0; k < spikes; k++) {
    const source = load<u32>(slot + 4 + 4 * usize(k)) - i.first;
    if (source >= i.count) continue;
    const at = usize(source) * sizeof<T>();
    const last = i.last + 4 * usize(source);
    const t = <T>(step - load<u32>(last)) * dt;
    store<u32>(last, step);
    const recovered = decay<T>(t, tauRecovery);
    const active = decay<T>(t, tauActive);
    let y = load<T>(i.y + at);
    let x = load<T>(i.x + at);
    const inactive = <T>1 - x - y;
    const fromActive = ((recovered - <T>1) * tauRecovery - (active - <T>1) * tauActive) / (tauActive - tauRecovery);
    x += y * fromActive + inactive * (<T>1 - recovered);
    y *= active;
    const left = load<T>(i.u + at) * decay<T>(t, tauFacilitation);
    const u = left + use * (<T>1 - left);
    const released = u * x;
    store<T>(i.u + at, u);
    store<T>(i.x + at, x - released);
    store<T>(i.y + at, tauActive > <T>0 ? y + released : <T>0);
    store<T>(i.scale + at, released);
  }
}

/**
 * formula: the state of each source whose spike arrives, brought to now exactly, then the spike; scale = released
 * shapes:  u[count], x[count], y[count], last[count], scale[count]; parameters U, τ_rec, τ_fac, τ_in, dt
 * edge:    τ_fac 0: u = U at every spike; τ_in 0: y is not there; τ_in = τ_rec is not allowed
 */
export function execShortTerm(pc: usize): usize {
  const i = changetype<ShortTerm>(pc);
  const slot = arriving(i.clock, i.spikes, i.delay);
  if (slot) {
    const step = changetype<Clock>(i.clock).step;
    if (i.wide) shortTerm<f64>(i, slot, step);
    else shortTerm<f32>(i, slot, step);
  }
  return pc + offsetof<ShortTerm>();
}
