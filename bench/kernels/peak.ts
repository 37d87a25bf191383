// The most multiply-adds that this machine does in a second: thirteen independent chains in registers, no memory.
// Thirteen, because two constants fill the fifteen registers that V8 gives to WebAssembly on x64.
import { madd } from '../../assembly/lanes';

/** Floating-point operations of one turn: 13 chains of 4 lanes, a product and a sum each. */
export function operations(): u32 {
  return 13 * 4 * 2;
}

/** Runs `turns` turns; the result only keeps the work alive. `constants`: the address of two vectors. */
export function multiplyAdds(turns: u32, constants: usize): f32 {
  const x = v128.load(constants);
  const y = v128.load(constants, 16);
  let c0 = x;
  let c1 = y;
  let c2 = x;
  let c3 = y;
  let c4 = x;
  let c5 = y;
  let c6 = x;
  let c7 = y;
  let c8 = x;
  let c9 = y;
  let c10 = x;
  let c11 = y;
  let c12 = x;
  for (let turn: u32 = 0; turn < turns; turn += 1) {
    c0 = madd(c0, x, y);
    c1 = madd(c1, x, y);
    c2 = madd(c2, x, y);
    c3 = madd(c3, x, y);
    c4 = madd(c4, x, y);
    c5 = madd(c5, x, y);
    c6 = madd(c6, x, y);
    c7 = madd(c7, x, y);
    c8 = madd(c8, x, y);
    c9 = madd(c9, x, y);
    c10 = madd(c10, x, y);
    c11 = madd(c11, x, y);
    c12 = madd(c12, x, y);
  }
  const a = f32x4.add(f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3)), f32x4.add(f32x4.add(c4, c5), c12));
  const b = f32x4.add(f32x4.add(f32x4.add(c6, c7), f32x4.add(c8, c9)), f32x4.add(c10, c11));
  return f32x4.extract_lane(f32x4.add(a, b), 0);
}
