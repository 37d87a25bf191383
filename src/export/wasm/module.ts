// A WebAssembly module as lists: parsed from bytes and written again. One memory, one table, active segments at
// constant offsets: what the AssemblyScript compiler makes, and what the exporter writes.
// source: WebAssembly core specification 2.0, 5.5
import { FormatError } from '../../core/errors.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { op } from './operators.ts';

export interface FunctionType {
  readonly parameters: readonly number[];
  readonly results: readonly number[];
}

export interface Limits {
  readonly initial: number;
  readonly maximum?: number | undefined;
}

export type ExternalKind = 'function' | 'table' | 'memory' | 'global';
const kinds: readonly ExternalKind[] = ['function', 'table', 'memory', 'global'];

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly kind: ExternalKind;
  /** A function's type. */
  readonly type?: number;
  readonly limits?: Limits;
}

export interface Export {
  readonly name: string;
  readonly kind: ExternalKind;
  readonly index: number;
}

export interface Global {
  readonly type: number;
  readonly mutable: boolean;
  /** Its initial value, an expression with its `end`. */
  readonly value: Uint8Array;
}

/** A function of the module: its type, and its locals and operators as they stand in the file. */
export interface Code {
  readonly type: number;
  readonly locals: readonly { readonly count: number; readonly type: number }[];
  readonly body: Uint8Array;
}

export interface Elements {
  readonly offset: number;
  readonly functions: readonly number[];
}

