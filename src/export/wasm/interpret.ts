// Walks a function's body with what is known of its parameters, and writes it again without what can never run: arms of
// conditions whose outcome is known, values that are known as constants, calls through the table as plain calls.
// Known are sets of possible values of 32-bit integers (values.ts). A local that a loop writes is unknown in it.
// What the body computes stays the same, bit for bit: nothing is reordered.
import { arityOf, isPure } from './arity.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import type { Code, FunctionType } from './module.ts';
import { valueType } from './module.ts';
import { emptyOperator, op, readOperator, type Operator } from './operators.ts';
import { isBlockStart, structureOf, type Block, type Structure } from './structure.ts';
import { foldBinary, foldUnary, join, mapValue, only, single, type Value } from './values.ts';

/** What a body refers to. */
export interface Surroundings {
  readonly types: readonly FunctionType[];
  typeOf(functionIndex: number): FunctionType;
  /** The value of an immutable integer global. */
  globalValue(index: number): number | undefined;
  /** A word of memory that nothing writes to. */
  constantAt(address: number): number | undefined;
  /** Tells of a call; gives the function that is to be called, and what it may return, undefined where nothing yet. */
  call(functionIndex: number, parameters: readonly Value[]): { index: number; result: Value | undefined };
  /** Tells of a call through the table; gives what it may return. */
  callByTable(functionIndex: number, parameters: readonly Value[]): Value | undefined;
  /** The function at a place of the table. */
  functionAt(place: number): number | undefined;
  /** All functions of a type that a call through the table may reach. */
  functionsOfType(type: number): readonly number[];
}

interface Entry {
  value: Value;
  /** Where the code that computes it begins in what was written. */
  start: number;
}

type Locals = Value[];

interface Frame {
  readonly block: Block;
  readonly kind: 'block' | 'loop' | 'if' | 'else';
  readonly results: number;
  readonly parameters: number;
  /** Entries of the stack below it. */
  readonly height: number;
  readonly start: number;
  /** Whether it is a block in what is written. */
  readonly isWritten: boolean;
  /** Of an `if`: what held before it. */
  readonly before: Locals | null;
  /** What holds behind it, where anything gets there. */
  after: Locals | null;
  value: Value | undefined;
}

export interface Interpretation {
  readonly body: Uint8Array<ArrayBuffer>;
  /** What the function may return; undefined where it never does. */
  readonly result: Value | undefined;
  /** The outcomes of its conditions, where they are known, in order. */
  readonly decisions: string;
}

export class Interpreter {
  private readonly code: Code;
  private readonly type: FunctionType;
  private readonly world: Surroundings;
  private readonly structure: Structure;
  private readonly reader: ByteReader;
  private readonly writer = new ByteWriter();
  private readonly operator = emptyOperator();
  private readonly stack: Entry[] = [];
  private readonly frames: Frame[] = [];
  /** Null where nothing gets to. */
  private locals: Locals | null;
  /** What was written before this place has effects. */
  private barrier = 0;
  private result: Value | undefined;
  private decisions = '';

  constructor(code: Code, parameters: readonly Value[], world: Surroundings) {
    this.code = code;
    this.type = world.types[code.type]!;
    this.world = world;
    this.structure = structureOf(code.body);
    this.reader = new ByteReader(code.body);
    // A local begins as 0.
    const others = code.locals.flatMap(({ count, type }) =>
      Array.from({ length: count }, () => (type === valueType.i32 ? only(0) : null)),
    );
    this.locals = [...parameters, ...others];
  }

  run(): Interpretation {
    this.open(-1, 'block', { parameters: 0, results: this.type.results.length }, true);
    while (this.frames.length) {
      if (!this.locals) this.skip();
      this.step(readOperator(this.reader, this.operator));
    }
    return { body: this.writer.finish(), result: this.result, decisions: this.decisions };
  }

  // ---- control

  private decide(condition: Value): boolean | undefined {
    const outcome = truth(condition);
    this.decisions += outcome === undefined ? '?' : outcome ? '1' : '0';
    return outcome;
  }

  /** To where something may get again: the `else` or the `end` of the innermost block. */
  private skip(): void {
    const { block, kind, height } = this.frames.at(-1)!;
    this.stack.length = height;
    this.reader.position = kind === 'if' && block.else >= 0 ? block.else : block.end;
  }

