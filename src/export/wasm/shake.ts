// Drops from a module what its chosen exports do not need: functions, table elements, globals, types, static data.
// A function is needed if a needed one calls it, or if needed data holds it as a value; data is needed if the code of a
// needed function has a constant, or needed data a word, that is an address in it. AssemblyScript reaches its static
// data in no other way: the address of a constant, or of the array that is indexed, stands in the code. Arrays indexed
// by opcode can be cut to the entries that will be used.
import { ByteReader, ByteWriter } from './bytes.ts';
import {
  checkIndex,
  constantOf,
  countsOf,
  importCount,
  type Code,
  type Data,
  type Elements,
  type WasmModule,
} from './module.ts';
import { StaticMemory, wordsOf, type StaticData } from './objects.ts';
import { emptyOperator, op, readOperator, type Operator } from './operators.ts';

export interface ShakeOptions {
  /** The exports that stay. */
  readonly exports: readonly string[];
  /** The entries that stay of dispatch arrays, by their addresses; the others become 0, and calling one traps. */
  readonly dispatch?: ReadonlyMap<number, ReadonlySet<number>>;
  /** The functions that may be called; by default all. Others are never called through the table. */
  readonly reachable?: ReadonlySet<number>;
}

/** A table of constants that is indexed from 1 has its constant address before its start. */
const reachBefore = 64;

/** What is needed of a module. */
class Needed {
  readonly functions = new Set<number>();
  readonly globals = new Set<number>();
  readonly types = new Set<number>();
  readonly data = new Set<StaticData>();
  readonly elements = new Set<number>();
  private readonly module: WasmModule;
  private readonly memory: StaticMemory;
  private readonly options: ShakeOptions;
  private readonly counts: ReturnType<typeof countsOf>;
  private readonly imported: number;
  private readonly queue: number[] = [];
  private readonly table = new Map<number, number>();

  constructor(module: WasmModule, memory: StaticMemory, options: ShakeOptions) {
    this.module = module;
    this.memory = memory;
    this.options = options;
    this.counts = countsOf(module);
    this.imported = importCount(module, 'function');
    for (const { offset, functions } of module.elements)
      functions.forEach((index, i) => this.table.set(offset + i, index));
  }

  find(): void {
    const { exports, start } = this.module;
    for (const { name, kind, index } of exports) {
      if (!this.options.exports.includes(name)) continue;
      if (kind === 'function') this.needFunction(index);
      if (kind === 'global') this.needGlobal(index);
    }
    if (start !== null) this.needFunction(start);
    for (let index = this.queue.pop(); index !== undefined; index = this.queue.pop()) this.scan(index);
  }

  /** Places of the table that no data hold as a function may be called by any number. */
  private needPlainElements(): void {
    for (const [place, index] of this.table) if (!this.memory.hasFunction(place)) this.needElement(place, index);
  }

  private needElement(place: number, index: number): boolean {
    if (this.options.reachable?.has(index) === false) return false;
    this.elements.add(place);
    this.needFunction(index);
    return true;
  }

  private needType(index: number): void {
    checkIndex(index, 'type', this.counts.type);
    this.types.add(index);
  }

  private needFunction(index: number): void {
    checkIndex(index, 'function', this.counts.function);
    if (this.functions.has(index)) return;
    this.functions.add(index);
    this.queue.push(index);
  }

  private scan(index: number): void {
    if (index < this.imported) {
      this.types.add(this.module.imports.filter(({ kind }) => kind === 'function')[index]!.type!);
      return;
    }
    const { type, body } = this.module.functions[index - this.imported]!;
    this.types.add(type);
    for (const operator of operatorsOf(body)) this.scanOperator(operator);
  }

  private scanOperator({ code, index, accessesMemory }: Operator): void {
    if (code === op.callIndirect) this.needPlainElements();
    if (code === op.call || code === op.refFunc) this.needFunction(index);
    else if (code === op.callIndirect || (isBlock(code) && index >= 0)) this.needType(index);
    else if (code === op.globalGet || code === op.globalSet) this.needGlobal(index);
    else if (code === op.i32Const || accessesMemory) this.needAddress(index);
  }

  /** A constant of the source that the compiler did not fold may be an address too. */
  private needGlobal(index: number): void {
    checkIndex(index, 'global', this.counts.global);
    this.globals.add(index);
    const global = this.module.globals[index];
    const value = global && !global.mutable ? constantOf(global) : undefined;
    if (value !== undefined) this.needAddress(value);
  }

  private needAddress(address: number): void {
    const segment = this.memory.at(address);
    if (segment) this.needData(segment);
    for (const near of this.memory.tablesBehind(address, reachBefore)) this.needData(near);
  }

  private needData(segment: StaticData): void {
    if (this.data.has(segment)) return;
    if (segment.element !== null) {
      const index = this.table.get(segment.element);
      if (index !== undefined && this.needElement(segment.element, index)) this.data.add(segment);
      return;
    }
    this.data.add(segment);
    const kept = this.options.dispatch?.get(segment.content);
    for (const { address, word } of wordsOf(segment)) {
      if (kept && address >= segment.content && !kept.has((address - segment.content) / 4)) continue;
      const object = this.memory.object(word);
      if (object) this.needData(object);
    }
  }
}

const isBlock = (code: number): boolean => code === op.block || code === op.loop || code === op.if;

/** The operators of a body; each is the same object, overwritten by the next. */
export function* operatorsOf(body: Uint8Array): Generator<Operator> {
  const reader = new ByteReader(body);
  const operator = emptyOperator();
  while (!reader.isAtEnd) yield readOperator(reader, operator);
}

