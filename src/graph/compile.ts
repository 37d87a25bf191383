// From a function of the graph to a program without addresses: passes, lowering, plan.
import type { DType, GraphFunction, Node, Shape } from './graph.ts';
import { lower, type Lowered, type NodeBuffer } from './lower.ts';
import { fold } from './passes/fold.ts';
import { forget } from './passes/forget.ts';
import { fuse } from './passes/fuse.ts';
import { fuseUpdates } from './passes/fuse-update.ts';
import { pack } from './passes/pack.ts';
import { prune } from './passes/prune.ts';
import { simplify } from './passes/simplify.ts';
import { stagedFirst, stagedNodes } from './passes/stage.ts';
import { planMemory } from './plan.ts';
import { programBytes, type Place } from './program.ts';

/** A value that the caller reads or writes by name. */
export interface Port {
  readonly place: Place<NodeBuffer>;
  readonly shape: Shape;
  readonly dtype: DType;
}

export interface CompiledFunction {
  readonly prologue: Lowered['prologue'];
  readonly body: Lowered['body'];
  readonly inputs: ReadonlyMap<string, Port>;
  readonly outputs: ReadonlyMap<string, Port>;
  /** The offset of every buffer but the storage's, in one block. */
  readonly offsets: ReadonlyMap<NodeBuffer, number>;
  readonly constants: readonly NodeBuffer[];
  /** Where in the block the two programs begin. */
  readonly prologueOffset: number;
  readonly bodyOffset: number;
  /** The whole block: activations, inputs and outputs, constants, programs. */
  readonly bytes: number;
  /** The part of it that values share by their lifetimes. */
  readonly activationBytes: number;
}

export interface CompileOptions {
  /** Gives every value memory of its own, so that each can be read after a run. */
  readonly keepAll?: boolean;
  /** Whether weights are packed ahead of the runs; false where they change between any two of them. */
  readonly packWeights?: boolean;
}

export function compile(
  source: GraphFunction,
  { keepAll = false, packWeights = true }: CompileOptions = {},
): CompiledFunction {
  const packing = packWeights ? [pack] : [];
  const passes = [prune, simplify, forget, fold, prune, fuse, fuseUpdates, ...packing, prune, stagedFirst];
  const optimized = passes.reduce((current, pass) => pass(current), source);
  const lowered = lower(optimized, { staged: stagedNodes(optimized), keepAll });
  const owned = lowered.buffers.filter(({ kind }) => kind !== 'storage');
  const plan = planMemory(owned.filter(({ kind }) => kind === 'temporary'));
  const offsets = new Map(plan.offsets);
  let end = plan.bytes;
  const reserve = (bytes: number) => {
    const offset = end;
    end += Math.ceil(bytes / 64) * 64;
    return offset;
  };
  for (const buffer of owned) if (buffer.kind !== 'temporary') offsets.set(buffer, reserve(buffer.bytes));
  const port = (node: Node): Port => ({ place: lowered.places.get(node)!, shape: node.shape, dtype: node.dtype });
  return {
    prologue: lowered.prologue,
    body: lowered.body,
    inputs: new Map(
      optimized.nodes
        .filter(({ operation }) => operation === 'input')
        .map((node) => [node.attributes['name'] as string, port(node)]),
    ),
    outputs: new Map(Object.entries(optimized.outputs).map(([name, node]) => [name, port(node)])),
    offsets,
    constants: owned.filter(({ data }) => data),
    prologueOffset: reserve(programBytes(lowered.prologue)),
    bodyOffset: reserve(programBytes(lowered.body)),
    bytes: end,
    activationBytes: plan.bytes,
  };
}
