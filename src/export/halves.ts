// Numbers in fewer bits: float16 (rounded in core/halves.ts), and bytes with a scale for each channel, rounded here;
// expanded by functions that the exported module runs when it starts.
import { ByteWriter } from './wasm/bytes.ts';
import { valueType, type Code } from './wasm/module.ts';
import { op } from './wasm/operators.ts';

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

export interface Quantized {
  readonly bytes: Int8Array;
  /** One for each channel, the last axis. */
  readonly scales: Float32Array;
}

/** Symmetric: w ≈ scale · q, q from −127 to 127, scale = max |w| / 127 of its channel. */
export function toBytes(values: Float32Array, channels: number): Quantized {
  const scales = new Float32Array(channels);
  values.forEach((value, i) => (scales[i % channels] = Math.max(scales[i % channels]!, Math.abs(value))));
  scales.forEach((largest, i) => (scales[i] = largest / 127));
  const bytes = Int8Array.from(values, (value, i) => {
    const scale = scales[i % channels]!;
    return scale === 0 ? 0 : Math.max(-127, Math.min(127, Math.round(value / scale)));
  });
  return { bytes, scales };
}

// ---- the functions that expand them

const scalar = {
  load8: 0x2c,
  load16: 0x2f,
  loadFloat: 0x2a,
  storeFloat: 0x38,
  add: 0x6a,
  multiply: 0x6c,
  remainder: 0x70,
  and: 0x71,
  shift: 0x74,
  less: 0x49,
  multiplyFloat: 0x94,
  copySign: 0x98,
  convert: 0xb2,
  reinterpret: 0xbe,
} as const;

const access = (writer: ByteWriter, code: number) => writer.byte(code).byte(0).byte(0);
const get = (writer: ByteWriter, local: number) => writer.byte(op.localGet).byte(local);
const constant = (writer: ByteWriter, value: number) => writer.byte(op.i32Const).signed(value);

/** A loop over i = 0 … n − 1 that stores what `value` leaves at out + 4i. Locals: 0 is out, `n` and `i` as given. */
function loop(n: number, i: number, value: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  writer.byte(op.loop).byte(0x40);
  get(writer, 0);
  get(writer, i);
  constant(writer, 4).byte(scalar.multiply).byte(scalar.add);
  value(writer);
  access(writer, scalar.storeFloat);
  get(writer, i);
  constant(writer, 1).byte(scalar.add).byte(op.localTee).byte(i);
  get(writer, n).byte(scalar.less).byte(op.brIf).byte(0);
  return writer.byte(op.end).byte(op.end).finish();
}

const integerLocal = [{ count: 1, type: valueType.i32 }];

/** (out, halves, n): out[i] = the float16 halves[i], n > 0. Its exponent's bias is 112 less than a float32's. */
export function expandHalves(type: number): Code {
  const half = (writer: ByteWriter) => {
    get(writer, 1);
    get(writer, 3);
    constant(writer, 2).byte(scalar.multiply).byte(scalar.add);
    access(writer, scalar.load16);
  };
  const body = loop(2, 3, (writer) => {
    half(writer);
    constant(writer, 0x7fff).byte(scalar.and);
    constant(writer, 13).byte(scalar.shift).byte(scalar.reinterpret);
    float[0] = 2 ** 112;
    writer
      .byte(op.f32Const)
      .raw(new Uint8Array(bits.buffer.slice(0)))
      .byte(scalar.multiplyFloat);
    half(writer);
    constant(writer, 16).byte(scalar.shift).byte(scalar.reinterpret).byte(scalar.copySign);
  });
  return { type, locals: integerLocal, body };
}

/** (out, bytes, n, scales, channels): out[i] = bytes[i] · scales[i mod channels], n > 0. */
export function expandBytes(type: number): Code {
  const body = loop(2, 5, (writer) => {
    get(writer, 1);
    get(writer, 5).byte(scalar.add);
    access(writer, scalar.load8).byte(scalar.convert);
    get(writer, 3);
    get(writer, 5);
    get(writer, 4).byte(scalar.remainder);
    constant(writer, 4).byte(scalar.multiply).byte(scalar.add);
    access(writer, scalar.loadFloat).byte(scalar.multiplyFloat);
  });
  return { type, locals: integerLocal, body };
}
