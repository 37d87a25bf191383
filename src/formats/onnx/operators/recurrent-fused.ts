// Recurrent layers as one instruction (graph/operations/recurrent.ts), where they are of the usual kind: their own
// activations, no clipping, no peepholes, all rows of one length. Others go step by step (recurrent.ts).
// The instruction's gates are LSTM i f g o and GRU r z n, of rows [T, B]; its weights [I or H, gates · H].
import * as operations from '../../../graph/operations/index.ts';
import type { RecurrentName } from '../../../graph/operations/recurrent.ts';
import { arithmetic } from '../arithmetic.ts';
import type { Builder, Value } from '../builder.ts';
import type { Call } from '../operator.ts';
import { pick, reshape, slice, transpose } from '../movement.ts';
import { matmul } from '../products.ts';
import { hostData, isFloat } from '../types.ts';

/** For each gate of the instruction the place that it has in ONNX: LSTM i o f c, GRU z r h. */
const orders: Readonly<Record<string, readonly number[]>> = { RNN: [0], LSTM: [0, 2, 3, 1], GRU: [1, 0, 2] };

const usual: Readonly<Record<string, readonly string[]>> = {
  RNN: ['tanh'],
  LSTM: ['sigmoid', 'tanh', 'tanh'],
  GRU: ['sigmoid', 'tanh'],
};

/** The kind of a direction; undefined for one that the instruction does not know. */
export function fusedKind(call: Call, name: string, direction: number): RecurrentName | undefined {
  const { attributes, inputs } = call;
  const isPlain = !inputs[4] && !inputs[7] && !attributes.has('clip') && !attributes.flag('input_forget');
  const [x] = inputs;
  if (!isPlain || !x || !isFloat(x.type) || x.shape.some((size) => size === 0)) return undefined;
  const own = usual[name]!;
  const given = attributes.strings('activations')?.slice(direction * own.length, (direction + 1) * own.length);
  const activations = (given ?? own).map((activation) => activation.toLowerCase());
  if (name === 'RNN') return activations[0] === 'tanh' ? 'Tanh' : activations[0] === 'relu' ? 'Relu' : undefined;
  if (activations.join() !== own.join()) return undefined;
  if (name === 'LSTM') return 'Lstm';
  return attributes.flag('linear_before_reset') ? 'GruResetAfter' : 'GruResetBefore';
}

/** One direction of [D, gates · H, n] as [n, gates · H], its gates in the instruction's order. */
function turned(b: Builder, w: Value, direction: number, order: readonly number[], units: number): Value {
  const [, rows, columns] = w.shape as [number, number, number];
  const from = order.flatMap((gate) => Array.from({ length: units }, (_, unit) => gate * units + unit));
  if (w.host && !w.node) {
    const data = hostData(w.type, rows * columns);
    from.forEach((row, to) => {
      const start = (direction * rows + row) * columns;
      for (let i = 0; i < columns; i++) data[i * rows + to] = w.host!.data[start + i]!;
    });
    const name = w.weight === undefined ? undefined : `${w.weight}#gates${direction}`;
    return b.fromHost({ type: w.type, shape: [columns, rows], data }, name);
  }
  const own = reshape(b, slice(b, w, [{ axis: 0, start: direction, step: 1, size: 1 }]), [rows, columns]);
  return transpose(b, pick(b, own, 0, from), [1, 0]);
}

/** The biases of the inputs and of the states, [gates · H] each, in the instruction's order. */
function biasesOf(b: Builder, bias: Value, direction: number, order: readonly number[], units: number): [Value, Value] {
  const width = order.length * units;
  const from = order.flatMap((gate) => Array.from({ length: units }, (_, unit) => gate * units + unit));
  const own = reshape(b, slice(b, bias, [{ axis: 0, start: direction, step: 1, size: 1 }]), [2 * width]);
  return [
    pick(b, own, 0, from),
    pick(
      b,
      own,
      0,
      from.map((place) => width + place),
    ),
  ];
}

export interface FusedDirection {
  /** [T, 1, B, H]; undefined where nothing asks for the steps. */
  readonly outputs: Value | undefined;
  readonly hidden: Value;
  readonly cell: Value | undefined;
}

/** @param x [T, B, I] @param initial [B, H] of the hidden state and the cell, where they are given */
export function fusedDirection(
  call: Call,
  name: string,
  kind: RecurrentName,
  x: Value,
  direction: number,
  reverse: boolean,
  initial: readonly (Value | undefined)[],
): FusedDirection {
  const { build, inputs } = call;
  const { graph } = build;
  const [time, batch, features] = x.shape as [number, number, number];
  const order = orders[name]!;
  const units = call.input(2).shape[2]!;
  const width = order.length * units;
  const rows = reshape(build, x, [time * batch, features]);
  let projected = matmul(build, rows, turned(build, call.input(1), direction, order, units));
  let recurrentBias: Value | undefined;
  if (inputs[3]) {
    const [own, recurrent] = biasesOf(build, inputs[3], direction, order, units);
    // A GRU that resets after the product has the second bias within it.
    const isWithin = kind === 'GruResetAfter';
    recurrentBias = isWithin ? recurrent : undefined;
    projected = arithmetic(build, 'Add', projected, isWithin ? own : arithmetic(build, 'Add', own, recurrent));
  }
  const node = (value: Value | undefined) => value && build.nodeOf(value);
  const sequences = call.wanted[0] === true;
  const result = operations.recurrent(
    graph,
    {
      projected: build.nodeOf(reshape(build, projected, [time, batch, width])),
      kernel: build.nodeOf(turned(build, call.input(2), direction, order, units)),
      bias: node(recurrentBias),
      hidden0: node(initial[0]),
      cell0: kind === 'Lstm' ? node(initial[1]) : undefined,
    },
    { kind, sequences, reverse, processingOrder: false, timeMajor: true },
  );
  const value = (from: Parameters<Builder['nodeOf']>[0]['node']) => build.fromNode(x.type, from!);
  const steps = sequences ? transpose(build, value(result.output), [1, 0, 2]) : undefined;
  return {
    outputs: steps && reshape(build, steps, [time, 1, batch, units]),
    hidden: value(result.hidden),
    cell: result.cell && value(result.cell),
  };
}
