// Rewrites a module for what its exports really do: from them on, what is known of every function's parameters is
// carried from call to call until nothing changes; then each function is written anew without what can never run
// (interpret.ts), and what nothing needs any more is dropped (shake.ts).
import { FormatError } from '../../core/errors.ts';
import { Interpreter, type Interpretation, type Surroundings } from './interpret.ts';
import { constantOf, importCount, type Code, type FunctionType, type WasmModule } from './module.ts';
import { StaticMemory } from './objects.ts';
import { shake } from './shake.ts';
import { structureOf } from './structure.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { emptyOperator, op, readOperator } from './operators.ts';
import { join, only, sameValue, single, type Value } from './values.ts';

export interface SpecializeOptions {
  /** The exports that stay; their functions take no parameters. */
  readonly exports: readonly string[];
  /** A word that nothing will write to, beside functions as values and arrays of them. */
  readonly constantAt: (address: number) => number | undefined;
  /**
   * Functions that are given one of these numbers are written once for each group of numbers: an instruction's handler,
   * and what it passes the instruction's address to. Without it every function is written once.
   */
  readonly groups?: ReadonlyMap<number, number> | undefined;
}

/** What is known of a function. */
interface Knowledge {
  readonly code: Code;
  parameters: readonly Value[];
  /** Undefined while no call of it is known to return. */
  result: Value | undefined;
  readonly callers: Set<number>;
}

/** The calls between all functions that may run, and what is known of each. */
class Program implements Surroundings {
  readonly types: readonly FunctionType[];
  readonly known = new Map<number, Knowledge>();
  private readonly module: WasmModule;
  private readonly memory: StaticMemory;
  private readonly table = new Map<number, number>();
  private readonly options: SpecializeOptions;
  private readonly queue = new Set<number>();
  /** The numbers of functions that were written anew for a group, behind those of the module. */
  private readonly copies = new Map<string, number>();
  private caller = -1;

  constructor(module: WasmModule, options: SpecializeOptions) {
    this.module = module;
    this.types = module.types;
    this.options = options;
    this.memory = new StaticMemory(module);
    for (const { offset, functions } of module.elements)
      functions.forEach((index, i) => this.table.set(offset + i, index));
  }

  /** Finds everything that calls of this function may reach. */
  follow(root: number, parameters: readonly Value[] = []): void {
    this.caller = -1;
    this.callByTable(root, parameters);
    for (const index of this.queue) {
      this.queue.delete(index);
      this.caller = index;
      const { result } = this.interpret(index);
      const knowledge = this.known.get(index)!;
      if (result === undefined) continue;
      const joined = knowledge.result === undefined ? result : join(knowledge.result, result);
      if (knowledge.result !== undefined && sameValue(knowledge.result, joined)) continue;
      knowledge.result = joined;
      for (const caller of knowledge.callers) if (this.known.has(caller)) this.queue.add(caller);
    }
  }

  interpret(index: number, code = this.known.get(index)!.code): Interpretation {
    return new Interpreter(code, this.known.get(index)!.parameters, this).run();
  }

  typeOf(index: number): FunctionType {
    return this.types[(this.known.get(index)?.code ?? this.module.functions[index]!).type]!;
  }

  globalValue(index: number): number | undefined {
    const global = this.module.globals[index]!;
    return global.mutable ? undefined : constantOf(global);
  }

  constantAt(address: number): number | undefined {
    return this.options.constantAt(address) ?? this.memory.constant(address);
  }

  call(index: number, parameters: readonly Value[]): { index: number; result: Value | undefined } {
    const own = this.copyFor(index, parameters);
    return { index: own, result: this.record(own, index, parameters) };
  }

  callByTable(index: number, parameters: readonly Value[]): Value | undefined {
    return this.record(index, index, parameters);
  }

  /** The function itself, or its copy for the group of the number that it is given. */
  private copyFor(index: number, parameters: readonly Value[]): number {
    const group = this.groupOf(parameters);
    if (group === undefined || index >= this.module.functions.length) return index;
    const key = `${group} ${index}`;
    const known = this.copies.get(key) ?? this.module.functions.length + this.copies.size;
    this.copies.set(key, known);
    return known;
  }

