export function execReduce(pc: usize): u32 {
  return unreachable();
}

export function execArgReduce(pc: usize): u32 {
  return unreachable();
}

export function execCheckFinite(pc: usize): u32 {
  return unreachable();
}
