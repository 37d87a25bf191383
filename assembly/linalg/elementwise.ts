export function execBinary(pc: usize): u32 {
  return unreachable();
}

export function execBinaryBroadcast(pc: usize): u32 {
  return unreachable();
}
