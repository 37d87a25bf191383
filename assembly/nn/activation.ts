// stub
import { Unary, UnaryBackward, UnaryKind } from '../instructions';
import { loadTail, storeTail } from '../lanes';

@inline
function apply(kind: u32, x: v128): v128 {
  if (kind == UnaryKind.Relu) return f32x4.max(x, f32x4.splat(0));
  return x;
}

@inline
function map(kind: u32, out: usize, x: usize, n: u32): void {
  const end = out + ((n & ~3) << 2);
  for (; out < end; out += 16, x += 16) v128.store(out, apply(kind, v128.load(x)));
  const rest = n & 3;
  if (rest) storeTail(out, apply(kind, loadTail(x, rest)), rest);
}

export function execUnary(pc: usize): u32 {
  const i = changetype<Unary>(pc);
  switch (i.kind) {
    case UnaryKind.Relu:
      map(UnaryKind.Relu, i.out, i.x, i.n);
  }
  return 0;
}

export function execUnaryBackward(pc: usize): u32 {
  return 0;
}
