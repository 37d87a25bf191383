// Arithmetic of 32-bit integers and booleans: element by element with broadcasting, reductions, the matrix product;
// and conversions between words. A narrower type is wrapped by `Convert` after it.
// Not vectorised but for the product: what networks do with integers is short (indices, masks), save int8 products.
import {
  Convert,
  ConvertKind,
  Integer,
  IntegerKind,
  IntegerProduct,
  IntegerReduce,
  IntegerReduceKind,
} from '../instructions';

/** aᵇ of integers, wrapping; 0 for a negative b but where a is 1 or −1. */
function power(a: i32, b: i32): i32 {
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0;
  let result: i32 = 1;
  while (b) {
    if (b & 1) result *= a;
    a *= a;
    b >>= 1;
  }
  return result;
}

/** Truncated; 0 where b is 0, and −2³¹ / −1 wraps. */
@inline
function divide(a: i32, b: i32): i32 {
  if (b == 0) return 0;
  return b == -1 ? 0 - a : a / b;
}

/** The rest that `divide` leaves, of the sign of a. */
@inline
function remainder(a: i32, b: i32): i32 {
  return b == 0 || b == -1 ? 0 : a % b;
}

/** The rest of the sign of b, as in Python. */
@inline
function modulo(a: i32, b: i32): i32 {
  const rest = remainder(a, b);
  return rest && (rest ^ b) < 0 ? rest + b : rest;
}

function combine(kind: u32, a: i32, b: i32): i32 {
  switch (kind) {
    case IntegerKind.Add:
      return a + b;
    case IntegerKind.Subtract:
      return a - b;
    case IntegerKind.Multiply:
      return a * b;
    case IntegerKind.Divide:
      return divide(a, b);
    case IntegerKind.DivideUnsigned:
      return b ? i32(u32(a) / u32(b)) : 0;
    case IntegerKind.Modulo:
      return modulo(a, b);
    case IntegerKind.Remainder:
      return remainder(a, b);
    case IntegerKind.RemainderUnsigned:
      return b ? i32(u32(a) % u32(b)) : 0;
    case IntegerKind.Minimum:
      return min(a, b);
    case IntegerKind.Maximum:
      return max(a, b);
    case IntegerKind.MinimumUnsigned:
      return i32(min(u32(a), u32(b)));
    case IntegerKind.MaximumUnsigned:
      return i32(max(u32(a), u32(b)));
    case IntegerKind.Power:
      return power(a, b);
    case IntegerKind.And:
      return a & b;
    case IntegerKind.Or:
      return a | b;
    case IntegerKind.Xor:
      return a ^ b;
    case IntegerKind.ShiftLeft:
      return u32(b) < 32 ? a << b : 0;
    case IntegerKind.ShiftRight:
      return u32(b) < 32 ? i32(u32(a) >> b) : 0;
    case IntegerKind.Equal:
      return i32(a == b);
    case IntegerKind.NotEqual:
      return i32(a != b);
    case IntegerKind.Less:
      return i32(a < b);
    case IntegerKind.LessOrEqual:
      return i32(a <= b);
    case IntegerKind.LessUnsigned:
      return i32(u32(a) < u32(b));
    default:
      return i32(u32(a) <= u32(b));
  }
}

/** All axes from `axis` on, out advancing densely; returns where out ends. */
function combineAxes(i: Integer, axis: u32, out: usize, a: usize, b: usize): usize {
  const entry = i.table + (axis << 2);
  const size = load<u32>(entry);
  const strideA = load<u32>(entry + (i.rank << 2)) << 2;
  const strideB = load<u32>(entry + (i.rank << 3)) << 2;
  const isLast = axis + 1 == i.rank;
  for (let k: u32 = 0; k < size; k++) {
    if (isLast) {
      store<i32>(out, combine(i.kind, load<i32>(a), load<i32>(b)));
      out += 4;
    } else out = combineAxes(i, axis + 1, out, a, b);
    a += strideA;
    b += strideB;
  }
  return out;
}

/**
 * formula: out[i0, i1, …] = kind(a[Σ i · strideA], b[Σ i · strideB])
 * shapes: out dense row-major over the table's sizes, at most 16 axes; rank 0 is one element
 * alias: out may be a or b where that operand is dense as out is
 * tail: element by element
 * edge: sums and products wrap; x / 0 and x mod 0 are 0; −2³¹ / −1 is −2³¹
 */
export function execInteger(pc: usize): u32 {
  const i = changetype<Integer>(pc);
  assert(i.kind <= u32(IntegerKind.LessOrEqualUnsigned), 'Integer: unknown kind');
  assert(i.rank <= 16, 'Integer: more than 16 axes');
  if (i.rank) combineAxes(i, 0, i.out, i.a, i.b);
  else store<i32>(i.out, combine(i.kind, load<i32>(i.a), load<i32>(i.b)));
  return 0;
}

/** To the nearest whole number towards 0; 0 for NaN, the nearest that there is beyond the range. */
function truncate(x: f32): i32 {
  if (x != x) return 0;
  if (x >= 2147483648) return i32.MAX_VALUE;
  return x <= -2147483648 ? i32.MIN_VALUE : i32(x);
}

