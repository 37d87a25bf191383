// Functions of two arguments, element by element: between equal arrays, and with broadcasting.
// The vector loops are specialised by kind; a row's last 1 to 3 elements and strides other than 0 and 1
// go through `combineAny`, which decides the kind as it runs, so that these exist once.
// Not here: functions of one argument (nn/activation.ts). Broadcasting follows NumPy: a stride of 0 repeats.
import { Binary, BinaryBroadcast, BinaryKind } from '../instructions';
import { loadTail, storeTail } from '../lanes';
import { pow_f32x4 } from '../math';

/** 1 where the mask is set, else 0. */
@inline
function truth(mask: v128): v128 {
  return v128.and(mask, f32x4.splat(1));
}

/** kind(a, b) on four lanes, for a kind known when the core is compiled. */
@inline
function combine(kind: u32, a: v128, b: v128): v128 {
  if (kind == BinaryKind.Add) return f32x4.add(a, b);
  if (kind == BinaryKind.Subtract) return f32x4.sub(a, b);
  if (kind == BinaryKind.Multiply) return f32x4.mul(a, b);
  if (kind == BinaryKind.Divide) return f32x4.div(a, b);
  if (kind == BinaryKind.Power) return power(a, b);
  if (kind == BinaryKind.Minimum) return f32x4.min(a, b);
  if (kind == BinaryKind.Maximum) return f32x4.max(a, b);
  if (kind == BinaryKind.Equal) return truth(f32x4.eq(a, b));
  if (kind == BinaryKind.NotEqual) return truth(f32x4.ne(a, b));
  if (kind == BinaryKind.Less) return truth(f32x4.lt(a, b));
  if (kind == BinaryKind.LessOrEqual) return truth(f32x4.le(a, b));
  if (kind == BinaryKind.Greater) return truth(f32x4.gt(a, b));
  if (kind == BinaryKind.GreaterOrEqual) return truth(f32x4.ge(a, b));
  return a;
}

/** a to the power b, out of line: it is too long to stand in every loop. */
function power(a: v128, b: v128): v128 {
  return pow_f32x4(a, b);
}

/** kind(a, b) on four lanes, for a kind known only now. */
function combineAny(kind: u32, a: v128, b: v128): v128 {
  switch (kind) {
    case BinaryKind.Add:
      return combine(BinaryKind.Add, a, b);
    case BinaryKind.Subtract:
      return combine(BinaryKind.Subtract, a, b);
    case BinaryKind.Multiply:
      return combine(BinaryKind.Multiply, a, b);
    case BinaryKind.Divide:
      return combine(BinaryKind.Divide, a, b);
    case BinaryKind.Power:
      return combine(BinaryKind.Power, a, b);
    case BinaryKind.Minimum:
      return combine(BinaryKind.Minimum, a, b);
    case BinaryKind.Maximum:
      return combine(BinaryKind.Maximum, a, b);
    case BinaryKind.Equal:
      return combine(BinaryKind.Equal, a, b);
    case BinaryKind.NotEqual:
      return combine(BinaryKind.NotEqual, a, b);
    case BinaryKind.Less:
      return combine(BinaryKind.Less, a, b);
    case BinaryKind.LessOrEqual:
      return combine(BinaryKind.LessOrEqual, a, b);
    case BinaryKind.Greater:
      return combine(BinaryKind.Greater, a, b);
    case BinaryKind.GreaterOrEqual:
      return combine(BinaryKind.GreaterOrEqual, a, b);
    default:
      return a;
  }
}

/** out[n] = kind(a, b) for n a multiple of 4; a stride is 1 (an array) or 0 (one value, repeated). */
@inline
function sweep(kind: u32, out: usize, a: usize, b: usize, n: u32, strideA: u32, strideB: u32): void {
  const end = out + (n << 2);
  if (strideB == 0) {
    const repeated = v128.load32_splat(b);
    for (; out < end; out += 16, a += 16) v128.store(out, combine(kind, v128.load(a), repeated));
  } else if (strideA == 0) {
    const repeated = v128.load32_splat(a);
    for (; out < end; out += 16, b += 16) v128.store(out, combine(kind, repeated, v128.load(b)));
  } else {
    for (; out < end; out += 16, a += 16, b += 16) v128.store(out, combine(kind, v128.load(a), v128.load(b)));
  }
}

/** `sweep` of a kind known only now. */
function sweepAny(kind: u32, out: usize, a: usize, b: usize, n: u32, strideA: u32, strideB: u32): void {
  switch (kind) {
    case BinaryKind.Add:
      return sweep(BinaryKind.Add, out, a, b, n, strideA, strideB);
    case BinaryKind.Subtract:
      return sweep(BinaryKind.Subtract, out, a, b, n, strideA, strideB);
    case BinaryKind.Multiply:
      return sweep(BinaryKind.Multiply, out, a, b, n, strideA, strideB);
    case BinaryKind.Divide:
      return sweep(BinaryKind.Divide, out, a, b, n, strideA, strideB);
    case BinaryKind.Power:
      return sweep(BinaryKind.Power, out, a, b, n, strideA, strideB);
    case BinaryKind.Minimum:
      return sweep(BinaryKind.Minimum, out, a, b, n, strideA, strideB);
    case BinaryKind.Maximum:
      return sweep(BinaryKind.Maximum, out, a, b, n, strideA, strideB);
    case BinaryKind.Equal:
      return sweep(BinaryKind.Equal, out, a, b, n, strideA, strideB);
    case BinaryKind.NotEqual:
      return sweep(BinaryKind.NotEqual, out, a, b, n, strideA, strideB);
    case BinaryKind.Less:
      return sweep(BinaryKind.Less, out, a, b, n, strideA, strideB);
    case BinaryKind.LessOrEqual:
      return sweep(BinaryKind.LessOrEqual, out, a, b, n, strideA, strideB);
    case BinaryKind.Greater:
      return sweep(BinaryKind.Greater, out, a, b, n, strideA, strideB);
    case BinaryKind.GreaterOrEqual:
      return sweep(BinaryKind.GreaterOrEqual, out, a, b, n, strideA, strideB);
    default:
      return sweep(BinaryKind.First, out, a, b, n, strideA, strideB);
  }
}

