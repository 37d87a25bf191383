// The operators of a function's body, one at a time: where each begins and ends, and the immediates that refer to
// something (functions, types, globals, addresses). WebAssembly 2.0 with SIMD and relaxed SIMD, as the core uses it.
// Not here: what operators do to the stack (values.ts).
import { FormatError } from '../../core/errors.ts';
import type { ByteReader } from './bytes.ts';

/** Operators by their byte; those behind a prefix are prefix · 65536 + number. */
export const op = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  select: 0x1b,
  selectTyped: 0x1c,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  i32Load: 0x28,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  memorySize: 0x3f,
  memoryGrow: 0x40,
  refFunc: 0xd2,
  memoryInit: 0xfc0008,
  dataDrop: 0xfc0009,
  memoryCopy: 0xfc000a,
  memoryFill: 0xfc000b,
} as const;

/** One operator. `index` and `second` are its immediates, by what it is. */
export interface Operator {
  /** The first byte, and the one behind the last. */
  start: number;
  end: number;
  code: number;
  /** A label, a function, a type, a local, a global, a block's type, an i32 constant, or a memory access's offset. */
  index: number;
  /** The labels of a `br_table`, its default last. */
  labels: number[];
  /** Whether it accesses memory at an address and `index` is the offset. */
  accessesMemory: boolean;
}

function memoryAccess(reader: ByteReader, operator: Operator): void {
  reader.unsigned();
  operator.index = reader.unsigned();
  operator.accessesMemory = true;
}

/** Reads the next operator into `operator`, which may be one read before. @throws FormatError for an unknown one */
export function readOperator(reader: ByteReader, operator: Operator): Operator {
  operator.start = reader.position;
  operator.index = 0;
  operator.accessesMemory = false;
  const byte = reader.byte();
  operator.code = byte;
  if (byte === 0xfc || byte === 0xfd) {
    const number = reader.unsigned();
    operator.code = byte * 65536 + number;
    if (byte === 0xfc) readBulk(reader, operator, number);
    else readVector(reader, operator, number);
  } else if (byte >= 0x28 && byte <= 0x3e) memoryAccess(reader, operator);
  else if (byte < 0x45) readPlain(reader, operator, byte);
  else if (byte === op.refFunc) operator.index = reader.unsigned();
  else if (byte > 0xc4) throw unknown(operator);
  operator.end = reader.position;
  return operator;
}

const unknown = ({ code, start }: Operator) =>
  new FormatError(`wasm: unknown operator 0x${code.toString(16)} at byte ${start}`);

function readPlain(reader: ByteReader, operator: Operator, byte: number): void {
  switch (byte) {
    case op.block:
    case op.loop:
    case op.if:
    case op.i32Const:
      operator.index = reader.signed();
      return;
    case op.br:
    case op.brIf:
    case op.call:
    case op.localGet:
    case op.localSet:
    case op.localTee:
    case op.globalGet:
    case op.globalSet:
    case op.memorySize:
    case op.memoryGrow:
      operator.index = reader.unsigned();
      return;
    case op.callIndirect:
      operator.index = reader.unsigned();
      if (reader.unsigned() !== 0) throw new FormatError('wasm: more than one table');
      return;
    case op.brTable:
      operator.labels = reader.list(() => reader.unsigned());
      operator.labels.push(reader.unsigned());
      return;
    case op.selectTyped:
      reader.list(() => reader.byte());
      return;
    case op.i64Const:
      reader.skipLeb();
      return;
    case op.f32Const:
      reader.take(4);
      return;
    case op.f64Const:
      reader.take(8);
      return;
    case op.unreachable:
    case op.nop:
    case op.else:
    case op.end:
    case op.return:
    case op.drop:
    case op.select:
      return;
    default:
      throw unknown(operator);
  }
}

function readBulk(reader: ByteReader, operator: Operator, number: number): void {
  if (number === 8) {
    operator.index = reader.unsigned();
    reader.byte();
  } else if (number === 9) operator.index = reader.unsigned();
  else if (number === 10) reader.take(2);
  else if (number === 11) reader.take(1);
  else if (number > 7) throw unknown(operator);
}

function readVector(reader: ByteReader, operator: Operator, number: number): void {
  if (number <= 11 || number === 92 || number === 93) memoryAccess(reader, operator);
  else if (number === 12 || number === 13) reader.take(16);
  else if (number >= 21 && number <= 34) reader.take(1);
  else if (number >= 84 && number <= 91) {
    memoryAccess(reader, operator);
    reader.take(1);
  }
}

export const emptyOperator = (): Operator => ({
  start: 0,
  end: 0,
  code: 0,
  index: 0,
  labels: [],
  accessesMemory: false,
});
