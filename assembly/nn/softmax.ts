export function execSoftmax(pc: usize): u32 {
  return unreachable();
}

export function execSoftmaxBackward(pc: usize): u32 {
  return unreachable();
}
