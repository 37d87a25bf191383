export function execTranspose(pc: usize): u32 {
  return unreachable();
}

export function execCopy(pc: usize): u32 {
  return unreachable();
}

export function execFill(pc: usize): u32 {
  return unreachable();
}