/** @returns a new module; the one given stays as it is */
export function shake(module: WasmModule, options: ShakeOptions): WasmModule {
  const memory = new StaticMemory(module);
  const needed = new Needed(module, memory, options);
  needed.find();
  return rebuild(module, memory, needed, options);
}

function rebuild(module: WasmModule, memory: StaticMemory, needed: Needed, { exports }: ShakeOptions): WasmModule {
  const imported = importCount(module, 'function');
  const functions = numbering(needed.functions);
  const types = numbering(needed.types);
  const globals = numbering(needed.globals);
  let functionImport = 0;
  const rename: Renaming = { functions, types, globals };
  return {
    types: module.types.filter((_, i) => needed.types.has(i)),
    imports: module.imports
      .filter(({ kind }) => kind !== 'function' || needed.functions.has(functionImport++))
      .map((item) => (item.type === undefined ? item : { ...item, type: types.get(item.type)! })),
    functions: module.functions
      .filter((_, i) => needed.functions.has(imported + i))
      .map((code) => renameCode(code, rename)),
    table: needed.elements.size ? { initial: Math.max(...needed.elements) + 1 } : null,
    memory: module.memory,
    globals: module.globals.filter((_, i) => needed.globals.has(i)),
    exports: module.exports
      .filter(({ name }) => exports.includes(name))
      .map((item) => ({ ...item, index: renamed(rename, item.kind, item.index) })),
    start: module.start === null ? null : functions.get(module.start)!,
    elements: runsOf(needed.elements, module, functions),
    data: mergeData([...needed.data].map((segment) => cutDispatch(segment, memory, needed.data))),
  };
}

interface Renaming {
  readonly functions: ReadonlyMap<number, number>;
  readonly types: ReadonlyMap<number, number>;
  readonly globals: ReadonlyMap<number, number>;
}

/** The kept numbers in their order, to their new ones. */
const numbering = (kept: ReadonlySet<number>): Map<number, number> =>
  new Map([...kept].toSorted((a, b) => a - b).map((old, i) => [old, i]));

const renamed = ({ functions, globals }: Renaming, kind: string, index: number): number =>
  kind === 'function' ? functions.get(index)! : kind === 'global' ? globals.get(index)! : index;

function renameCode({ type, locals, body }: Code, rename: Renaming): Code {
  const writer = new ByteWriter();
  let copied = 0;
  for (const { code, index, start, end } of operatorsOf(body)) {
    const replaced = renamedIndex(code, index, rename);
    if (replaced === undefined || replaced === index) continue;
    writer.raw(body.subarray(copied, start)).byte(body[start]!);
    if (isBlock(code)) writer.signed(replaced);
    else writer.unsigned(replaced);
    if (code === op.callIndirect) writer.byte(0);
    copied = end;
  }
  return { type: rename.types.get(type)!, locals, body: writer.raw(body.subarray(copied)).finish() };
}

function renamedIndex(code: number, index: number, { functions, types, globals }: Renaming): number | undefined {
  if (code === op.call || code === op.refFunc) return functions.get(index);
  if (code === op.callIndirect || (isBlock(code) && index >= 0)) return types.get(index);
  if (code === op.globalGet || code === op.globalSet) return globals.get(index);
  return undefined;
}

/** The kept elements at their old places: one segment for each run of neighbours. */
function runsOf(kept: ReadonlySet<number>, module: WasmModule, functions: ReadonlyMap<number, number>): Elements[] {
  const runs: { offset: number; functions: number[] }[] = [];
  for (const { offset, functions: indices } of module.elements)
    indices.forEach((index, i) => {
      const place = offset + i;
      if (!kept.has(place)) return;
      const last = runs.at(-1);
      if (last && last.offset + last.functions.length === place) last.functions.push(functions.get(index)!);
      else runs.push({ offset: place, functions: [functions.get(index)!] });
    });
  return runs;
}

/** A segment; of a dispatch array, with the entries as 0 whose functions are not there any more. */
function cutDispatch(segment: StaticData, memory: StaticMemory, kept: ReadonlySet<StaticData>): Data {
  const { start, content, bytes, isDispatch } = segment;
  if (!isDispatch) return { offset: start, bytes };
  const cut = bytes.slice();
  for (const { address, word } of wordsOf(segment))
    if (address >= content && !kept.has(memory.object(word)!)) cut.fill(0, address - start, address - start + 4);
  return { offset: start, bytes: cut };
}

/** What a further segment costs in the file. */
const segmentOverhead = 8;

/** The same bytes in as few segments as pays: neighbours become one, zeros at the ends go. */
export function mergeData(data: readonly Data[]): Data[] {
  const merged: Data[] = [];
  for (const segment of data.map(trimZeros).toSorted((a, b) => a.offset - b.offset)) {
    if (segment.bytes.length === 0) continue;
    const last = merged.at(-1);
    const gap = last ? segment.offset - last.offset - last.bytes.length : Infinity;
    if (!last || gap > segmentOverhead) {
      merged.push(segment);
      continue;
    }
    const joined = new Uint8Array(segment.offset + segment.bytes.length - last.offset);
    joined.set(last.bytes);
    joined.set(segment.bytes, segment.offset - last.offset);
    merged[merged.length - 1] = { offset: last.offset, bytes: joined };
  }
  return merged;
}

/** Memory begins as zeros: those of a segment's ends need not be in the file. */
function trimZeros({ offset, bytes }: Data): Data {
  let start = 0;
  let end = bytes.length;
  while (end > start && bytes[end - 1] === 0) end--;
  while (start < end && bytes[start] === 0) start++;
  return { offset: offset + start, bytes: bytes.subarray(start, end) };
}
