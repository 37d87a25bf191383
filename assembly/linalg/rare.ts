// What is seldom asked for: functions of one float beyond those of activations, by the standard library's float32
// routines (musl's), and determinants.
import { Determinant, Rare, RareKind } from '../instructions';

function apply(kind: u32, x: f32): f32 {
  switch (kind) {
    case RareKind.Tan:
      return Mathf.tan(x);
    case RareKind.Asin:
      return Mathf.asin(x);
    case RareKind.Acos:
      return Mathf.acos(x);
    case RareKind.Atan:
      return Mathf.atan(x);
    case RareKind.Sinh:
      return Mathf.sinh(x);
    case RareKind.Cosh:
      return Mathf.cosh(x);
    case RareKind.Asinh:
      return Mathf.asinh(x);
    case RareKind.Acosh:
      return Mathf.acosh(x);
    case RareKind.Atanh:
      return Mathf.atanh(x);
    case RareKind.IsNaN:
      return f32(x != x);
    case RareKind.IsInfinite:
      return f32(abs(x) == Infinity);
    case RareKind.IsPositiveInfinite:
      return f32(x == Infinity);
    default:
      return f32(x == -Infinity);
  }
}

/**
 * formula: out[i] = kind(x[i])
 * shapes: out, x [n]
 * alias: out may be x exactly
 * tail: element by element
 * error: ≤ 4 ulp
 * edge: NaN → NaN but in the questions; NaN outside a function's domain
 */
export function execRare(pc: usize): u32 {
  const i = changetype<Rare>(pc);
  assert(i.kind <= u32(RareKind.IsNegativeInfinite), 'Rare: unknown kind');
  const bytes = i.n << 2;
  for (let at: u32 = 0; at < bytes; at += 4) store<f32>(i.out + at, apply(i.kind, load<f32>(i.x + at)));
  return 0;
}

/** Rows of doubles: a −= factor · b, n of them. */
@inline
function eliminate(a: usize, b: usize, factor: f64, n: u32): void {
  for (let k: u32 = 0; k < n; k++) store<f64>(a + (k << 3), load<f64>(a + (k << 3)) - factor * load<f64>(b + (k << 3)));
}

function swapRows(a: usize, b: usize, n: u32): void {
  for (let k: u32 = 0; k < n; k++) {
    const value = load<f64>(a + (k << 3));
    store<f64>(a + (k << 3), load<f64>(b + (k << 3)));
    store<f64>(b + (k << 3), value);
  }
}

/** Of n² doubles, which it spoils: elimination with the greatest of each column as its pivot. */
function determinant(m: usize, n: u32): f64 {
  let result: f64 = 1;
  const row = n << 3;
  for (let p: u32 = 0; p < n; p++) {
    let best = p;
    for (let r = p + 1; r < n; r++)
      if (abs(load<f64>(m + r * row + (p << 3))) > abs(load<f64>(m + best * row + (p << 3)))) best = r;
    if (best != p) {
      swapRows(m + best * row, m + p * row, n);
      result = -result;
    }
    const pivot = load<f64>(m + p * row + (p << 3));
    result *= pivot;
    if (pivot == 0) return pivot;
    for (let r = p + 1; r < n; r++)
      eliminate(m + r * row + (p << 3), m + p * row + (p << 3), load<f64>(m + r * row + (p << 3)) / pivot, n - p);
  }
  return result;
}

/**
 * formula: out[b] = det x[b]
 * shapes: x [batch, n, n], out [batch]; workspace of n² doubles, at a multiple of 8 bytes or not
 * alias: none
 * error: in double precision, rounded once
 * edge: 1 where n = 0; NaN → NaN
 */
export function execDeterminant(pc: usize): u32 {
  const i = changetype<Determinant>(pc);
  const elements = i.n * i.n;
  for (let b: u32 = 0; b < i.batch; b++) {
    for (let k: u32 = 0; k < elements; k++)
      store<f64>(i.workspace + (k << 3), f64(load<f32>(i.x + ((b * elements + k) << 2))));
    store<f32>(i.out + (b << 2), f32(determinant(i.workspace, i.n)));
  }
  return 0;
}