  private step(operator: Operator): void {
    const { code } = operator;
    if (isBlockStart(code)) this.begin(operator);
    else if (code === op.else) this.otherwise();
    else if (code === op.end) this.end();
    else if (code === op.br) this.branch(operator.index);
    else if (code === op.brIf) this.branchIf(operator.index);
    else if (code === op.brTable) this.branchTable(operator.labels);
    else if (code === op.return) this.leave();
    else if (code === op.unreachable) {
      this.copy();
      this.locals = null;
    } else this.plain(operator);
  }

  private begin({ code, index, start }: Operator): void {
    const shape = this.shapeOf(index);
    if (code === op.loop) {
      for (const local of this.structure.blocks.get(start)!.writes) this.locals![local] = null;
      this.writeBlock(code);
      this.open(start, 'loop', shape, true);
    } else if (code === op.block) {
      const { isTarget } = this.structure.blocks.get(start)!;
      if (isTarget) this.writeBlock(code);
      this.open(start, 'block', shape, isTarget);
    } else this.beginIf(start, shape);
  }

  private beginIf(start: number, shape: { parameters: number; results: number }): void {
    const block = this.structure.blocks.get(start)!;
    const outcome = this.decide(this.stack.at(-1)!.value);
    if (outcome === undefined) {
      this.stack.pop();
      this.writeBlock(op.if);
      this.open(start, 'if', shape, true);
      return;
    }
    this.drop();
    if (!outcome && block.else < 0) {
      this.reader.position = block.end + 1;
      return;
    }
    if (!outcome) this.reader.position = block.else + 1;
    if (block.isTarget) this.writeBlock(op.block);
    this.open(start, outcome ? 'block' : 'else', shape, block.isTarget);
  }

  private open(
    start: number,
    kind: Frame['kind'],
    { parameters, results }: { parameters: number; results: number },
    isWritten: boolean,
  ): void {
    const height = this.stack.length - parameters;
    this.frames.push({
      block: this.structure.blocks.get(start)!,
      kind,
      results,
      parameters,
      height,
      start: this.stack[height]?.start ?? this.writer.length,
      isWritten,
      before: kind === 'if' ? [...this.locals!] : null,
      after: null,
      value: undefined,
    });
  }

  /** The first operator of a block, with its type. */
  private writeBlock(code: number): void {
    const { start, end } = this.operator;
    this.writer.byte(code).raw(this.code.body.subarray(start + 1, end));
    this.barrier = this.writer.length;
  }

  private otherwise(): void {
    const frame = this.frames.pop()!;
    if (frame.kind !== 'if') {
      // The condition held: what stands here never runs.
      this.frames.push(frame);
      this.reader.position = frame.block.end;
      return;
    }
    if (this.locals) this.arrive(frame);
    this.writer.byte(op.else);
    this.barrier = this.writer.length;
    this.stack.length = frame.height;
    for (let i = 0; i < frame.parameters; i++) this.stack.push({ value: null, start: frame.start });
    this.locals = [...frame.before!];
    this.frames.push({ ...frame, kind: 'else', before: null });
  }

  private end(): void {
    const frame = this.frames.pop()!;
    if (!frame.isWritten) return;
    if (this.locals) this.arrive(frame);
    if (frame.kind === 'if') this.merge(frame, frame.before!, null);
    this.writer.byte(op.end);
    this.barrier = this.writer.length;
    this.stack.length = frame.height;
    this.locals = frame.after;
    if (this.frames.length === 0) {
      if (frame.after) this.result = frame.value ?? null;
      return;
    }
    // Behind a block that nothing leaves, the validator must be told that nothing comes.
    if (!this.locals) this.writer.byte(op.unreachable);
    for (let i = 0; i < frame.results; i++)
      this.stack.push({ value: frame.results === 1 ? (frame.value ?? null) : null, start: frame.start });
  }

  /** The end of a block is reached from here. */
  private arrive(frame: Frame): void {
    this.merge(frame, this.locals!, frame.results === 1 ? this.stack.at(-1)!.value : null);
  }