  private groupOf(parameters: readonly Value[]): number | undefined {
    const { groups } = this.options;
    if (!groups) return undefined;
    for (const value of parameters) {
      const found = new Set(value?.map((each) => groups.get(each)));
      const [group] = found;
      if (found.size === 1 && group !== undefined) return group;
    }
    return undefined;
  }

  private record(index: number, original: number, parameters: readonly Value[]): Value | undefined {
    const known = this.known.get(index);
    if (!known) {
      const code = this.module.functions[original]!;
      this.known.set(index, { code, parameters, result: undefined, callers: new Set([this.caller]) });
      this.queue.add(index);
      return undefined;
    }
    known.callers.add(this.caller);
    const joined = known.parameters.map((value, i) => join(value, parameters[i]!));
    if (!joined.every((value, i) => sameValue(value, known.parameters[i]!))) {
      known.parameters = joined;
      this.queue.add(index);
    }
    return known.result;
  }

  functionAt(place: number): number | undefined {
    return this.table.get(place);
  }

  functionsOfType(type: number): readonly number[] {
    return [...this.table.values()].filter((index) => this.module.functions[index]!.type === type);
  }
}

/**
 * What decides the way of a function that is given this number, and of those that it passes it to: equal texts mean the
 * same way, so that one copy serves both.
 */
export function wayOf(module: WasmModule, index: number, given: number, options: SpecializeOptions): string {
  const program = new Program(module, { ...options, groups: undefined });
  program.follow(index, [only(given)]);
  const passed = [...program.known].filter(([, { parameters }]) => parameters.some((value) => single(value) === given));
  return passed.map(([number]) => `${number}:${program.interpret(number).decisions}`).join(' ');
}

/** @throws FormatError for a module beyond the forms of module.ts */
export function specialize(module: WasmModule, options: SpecializeOptions): WasmModule {
  const { exports } = options;
  if (importCount(module, 'function')) throw new FormatError('specialize: the module imports functions');
  const program = new Program(module, options);
  for (const { name, kind, index } of module.exports)
    if (kind === 'function' && exports.includes(name)) program.follow(index);
  const functions = [...module.functions];
  for (const index of [...program.known.keys()].toSorted((a, b) => a - b)) functions[index] = rewritten(program, index);
  return shake({ ...module, functions }, { exports, reachable: new Set(program.known.keys()) });
}

/** A body becomes shorter as locals are found to be read no more, until it does not. */
function rewritten(program: Program, index: number): Code {
  const { code } = program.known.get(index)!;
  let current = code;
  for (;;) {
    const { body } = program.interpret(index, current);
    const isDone = body.length >= current.body.length;
    current = { ...current, body };
    if (isDone) return withoutUnusedLocals(current, program.types[code.type]!.parameters.length);
  }
}

/** The locals that are used, in their order, under new numbers. */
function withoutUnusedLocals(code: Code, parameters: number): Code {
  const { reads, blocks } = structureOf(code.body);
  const used = new Set([...reads, ...blocks.get(-1)!.writes]);
  const types = code.locals.flatMap(({ count, type }) => Array.from({ length: count }, () => type));
  const numbers = new Map<number, number>();
  const locals: { count: number; type: number }[] = [];
  types.forEach((type, i) => {
    const local = parameters + i;
    if (!used.has(local)) return;
    numbers.set(local, parameters + numbers.size);
    if (locals.at(-1)?.type === type) locals.at(-1)!.count++;
    else locals.push({ count: 1, type });
  });
  return { ...code, locals, body: renumbered(code.body, numbers) };
}

function renumbered(body: Uint8Array, numbers: ReadonlyMap<number, number>): Uint8Array {
  const reader = new ByteReader(body);
  const writer = new ByteWriter();
  const operator = emptyOperator();
  while (!reader.isAtEnd) {
    const { code, index, start, end } = readOperator(reader, operator);
    const isLocal = code === op.localGet || code === op.localSet || code === op.localTee;
    if (isLocal) writer.byte(code).unsigned(numbers.get(index) ?? index);
    else writer.raw(body.subarray(start, end));
  }
  return writer.finish();
}
