export function execGemm(pc: usize): u32 {
  return unreachable();
}

export function execPackB(pc: usize): u32 {
  return unreachable();
}
