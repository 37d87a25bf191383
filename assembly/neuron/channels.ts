// How fast the gates of sodium (m, h) and potassium (n) open and close, in 1/ms, by the potential in mV.
// source: Hodgkin, Huxley, J. Physiol. 117, 1952, with rest at −65 mV; Traub, Miles, Neuronal Networks of the
//         Hippocampus, 1991, as in Brette et al., J. Comput. Neurosci. 23, 2007: u = v − v_T
import { ChannelKind } from './instructions';
import { exp, expm1 } from './vectors';

@inline
function number<T>(x: f64): v128 {
  return v128.splat<T>(<T>x);
}

/** (v + offset) · scale */
@inline
function scaled<T>(v: v128, offset: f64, scale: f64): v128 {
  return v128.mul<T>(v128.add<T>(v, number<T>(offset)), number<T>(scale));
}

/** factor · x / (1 − e^(−x)), which is 1 at 0 */
@inline
function linoid<T>(x: v128, factor: f64): v128 {
  const quotient = v128.div<T>(x, v128.neg<T>(expm1<T>(v128.neg<T>(x))));
  const nearZero = v128.lt<T>(v128.abs<T>(x), number<T>(1e-6));
  const line = v128.add<T>(number<T>(1), v128.mul<T>(x, number<T>(0.5)));
  return v128.mul<T>(number<T>(factor), v128.bitselect(line, quotient, nearZero));
}

/** factor · e^x */
@inline
function exponential<T>(x: v128, factor: f64): v128 {
  return v128.mul<T>(number<T>(factor), exp<T>(x));
}

/** factor / (1 + e^(−x)) */
@inline
function logistic<T>(x: v128, factor: f64): v128 {
  return v128.div<T>(number<T>(factor), v128.add<T>(number<T>(1), exp<T>(v128.neg<T>(x))));
}

@inline
export function openM<T>(kind: u32, v: v128): v128 {
  if (kind == ChannelKind.TraubMiles) return linoid<T>(scaled<T>(v, -13, 1.0 / 4), 1.28);
  return linoid<T>(scaled<T>(v, 40, 1.0 / 10), 1);
}

@inline
export function closeM<T>(kind: u32, v: v128): v128 {
  if (kind == ChannelKind.TraubMiles) return linoid<T>(scaled<T>(v, -40, -1.0 / 5), 1.4);
  return exponential<T>(scaled<T>(v, 65, -1.0 / 18), 4);
}

@inline
export function openH<T>(kind: u32, v: v128): v128 {
  if (kind == ChannelKind.TraubMiles) return exponential<T>(scaled<T>(v, -17, -1.0 / 18), 0.128);
  return exponential<T>(scaled<T>(v, 65, -1.0 / 20), 0.07);
}

@inline
export function closeH<T>(kind: u32, v: v128): v128 {
  if (kind == ChannelKind.TraubMiles) return logistic<T>(scaled<T>(v, -40, 1.0 / 5), 4);
  return logistic<T>(scaled<T>(v, 35, 1.0 / 10), 1);
}

@inline
export function openN<T>(kind: u32, v: v128): v128 {
  if (kind == ChannelKind.TraubMiles) return linoid<T>(scaled<T>(v, -15, 1.0 / 5), 0.16);
  return linoid<T>(scaled<T>(v, 55, 1.0 / 10), 0.1);
}

@inline
export function closeN<T>(kind: u32, v: v128): v128 {
  if (kind == ChannelKind.TraubMiles) return exponential<T>(scaled<T>(v, -10, -1.0 / 40), 0.5);
  return exponential<T>(scaled<T>(v, 65, -1.0 / 80), 0.125);
}
