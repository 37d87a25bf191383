export function execDropout(pc: usize): u32 {
  return unreachable();
}

export function execRandomFill(pc: usize): u32 {
  return unreachable();
}
