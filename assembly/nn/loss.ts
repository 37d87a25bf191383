export function execLossRows(pc: usize): u32 {
  return unreachable();
}

export function execLossBackward(pc: usize): u32 {
  return unreachable();
}