/** A float as an unsigned word; a negative one as its two's complement. */
function truncateUnsigned(x: f32): i32 {
  if (x < 0) return truncate(x);
  return x >= 4294967296 ? -1 : x == x ? i32(u32(x)) : 0;
}

function convert(kind: u32, x: i32): i32 {
  switch (kind) {
    case ConvertKind.Absolute:
      return x < 0 ? 0 - x : x;
    case ConvertKind.Negate:
      return 0 - x;
    case ConvertKind.Sign:
      return i32(x > 0) - i32(x < 0);
    case ConvertKind.Not:
      return i32(x == 0);
    case ConvertKind.Complement:
      return ~x;
    case ConvertKind.Wrap8:
      return (x << 24) >> 24;
    case ConvertKind.Wrap8Unsigned:
      return x & 0xff;
    case ConvertKind.Wrap16:
      return (x << 16) >> 16;
    case ConvertKind.Wrap16Unsigned:
      return x & 0xffff;
    case ConvertKind.NotZero:
      return i32(x != 0);
    case ConvertKind.FloatNotZero:
      return i32(reinterpret<f32>(x) != 0);
    case ConvertKind.FloatToInteger:
      return truncate(reinterpret<f32>(x));
    case ConvertKind.FloatToUnsigned:
      return truncateUnsigned(reinterpret<f32>(x));
    case ConvertKind.IntegerToFloat:
      return reinterpret<i32>(f32(x));
    default:
      return reinterpret<i32>(f32(u32(x)));
  }
}

/**
 * formula: out[i] = kind(x[i])
 * shapes: out, x [n]
 * alias: out may be x exactly
 * tail: element by element
 * edge: a float beyond the range becomes the nearest integer that there is, NaN becomes 0, and NaN is not zero
 */
export function execConvert(pc: usize): u32 {
  const i = changetype<Convert>(pc);
  assert(i.kind <= u32(ConvertKind.UnsignedToFloat), 'Convert: unknown kind');
  const bytes = i.n << 2;
  for (let at: u32 = 0; at < bytes; at += 4) store<i32>(i.out + at, convert(i.kind, load<i32>(i.x + at)));
  return 0;
}

function neutral(kind: u32): i32 {
  switch (kind) {
    case IntegerReduceKind.Product:
      return 1;
    case IntegerReduceKind.Minimum:
      return i32.MAX_VALUE;
    case IntegerReduceKind.Maximum:
      return i32.MIN_VALUE;
    case IntegerReduceKind.MinimumUnsigned:
      return -1;
    default:
      return 0;
  }
}

function join(kind: u32, a: i32, b: i32): i32 {
  switch (kind) {
    case IntegerReduceKind.Sum:
      return a + b;
    case IntegerReduceKind.Product:
      return a * b;
    case IntegerReduceKind.Minimum:
      return min(a, b);
    case IntegerReduceKind.Maximum:
      return max(a, b);
    case IntegerReduceKind.MinimumUnsigned:
      return i32(min(u32(a), u32(b)));
    default:
      return i32(max(u32(a), u32(b)));
  }
}

/**
 * formula: out[o, c] = kind over k of x[o, k, c]
 * shapes: x [outer, axis, inner] of i32, out [outer, inner]
 * alias: none
 * tail: element by element
 * edge: over nothing 0 or 1, the greatest integer as a minimum, the least as a maximum; sums and products wrap
 */
export function execIntegerReduce(pc: usize): u32 {
  const i = changetype<IntegerReduce>(pc);
  assert(i.kind <= u32(IntegerReduceKind.MaximumUnsigned), 'IntegerReduce: unknown kind');
  let out = i.out;
  for (let o: u32 = 0; o < i.outer; o++) {
    for (let c: u32 = 0; c < i.inner; c++, out += 4) {
      let total = neutral(i.kind);
      let x = i.x + ((o * i.axis * i.inner + c) << 2);
      for (let k: u32 = 0; k < i.axis; k++, x += i.inner << 2) total = join(i.kind, total, load<i32>(x));
      store<i32>(out, total);
    }
  }
  return 0;
}

/** out[n] += a · b[n] */
@inline
function addRow(out: usize, a: i32, b: usize, n: u32): void {
  const lanes = i32x4.splat(a);
  const whole = out + ((n & ~3) << 2);
  const end = out + (n << 2);
  for (; out < whole; out += 16, b += 16) v128.store(out, i32x4.add(v128.load(out), i32x4.mul(lanes, v128.load(b))));
  for (; out < end; out += 4, b += 4) store<i32>(out, load<i32>(out) + a * load<i32>(b));
}

/**
 * formula: out[r, c] = Σ a[r, j] · b[j, c]
 * shapes: a [m, k], b [k, n], out [m, n], all i32 and dense
 * alias: none
 * tail: columns beyond a multiple of 4 one by one
 * error: exact but for wrapping at 32 bits
 */
export function execIntegerProduct(pc: usize): u32 {
  const i = changetype<IntegerProduct>(pc);
  memory.fill(i.out, 0, (i.m * i.n) << 2);
  let out = i.out;
  let a = i.a;
  for (let r: u32 = 0; r < i.m; r++, out += i.n << 2) {
    let b = i.b;
    for (let j: u32 = 0; j < i.k; j++, a += 4, b += i.n << 2) addRow(out, load<i32>(a), b, i.n);
  }
  return 0;
}
