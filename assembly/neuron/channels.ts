// How fast the gates of sodium (m, h) and potassium (n) open and close, in 1/ms, by the potential in mV.
// source: Hodgkin, Huxley, J. Physiol. 117, 1952, with rest at −65 mV; Traub, Miles, Neuronal Networks of the
//         Hippocampus, 1991, as in Brette et al., J. Comput. Neurosci. 23, 2007: u = v − v_T
import { ChannelKind } from './instructions';
import { constant, exp, expm1, one } from './vectors';

// A rate is a function of x = (u + offset) · scale, times a factor: three numbers each. Tables for both precisions, since
// a constant that is loaded is one machine instruction.
const RATES_F32: usize = memory.data<f32>(
  [
    40, 0.1, 1, 65, -0.05555555555555555, 4, 65, -0.05, 0.07, 35, -0.1, 1, 55, 0.1, 0.1, 65, -0.0125, 0.125, -13, 0.25,
    1.28, -40, 0.2, 1.4, -17, -0.05555555555555555, 0.128, -40, 0.2, 4, -15, 0.2, 0.16, -10, -0.025, 0.5, 1e-20,
  ],
  16,
);
const RATES_F64: usize = memory.data<f64>(
  [
    40, 0.1, 1, 65, -0.05555555555555555, 4, 65, -0.05, 0.07, 35, -0.1, 1, 55, 0.1, 0.1, 65, -0.0125, 0.125, -13, 0.25,
    1.28, -40, 0.2, 1.4, -17, -0.05555555555555555, 0.128, -40, 0.2, 4, -15, 0.2, 0.16, -10, -0.025, 0.5, 1e-20,
  ],
  16,
);
// Where each begins; Traub and Miles's are 18 further on.
const OPEN_M: usize = 0;
const CLOSE_M: usize = 3;
const OPEN_H: usize = 6;
const CLOSE_H: usize = 9;
const OPEN_N: usize = 12;
const CLOSE_N: usize = 15;
/** So little that it is lost in any x but 0. */
const TINY: usize = 36;

@inline
function rate(kind: u32, which: usize): usize {
  return kind == ChannelKind.TraubMiles ? which + 18 : which;
}

@inline
function number<T>(index: usize): v128 {
  return constant<T>(RATES_F32, RATES_F64, index);
}

/** (u + offset) · scale */
@inline
function argument<T>(u: v128, which: usize): v128 {
  return v128.mul<T>(v128.add<T>(u, number<T>(which)), number<T>(which + 1));
}

/** factor · x / (1 − e^(−x)), which is the factor at 0 */
@inline
function linoid<T>(u: v128, which: usize): v128 {
  const x = v128.add<T>(argument<T>(u, which), number<T>(TINY));
  const decayed = expm1<T>(v128.neg<T>(x));
  return v128.neg<T>(v128.div<T>(v128.mul<T>(x, number<T>(which + 2)), decayed));
}

/** factor · e^x */
@inline
function exponential<T>(u: v128, which: usize): v128 {
  return v128.mul<T>(number<T>(which + 2), exp<T>(argument<T>(u, which)));
}

@inline
export function openM<T>(kind: u32, u: v128): v128 {
  return linoid<T>(u, rate(kind, OPEN_M));
}

/** Of Traub and Miles the closing of m is 1.4 x / (e^x − 1) and of h 4 e^x / (e^x + 1), both of x = (u − 40)/5. */
@inline
function commonX<T>(u: v128): v128 {
  return v128.add<T>(argument<T>(u, rate(ChannelKind.TraubMiles, CLOSE_M)), number<T>(TINY));
}

/** e^x − 1 of it. */
@inline
export function common<T>(kind: u32, u: v128): v128 {
  return kind == ChannelKind.TraubMiles ? expm1<T>(commonX<T>(u)) : u;
}

@inline
export function closeM<T>(kind: u32, u: v128, shared: v128): v128 {
  const which = rate(kind, CLOSE_M);
  if (kind == ChannelKind.HodgkinHuxley) return exponential<T>(u, which);
  return v128.div<T>(v128.mul<T>(commonX<T>(u), number<T>(which + 2)), shared);
}

@inline
export function openH<T>(kind: u32, u: v128): v128 {
  return exponential<T>(u, rate(kind, OPEN_H));
}

@inline
export function closeH<T>(kind: u32, u: v128, shared: v128): v128 {
  const which = rate(kind, CLOSE_H);
  if (kind == ChannelKind.HodgkinHuxley)
    return v128.div<T>(number<T>(which + 2), v128.add<T>(one<T>(), exp<T>(argument<T>(u, which))));
  const grown = v128.add<T>(shared, one<T>());
  return v128.div<T>(v128.mul<T>(number<T>(which + 2), grown), v128.add<T>(grown, one<T>()));
}

@inline
export function openN<T>(kind: u32, u: v128): v128 {
  return linoid<T>(u, rate(kind, OPEN_N));
}

@inline
export function closeN<T>(kind: u32, u: v128): v128 {
  return exponential<T>(u, rate(kind, CLOSE_N));
}