export interface Data {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export interface WasmModule {
  types: FunctionType[];
  imports: Import[];
  functions: Code[];
  table: Limits | null;
  memory: Limits | null;
  globals: Global[];
  exports: Export[];
  start: number | null;
  elements: Elements[];
  data: Data[];
}

export const valueType = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
const functionReference = 0x70;
const section = { type: 1, import: 2, function: 3, table: 4, memory: 5, global: 6, export: 7, start: 8 } as const;
const laterSection = { element: 9, code: 10, data: 11, dataCount: 12 } as const;
const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

export const emptyModule = (): WasmModule => ({
  types: [],
  imports: [],
  functions: [],
  table: null,
  memory: null,
  globals: [],
  exports: [],
  start: null,
  elements: [],
  data: [],
});

/** How many of the function (or global) indices are imports: those come first. */
export const importCount = ({ imports }: WasmModule, kind: ExternalKind): number =>
  imports.filter((item) => item.kind === kind).length;

/** @throws FormatError for what is no module, or one beyond the forms above */
export function parseModule(file: Uint8Array): WasmModule {
  // Node's Buffer has a `slice` of its own, which does not copy.
  const bytes = new Uint8Array(file.buffer, file.byteOffset, file.length);
  if (!header.every((byte, i) => bytes[i] === byte))
    throw new FormatError('wasm: not a WebAssembly module of version 1');
  const parsed = emptyModule();
  const reader = new ByteReader(bytes, 8);
  let types: number[] = [];
  while (!reader.isAtEnd) {
    const id = reader.byte();
    const size = reader.unsigned();
    const start = reader.position;
    reader.take(size);
    const content = new ByteReader(bytes, start, start + size);
    if (id === section.function) types = content.list(() => content.unsigned());
    else readSection(parsed, id, content, types);
  }
  if (parsed.functions.length !== types.length)
    throw new FormatError(`wasm: ${types.length} functions are declared and ${parsed.functions.length} defined`);
  checkIndices(parsed);
  return parsed;
}

/** How many of each kind there are, imports included. */
export const countsOf = (module: WasmModule) => ({
  function: importCount(module, 'function') + module.functions.length,
  type: module.types.length,
  global: module.globals.length,
  table: module.table ? 1 : 0,
  memory: importCount(module, 'memory') + (module.memory ? 1 : 0),
});

/** @throws FormatError unless an index is of something that is there */
export function checkIndex(index: number, kind: string, count: number): void {
  if (!(index < count)) throw new FormatError(`wasm: ${kind} ${index} of ${count} is named`);
}

/** What sections say of each other; the operators' own indices are checked as they are read. */
function checkIndices(module: WasmModule): void {
  const counts = countsOf(module);
  for (const { type } of [...module.functions, ...module.imports])
    if (type !== undefined) checkIndex(type, 'type', counts.type);
  for (const { kind, index } of module.exports) checkIndex(index, kind, counts[kind]);
  for (const { functions } of module.elements)
    for (const index of functions) checkIndex(index, 'function', counts.function);
  if (module.start !== null) checkIndex(module.start, 'function', counts.function);
}

function readSection(into: WasmModule, id: number, reader: ByteReader, types: readonly number[]): void {
  if (id === section.type) into.types = reader.list(readType);
  else if (id === section.import) into.imports = reader.list(readImport);
  else if (id === section.table) into.table = reader.list(readTable)[0] ?? null;
  else if (id === section.memory) into.memory = reader.list(readLimits)[0] ?? null;
  else if (id === section.global) into.globals = reader.list(readGlobal);
  else if (id === section.export) into.exports = reader.list(readExport);
  else if (id === section.start) into.start = reader.unsigned();
  else if (id === laterSection.element) into.elements = reader.list(readElements);
  else if (id === laterSection.code) into.functions = reader.list((_, i) => readCode(reader, types[i] ?? Infinity));
  else if (id === laterSection.data) into.data = reader.list(readData);
  else if (id !== 0 && id !== laterSection.dataCount) throw new FormatError(`wasm: unknown section ${id}`);
}

function readType(reader: ByteReader): FunctionType {
  if (reader.byte() !== 0x60) throw new FormatError('wasm: a type that is not of a function');
  return { parameters: reader.list(() => reader.byte()), results: reader.list(() => reader.byte()) };
}

function readLimits(reader: ByteReader): Limits {
  const flags = reader.byte();
  if (flags > 1) throw new FormatError(`wasm: memory or table of kind ${flags}; expected an unshared 32-bit one`);
  const initial = reader.unsigned();
  return flags ? { initial, maximum: reader.unsigned() } : { initial };
}

function readTable(reader: ByteReader): Limits {
  if (reader.byte() !== functionReference) throw new FormatError('wasm: a table that is not of functions');
  return readLimits(reader);
}

function readImport(reader: ByteReader): Import {
  const [module, name] = [reader.name(), reader.name()];
  const kind = kinds[reader.byte()];
  if (kind === 'function') return { module, name, kind, type: reader.unsigned() };
  if (kind === 'memory') return { module, name, kind, limits: readLimits(reader) };
  throw new FormatError(`wasm: cannot read the import ${module}.${name}`);
}

function readExport(reader: ByteReader): Export {
  const name = reader.name();
  const kind = kinds[reader.byte()];
  if (!kind) throw new FormatError(`wasm: the export ${name} is of no known kind`);
  return { name, kind, index: reader.unsigned() };
}

function readGlobal(reader: ByteReader): Global {
  const type = reader.byte();
  const mutable = reader.byte() === 1;
  const start = reader.position;
  skipConstant(reader);
  return { type, mutable, value: reader.bytes.subarray(start, reader.position) };
}

/** A constant expression of one operator, with its `end`. */
function skipConstant(reader: ByteReader): void {
  const code = reader.byte();
  if (code === op.i32Const || code === op.i64Const || code === op.globalGet) reader.skipLeb();
  else if (code === op.f32Const) reader.take(4);
  else if (code === op.f64Const) reader.take(8);
  else if (code === 0xfd && reader.unsigned() === 12) reader.take(16);
  else throw new FormatError('wasm: cannot read a constant expression');
  if (reader.byte() !== op.end) throw new FormatError('wasm: cannot read a constant expression');
}

function readOffset(reader: ByteReader): number {
  if (reader.unsigned() !== 0 || reader.byte() !== op.i32Const)
    throw new FormatError('wasm: a segment that is not active at a constant offset');
  const offset = reader.signed();
  if (reader.byte() !== op.end) throw new FormatError('wasm: a segment that is not at a constant offset');
  return offset >>> 0;
}

const readElements = (reader: ByteReader): Elements => ({
  offset: readOffset(reader),
  functions: reader.list(() => reader.unsigned()),
});

const readData = (reader: ByteReader): Data => ({ offset: readOffset(reader), bytes: reader.take(reader.unsigned()) });

function readCode(reader: ByteReader, type: number): Code {
  const size = reader.unsigned();
  const end = reader.position + size;
  const locals = reader.list(() => ({ count: reader.unsigned(), type: reader.byte() }));
  return { type, locals, body: reader.take(end - reader.position) };
}

/** The bytes of a module; sections with nothing in them are left out. */
export function writeModule(module: WasmModule): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  writer.raw(header);
  const write = <T>(id: number, items: readonly T[], item: (to: ByteWriter, item: T) => void) => {
    if (items.length) writer.byte(id).sized((inner) => inner.list(items, (each) => item(inner, each)));
  };
  write(section.type, module.types, (to, { parameters, results }) =>
    to.byte(0x60).unsigned(parameters.length).raw(parameters).unsigned(results.length).raw(results),
  );
  write(section.import, module.imports, writeImport);
  write(section.function, module.functions, (to, { type }) => to.unsigned(type));
  write(section.table, module.table ? [module.table] : [], (to, limits) =>
    writeLimits(to.byte(functionReference), limits),
  );
  write(section.memory, module.memory ? [module.memory] : [], writeLimits);
  write(section.global, module.globals, (to, { type, mutable, value }) =>
    to
      .byte(type)
      .byte(mutable ? 1 : 0)
      .raw(value),
  );
  write(section.export, module.exports, (to, { name, kind, index }) =>
    to.name(name).byte(kinds.indexOf(kind)).unsigned(index),
  );
  if (module.start !== null) writer.byte(section.start).sized((inner) => inner.unsigned(module.start!));
  write(laterSection.element, module.elements, (to, { offset, functions }) =>
    writeOffset(to, offset).list(functions, (index) => to.unsigned(index)),
  );
  write(laterSection.code, module.functions, (to, { locals, body }) =>
    to.sized((inner) => inner.list(locals, ({ count, type }) => inner.unsigned(count).byte(type)).raw(body)),
  );
  write(laterSection.data, module.data, (to, { offset, bytes }) =>
    writeOffset(to, offset).unsigned(bytes.length).raw(bytes),
  );
  return writer.finish();
}

function writeLimits(to: ByteWriter, { initial, maximum }: Limits): ByteWriter {
  to.byte(maximum === undefined ? 0 : 1).unsigned(initial);
  return maximum === undefined ? to : to.unsigned(maximum);
}

function writeImport(to: ByteWriter, { module, name, kind, type, limits }: Import): void {
  to.name(module).name(name).byte(kinds.indexOf(kind));
  if (limits) writeLimits(to, limits);
  else to.unsigned(type!);
}

const writeOffset = (to: ByteWriter, offset: number): ByteWriter =>
  to
    .unsigned(0)
    .byte(op.i32Const)
    .signed(offset | 0)
    .byte(op.end);

/** The value of a constant i32 expression. */
export function constantOf({ value }: Global): number | undefined {
  return value[0] === op.i32Const ? new ByteReader(value, 1).signed() : undefined;
}

/** An i32 constant as an expression. */
export const constantExpression = (value: number): Uint8Array =>
  new ByteWriter().byte(op.i32Const).signed(value).byte(op.end).finish();
