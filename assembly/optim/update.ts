export function execUpdate(pc: usize): u32 {
  return unreachable();
}