  private merge(frame: Frame, locals: Locals, value: Value): void {
    const before = frame.after;
    frame.value = frame.value === undefined ? value : join(frame.value, value);
    frame.after = before ? before.map((known, i) => join(known, locals[i]!)) : [...locals];
  }

  private target = (label: number): Frame => this.frames.at(-1 - label)!;

  /** The label of a frame in what is written. */
  private labelOf(label: number): number {
    return this.frames.slice(this.frames.length - label).filter(({ isWritten }) => isWritten).length;
  }

  private jump(label: number): void {
    const frame = this.target(label);
    if (frame.kind !== 'loop') this.arrive(frame);
  }

  private branch(label: number): void {
    this.jump(label);
    this.writer.byte(op.br).unsigned(this.labelOf(label));
    this.locals = null;
  }

  private branchIf(label: number): void {
    const outcome = this.decide(this.stack.at(-1)!.value);
    if (outcome !== undefined) this.drop();
    if (outcome === false) return;
    if (outcome) {
      this.branch(label);
      return;
    }
    this.stack.pop();
    this.jump(label);
    this.writer.byte(op.brIf).unsigned(this.labelOf(label));
    this.barrier = this.writer.length;
  }

  private branchTable(labels: readonly number[]): void {
    const { value } = this.stack.at(-1)!;
    const last = labels.length - 1;
    const taken = new Set(value ? value.map((index) => Math.min(index >>> 0, last)) : labels.keys());
    const [first] = taken;
    if (taken.size === 1) {
      this.drop();
      this.branch(labels[first!]!);
      return;
    }
    this.stack.pop();
    const written = labels.map((label, i) => (taken.has(i) ? label : labels[first!]!));
    for (const label of new Set(written)) this.jump(label);
    this.writer.byte(op.brTable).unsigned(last);
    for (const label of written) this.writer.unsigned(this.labelOf(label));
    this.locals = null;
  }

  private leave(): void {
    this.arrive(this.frames[0]!);
    this.copy();
    this.locals = null;
  }

  private shapeOf(type: number): { parameters: number; results: number } {
    if (type < 0) return { parameters: 0, results: type === -64 ? 0 : 1 };
    const { parameters, results } = this.world.types[type]!;
    return { parameters: parameters.length, results: results.length };
  }

  // ---- everything else

  private plain(operator: Operator): void {
    const { code, index } = operator;
    const locals = this.locals!;
    if (code === op.localGet) this.give(locals[index]!, this.writer.length, true);
    else if (code === op.localSet) this.setLocal(index);
    else if (code === op.localTee) this.teeLocal(index);
    else if (code === op.globalGet) {
      const value = this.world.globalValue(index);
      this.give(value === undefined ? null : only(value), this.writer.length, true);
    } else if (code === op.globalSet) this.effect(1);
    else if (code === op.i32Const) this.give(only(index), this.writer.length, true);
    else if (code === op.drop) this.drop();
    else if (code === op.select || code === op.selectTyped) this.select();
    else if (code === op.call) this.call(index);
    else if (code === op.callIndirect) this.callIndirect(index);
    else this.compute(operator);
  }

  private copy(): void {
    this.writer.raw(this.code.body.subarray(this.operator.start, this.operator.end));
  }

  /** Whether the code of an entry, up to here, does nothing but compute it. */
  private isFree({ start }: Entry): boolean {
    return start >= this.barrier;
  }

  /** Leaves a value: as the operator says, or as a constant where it is one. */
  private give(value: Value, start: number, pure: boolean): void {
    const constant = single(value);
    if (constant !== undefined && pure && start >= this.barrier) {
      this.writer.truncate(start);
      this.writer.byte(op.i32Const).signed(constant);
    } else this.copy();
    if (!pure) this.barrier = this.writer.length;
    this.stack.push({ value, start });
  }

  /** An operator that takes operands and gives nothing. */
  private effect(takes: number): void {
    this.stack.length -= takes;
    this.copy();
    this.barrier = this.writer.length;
  }

  private drop(): void {
    const entry = this.stack.pop()!;
    if (this.isFree(entry)) {
      this.writer.truncate(entry.start);
      return;
    }
    this.writer.byte(op.drop);
    this.barrier = this.writer.length;
  }

