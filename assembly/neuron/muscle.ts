// Motor units: each spike of its nerve makes a muscle twitch, f(t) = P (t/T) e^(1 − t/T); twitches add up, with a gain
// by which force over rate is a sigmoid with a bound: a fast train makes a smooth force, a tetanus.
// source: Fuglevand, Winter, Patla, J. Neurophysiol. 70, 1993, equations 10 to 18
import { MotorUnits } from './instructions';
import { Clock } from './clock';
import { scalarExp } from './vectors';

/** Up to this part of the contraction time between two spikes twitches are as alone. */
const LINEAR = 0.4;
/** (1 − e^(−2 · 0.4³)) / 0.4 */
const LINEAR_GAIN = 0.30036655213839053;

/** What a twitch is multiplied by when a spike comes 1/x contraction times after the last: 1 for x < 0.4, else S(x)/x. */
@inline
function gain<T>(x: T): T {
  if (x < <T>LINEAR) return <T>1;
  return (<T>1 - scalarExp<T>(<T>-2 * x * x * x)) / (x * <T>LINEAR_GAIN);
}

/**
 * formula: y += nerve · gain · P e / T at a spike; then f' = (f + y dt) D, y' = y D, D = e^(−dt/T): exact on the grid
 * shapes:  nerve, force, y [n]; last[n] words, the step of the last spike and 1, 0 where there was none;
 *          parameters[3, n]: D, P e / T, T in steps
 */
@inline
function motorUnits<T>(i: MotorUnits, step: u32): void {
  const bytes = usize(i.n) * sizeof<T>();
  const dt = load<T>(i.dt);
  for (let at: usize = 0, word: usize = 0; at < bytes; at += sizeof<T>(), word += 4) {
    const decay = load<T>(i.parameters + at);
    let y = load<T>(i.y + at);
    const spike = load<T>(i.nerve + at);
    if (spike != <T>0) {
      const last = load<u32>(i.last + word);
      let amount = spike * load<T>(i.parameters + bytes + at);
      if (last && i.saturates) amount *= gain<T>(load<T>(i.parameters + 2 * bytes + at) / <T>(step + 1 - last));
      y += amount;
      store<u32>(i.last + word, step + 1);
      store<T>(i.nerve + at, <T>0);
    }
    store<T>(i.force + at, (load<T>(i.force + at) + y * dt) * decay);
    store<T>(i.y + at, y * decay);
  }
}

export function execMotorUnits(pc: usize): usize {
  const i = changetype<MotorUnits>(pc);
  const step = changetype<Clock>(i.clock).step;
  if (i.wide) motorUnits<f64>(i, step);
  else motorUnits<f32>(i, step);
  return pc + offsetof<MotorUnits>();
}
