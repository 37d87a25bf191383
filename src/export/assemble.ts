// Puts a network and the kernels that it uses into one module: `run`, which runs its instructions one after another, the
// function that prepares its weights when the module starts, and its data; everything else of the core is dropped.
import { Opcode } from '../core/generated/instructions.ts';
import type { CompiledFunction, Port } from '../graph/compile.ts';
import { sizeOf } from '../graph/graph.ts';
import type { Instruction } from '../graph/program.ts';
import { expandBytes, expandHalves } from './halves.ts';
import type { Layout } from './layout.ts';
import { ByteReader, ByteWriter } from './wasm/bytes.ts';
import { constantExpression, constantOf, valueType, writeModule, type WasmModule } from './wasm/module.ts';
import { StaticMemory } from './wasm/objects.ts';
import { op } from './wasm/operators.ts';
import { mergeData } from './wasm/shake.ts';
import { specialize, wayOf } from './wasm/specialize.ts';

const pageSize = 65536;
const empty = 0x40;

/** The first byte of memory that is not the core's: what its `heapBase` returns. */
export function heapBaseOf(core: WasmModule): number {
  const { index } = core.exports.find(({ name }) => name === 'heapBase')!;
  const reader = new ByteReader(core.functions[index]!.body);
  const code = reader.byte();
  return code === op.i32Const ? reader.signed() : constantOf(core.globals[reader.unsigned()]!)!;
}

type HandlerFinder = (opcode: Instruction['opcode']) => number;

/** The function that executes an instruction, by the core's array of handlers. */
function handlerFinder(core: WasmModule): HandlerFinder {
  const memory = new StaticMemory(core);
  const { index } = core.exports.find(({ name }) => name === 'handlers')!;
  const handlers = constantOf(core.globals[index]!)!;
  return (opcode) => {
    const { element } = memory.object(memory.constant(handlers + 4 * Opcode[opcode])!)!;
    const { offset, functions } = core.elements.find(
      (elements) => element! >= elements.offset && element! < elements.offset + elements.functions.length,
    )!;
    return functions[element! - offset]!;
  };
}

/** Adds types, functions and globals behind those that are there. */
class Extension {
  readonly module: WasmModule;

  constructor(core: WasmModule) {
    this.module = {
      ...core,
      types: [...core.types],
      functions: [...core.functions],
      globals: [...core.globals],
      exports: [],
    };
  }

  type(parameters: readonly number[], results: readonly number[]): number {
    return this.module.types.push({ parameters, results }) - 1;
  }

  function(type: number, body: Uint8Array): number {
    return this.module.functions.push({ type, locals: [], body }) - 1;
  }

  exportGlobal(name: string, value: number): void {
    const index =
      this.module.globals.push({ type: valueType.i32, mutable: false, value: constantExpression(value) }) - 1;
    this.module.exports.push({ name, kind: 'global', index });
  }

  exportFunction(name: string, index: number): void {
    this.module.exports.push({ name, kind: 'function', index });
  }
}

const suffix = (index: number) => (index === 0 ? '' : String(index));

/** @param core the module whose kernels are taken, and which exports `handlers` and `heapBase` */
export function assemble(
  core: WasmModule,
  compiled: CompiledFunction,
  layout: Layout,
  ports: { readonly inputs: readonly Port[]; readonly outputs: readonly Port[] },
): WasmModule {
  const extension = new Extension(core);
  const handlerOf = handlerFinder(core);
  const runs = runBody(compiled.body, layout.body, handlerOf);
  extension.exportFunction('run', extension.function(extension.type([], [valueType.i32]), runs));
  const prepares = prepareBody(extension, compiled, layout, handlerOf);
  if (prepares) extension.exportFunction(prepareName, extension.function(extension.type([], []), prepares));
  for (const [name, list] of Object.entries({ input: ports.inputs, output: ports.outputs }))
    list.forEach((port, i) => {
      extension.exportGlobal(`${name}${suffix(i)}`, layout.addressOf(port));
      extension.exportGlobal(`${name}Length${suffix(i)}`, sizeOf(port.shape));
    });
  return finish(smallest(extension.module, compiled, layout, handlerOf), layout);
}