  private setLocal(index: number): void {
    this.locals![index] = this.stack.at(-1)!.value;
    if (this.structure.reads.has(index)) this.effect(1);
    else this.drop();
  }

  private teeLocal(index: number): void {
    const { value, start } = this.stack.at(-1)!;
    this.locals![index] = value;
    if (!this.structure.reads.has(index)) return;
    this.stack.pop();
    this.give(value, start, false);
  }

  private select(): void {
    const [a, b, condition] = this.stack.slice(-3) as [Entry, Entry, Entry];
    const outcome = truth(condition.value);
    if (outcome === undefined || !this.isFree(a)) {
      this.stack.length -= 3;
      this.give(join(a.value, b.value), a.start, true);
      return;
    }
    const code = this.writer.finish();
    this.stack.length -= 3;
    this.writer.truncate(outcome ? b.start : a.start);
    if (!outcome) this.writer.raw(code.subarray(b.start, condition.start));
    this.stack.push({ value: outcome ? a.value : b.value, start: a.start });
  }

  private compute({ code, index }: Operator): void {
    const { takes, gives } = arityOf(code);
    const operands = this.stack.slice(this.stack.length - takes);
    if (gives === 0) {
      this.effect(takes);
      return;
    }
    this.stack.length -= takes;
    const start = operands[0]?.start ?? this.writer.length;
    this.give(this.valueOf(code, index, operands), start, isPure(code));
  }

  private valueOf(code: number, offset: number, operands: readonly Entry[]): Value {
    const [a, b] = operands;
    if (code === op.i32Load) return mapValue(a!.value, (address) => this.world.constantAt((address >>> 0) + offset));
    if (takesTwoIntegers(code)) return foldBinary(code, a!.value, b!.value);
    return code === 0x45 ? foldUnary(code, a!.value) : null;
  }

  private call(functionIndex: number): void {
    const type = this.world.typeOf(functionIndex);
    const operands = this.stack.splice(this.stack.length - type.parameters.length);
    const { index, result } = this.world.call(
      functionIndex,
      operands.map(({ value }) => value),
    );
    this.writer.byte(op.call).unsigned(index);
    this.afterCall(type, result, operands[0]?.start);
  }

  private callIndirect(typeIndex: number): void {
    const type = this.world.types[typeIndex]!;
    const place = this.stack.pop()!;
    const targets = this.targetsOf(place.value, typeIndex);
    const operands = this.stack.splice(this.stack.length - type.parameters.length);
    const parameters = operands.map(({ value }) => value);
    const isDirect = targets.length === 1 && place.value !== null && this.isFree(place);
    let result: Value | undefined;
    if (isDirect) {
      const called = this.world.call(targets[0]!, parameters);
      this.writer.truncate(place.start);
      this.writer.byte(op.call).unsigned(called.index);
      result = called.result;
    } else {
      for (const target of targets) {
        const returned = this.world.callByTable(target, parameters);
        if (returned !== undefined) result = result === undefined ? returned : join(result, returned);
      }
      this.copy();
    }
    this.afterCall(type, result, operands[0]?.start ?? place.start);
  }

  private afterCall(type: FunctionType, result: Value | undefined, start = this.writer.length): void {
    this.barrier = this.writer.length;
    if (result === undefined) {
      // No call of it is known to come back.
      this.writer.byte(op.unreachable);
      this.locals = null;
      return;
    }
    if (type.results.length) this.stack.push({ value: result, start: Math.min(start, this.barrier - 1) });
  }

  private targetsOf(places: Value, type: number): readonly number[] {
    if (!places) return this.world.functionsOfType(type);
    const found = places.map((place) => this.world.functionAt(place));
    return [...new Set(found.filter((index) => index !== undefined))];
  }
}

/** Whether a condition holds, where that is known. */
function truth(value: Value): boolean | undefined {
  if (!value) return undefined;
  if (value.every((each) => each !== 0)) return true;
  return value.every((each) => each === 0) ? false : undefined;
}

/** The operators whose operands are i32: comparisons and arithmetic. */
const takesTwoIntegers = (code: number): boolean => (code >= 0x46 && code <= 0x4f) || (code >= 0x6a && code <= 0x76);