/** The first `count` (1 to 3) elements of an operand of stride 1 or 0. */
function operandTail(x: usize, stride: u32, count: u32): v128 {
  return stride == 0 ? v128.load32_splat(x) : loadTail(x, count);
}

/** out[n] = kind(a, b), n > 0, element by element: strides of any length. */
function combineStrided(kind: u32, out: usize, a: usize, b: usize, n: u32, strideA: u32, strideB: u32): void {
  for (const end = out + (n << 2); out < end; out += 4) {
    v128.store_lane<f32>(out, combineAny(kind, v128.load32_splat(a), v128.load32_splat(b)), 0);
    a += strideA << 2;
    b += strideB << 2;
  }
}

/** One row: out[n] = kind(a[i · strideA], b[i · strideB]). */
function combineRow(kind: u32, out: usize, a: usize, b: usize, n: u32, strideA: u32, strideB: u32): void {
  if (n == 0) return;
  if ((strideA | strideB) > 1 || (strideA | strideB) == 0) {
    if (strideA | strideB) combineStrided(kind, out, a, b, n, strideA, strideB);
    else fill(out, combineAny(kind, v128.load32_splat(a), v128.load32_splat(b)), n);
    return;
  }
  const whole = n & ~3;
  if (whole) sweepAny(kind, out, a, b, whole, strideA, strideB);
  const rest = n & 3;
  if (rest == 0) return;
  const x = operandTail(a + ((strideA * whole) << 2), strideA, rest);
  const y = operandTail(b + ((strideB * whole) << 2), strideB, rest);
  storeTail(out + (whole << 2), combineAny(kind, x, y), rest);
}

/** out[n] = the same four lanes again and again. */
function fill(out: usize, value: v128, n: u32): void {
  for (const end = out + ((n & ~3) << 2); out < end; out += 16) v128.store(out, value);
  if (n & 3) storeTail(out, value, n & 3);
}

/**
 * formula: out[i] = kind(a[i], b[i]); a comparison gives 1 or 0
 * shapes: out, a, b [n]
 * alias: out may be a or b exactly; otherwise they must not overlap
 * tail: 1 to 3 elements through the lane loads of `loadTail`
 * error: + − × ÷, minimum, maximum and comparisons as IEEE 754 has them; Power as pow_f32x4 (math.ts)
 * edge: NaN propagates through all arithmetic, Minimum and Maximum included, and −0 < +0 there;
 *   compared with NaN, everything is unequal and nothing is less or greater
 */
export function execBinary(pc: usize): u32 {
  const i = changetype<Binary>(pc);
  assert(i.kind <= u32(BinaryKind.First), 'Binary: unknown kind');
  combineRow(i.kind, i.out, i.a, i.b, i.n, 1, 1);
  return 0;
}

/** All axes from `axis` on, out advancing densely; returns where out ends. */
function combineAxes(i: BinaryBroadcast, axis: u32, out: usize, a: usize, b: usize): usize {
  const entry = i.table + (axis << 2);
  const size = load<u32>(entry);
  const strideA = load<u32>(entry + (i.rank << 2));
  const strideB = load<u32>(entry + (i.rank << 3));
  if (axis + 1 == i.rank) {
    combineRow(i.kind, out, a, b, size, strideA, strideB);
    return out + (size << 2);
  }
  for (let k: u32 = 0; k < size; k++) {
    out = combineAxes(i, axis + 1, out, a, b);
    a += strideA << 2;
    b += strideB << 2;
  }
  return out;
}

/**
 * formula: out[i0, i1, …] = kind(a[Σ i · strideA], b[Σ i · strideB])
 * shapes: out dense row-major over the table's sizes, at most 8 axes; rank 0 is one element
 * alias: out may be a or b where that operand is dense as out is (nothing of it repeated)
 * tail, error, edge: as Binary. A last axis of strides 0 and 1 is vectorised, any other goes one by one.
 */
export function execBinaryBroadcast(pc: usize): u32 {
  const i = changetype<BinaryBroadcast>(pc);
  assert(i.kind <= u32(BinaryKind.First), 'BinaryBroadcast: unknown kind');
  assert(i.rank <= 8, 'BinaryBroadcast: more than 8 axes');
  if (i.rank) combineAxes(i, 0, i.out, i.a, i.b);
  else combineRow(i.kind, i.out, i.a, i.b, 1, 0, 0);
  return 0;
}