/** Handlers written once for all their instructions, or once for each way that instructions take through them. */
function smallest(
  module: WasmModule,
  compiled: CompiledFunction,
  layout: Layout,
  handlerOf: HandlerFinder,
): WasmModule {
  const options = { exports: module.exports.map(({ name }) => name), constantAt: layout.wordAt };
  const ways = new Map<string, number>();
  const groups = new Map<number, number>();
  const handlers = new Set<number>();
  const assign = (instructions: readonly Instruction[], addresses: readonly number[]) =>
    instructions.forEach(({ opcode }, i) => {
      const handler = handlerOf(opcode);
      handlers.add(handler);
      const way = wayOf(module, handler, addresses[i]!, options);
      const group = ways.get(way) ?? ways.size;
      ways.set(way, group);
      groups.set(addresses[i]!, group);
    });
  assign(compiled.prologue, layout.prologue);
  assign(compiled.body, layout.body);
  const joint = specialize(module, options);
  if (ways.size === handlers.size) return joint;
  const separate = specialize(module, { ...options, groups });
  return writeModule(separate).length < writeModule(joint).length ? separate : joint;
}

/** An export until the module is finished: then it is what runs at the start. */
const prepareName = 'prepare';

function finish(module: WasmModule, layout: Layout): WasmModule {
  const prepare = module.exports.find(({ name }) => name === prepareName);
  return {
    ...module,
    imports: [],
    memory: { initial: Math.ceil(layout.bytes / pageSize) },
    start: prepare?.index ?? null,
    exports: [
      { name: 'memory', kind: 'memory', index: 0 },
      ...module.exports.filter(({ name }) => name !== prepareName),
    ],
    data: mergeData([...module.data, ...layout.data]),
  };
}

/** Calls the handler of each instruction; returns the number of the first that stops the program (a guard), else 0. */
function runBody(
  instructions: readonly Instruction[],
  addresses: readonly number[],
  handlerOf: HandlerFinder,
): Uint8Array {
  const writer = new ByteWriter();
  instructions.forEach(({ opcode }, i) => {
    writer.byte(op.i32Const).signed(addresses[i]!).byte(op.call).unsigned(handlerOf(opcode));
    writer.byte(op.if).byte(empty);
    writer
      .byte(op.i32Const)
      .signed(i + 1)
      .byte(op.return)
      .byte(op.end);
  });
  return writer.byte(op.i32Const).signed(0).byte(op.end).finish();
}

/** Expands the weights, then computes what depends on them alone. Null where there is nothing to do. */
function prepareBody(
  extension: Extension,
  { prologue }: CompiledFunction,
  { expansions, prologue: addresses }: Layout,
  handlerOf: HandlerFinder,
): Uint8Array | null {
  if (!prologue.length && !expansions.length) return null;
  const writer = new ByteWriter();
  const { i32 } = valueType;
  for (const kind of ['halves', 'bytes'] as const) {
    const own = expansions.filter((expansion) => expansion.kind === kind);
    if (!own.length) continue;
    const type = extension.type(
      own[0]!.parameters.map(() => i32),
      [],
    );
    const code = kind === 'halves' ? expandHalves(type) : expandBytes(type);
    const index = extension.module.functions.push(code) - 1;
    for (const { parameters } of own) {
      for (const value of parameters) writer.byte(op.i32Const).signed(value);
      writer.byte(op.call).unsigned(index);
    }
  }
  prologue.forEach(({ opcode }, i) =>
    writer.byte(op.i32Const).signed(addresses[i]!).byte(op.call).unsigned(handlerOf(opcode)).byte(op.drop),
  );
  return writer.byte(op.end).finish();
}
