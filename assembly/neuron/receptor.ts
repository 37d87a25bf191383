// Receptors that a membrane does not hold itself: of one stage (exponential) or two (alpha, double exponential,
// NMDA), as currents or conductances. Linear, hence exact: g' = P g + Q y, y' = R y.
// The magnesium block is that of Jahr and Stevens (J. Neurosci. 10, 1990): B(v) = 1 / (1 + [Mg] e^(−0.062 v) / 3.57).
import { Receptor, ReceptorForm } from './instructions';
import { exp, multiplyAdd, vectorBytes } from './vectors';

const G_DECAY: usize = 0;
const G_FROM_Y: usize = 16;
const Y_DECAY: usize = 32;
/** What g and y give to the drive in a step. */
const GAIN_G: usize = 48;
const GAIN_Y: usize = 64;
const REVERSAL: usize = 80;
/** [Mg] / 3.57 */
const MAGNESIUM: usize = 96;

@inline
function accumulate<T>(address: usize, x: v128): void {
  v128.store(address, v128.add<T>(v128.load(address), x));
}

/** B(v) */
@inline
function unblocked<T>(v: v128, magnesium: v128): v128 {
  const one = v128.splat<T>(<T>1);
  const block = multiplyAdd<T>(magnesium, exp<T>(v128.mul<T>(v, v128.splat<T>(<T>-0.062))), one);
  return v128.div<T>(one, block);
}

/**
 * formula: Current: drive += a g + b y. Driving: drive += B g (E − v). Conductance: conductance += B g,
 *          reversal += B g E. Then g' = P g + Q y, y' = R y; B = 1 without magnesium
 * shapes:  g[n], y[n], v[n], drive[n], conductance[n], reversal[n], padded to whole vectors
 * tail:    the padding is computed like neurons
 * edge:    NaN stays NaN
 */
@inline
function receptor<T>(pc: usize): void {
  const i = changetype<Receptor>(pc);
  const bytes = vectorBytes<T>(i.n);
  let p = i.parameters;
  for (let at: usize = 0; at < bytes; at += 16, p += i.step) {
    const g = v128.load(i.g + at);
    let next = v128.mul<T>(g, v128.load(p, G_DECAY));
    let given = v128.mul<T>(g, v128.load(p, GAIN_G));
    if (i.stages == 2) {
      const y = v128.load(i.y + at);
      next = multiplyAdd<T>(y, v128.load(p, G_FROM_Y), next);
      given = multiplyAdd<T>(y, v128.load(p, GAIN_Y), given);
      v128.store(i.y + at, v128.mul<T>(y, v128.load(p, Y_DECAY)));
    }
    v128.store(i.g + at, next);
    if (i.form == ReceptorForm.Current) {
      accumulate<T>(i.drive + at, given);
      continue;
    }
    let open = g;
    if (i.magnesium) open = v128.mul<T>(g, unblocked<T>(v128.load(i.v + at), v128.load(p, MAGNESIUM)));
    const reversal = v128.load(p, REVERSAL);
    if (i.form == ReceptorForm.Driving) {
      accumulate<T>(i.drive + at, v128.mul<T>(open, v128.sub<T>(reversal, v128.load(i.v + at))));
    } else {
      accumulate<T>(i.conductance + at, open);
      accumulate<T>(i.reversal + at, v128.mul<T>(open, reversal));
    }
  }
}

export function execReceptor(pc: usize): usize {
  if (changetype<Receptor>(pc).wide) receptor<f64>(pc);
  else receptor<f32>(pc);
  return pc + offsetof<Receptor>();
}
