// Branches and loops, unrolled: what decides their number of turns must be known before the model runs.
import { NeuriteError } from '../../../core/errors.ts';
import { sameShape } from '../../../graph/graph.ts';
import { select } from '../arithmetic.ts';
import { resolveAxis, type Value } from '../builder.ts';
import { defineOperator, type Call } from '../operator.ts';
import { concatenate, reshape, slice } from '../movement.ts';

/** Turns beyond which unrolling is refused. */
const mostTurns = 10000;

/** The branch itself where the condition is known; else both, and a choice between their results. */
defineOperator('If', (call) => {
  const { build, attributes } = call;
  const condition = call.input(0);
  const branches = [attributes.graph('then_branch'), attributes.graph('else_branch')] as const;
  if (condition.host) return call.subgraph(branches[condition.host.data[0] ? 0 : 1], []);
  const [first, second] = branches.map((graph) => call.subgraph(graph, [])) as [Value[], Value[]];
  const alike = first.every(
    (value, i) => !value.sequence && value.type === second[i]?.type && sameShape(value.shape, second[i].shape),
  );
  if (!alike) return build.numbers(condition, 'the condition, since the branches differ in shape,')[0] ? first : second;
  const flag = reshape(build, condition, []);
  return first.map((value, i) => select(build, flag, value, second[i]!));
});

defineOperator('Loop', (call) => {
  const { build, attributes } = call;
  const body = attributes.graph('body');
  const limit = call.inputs[0] ? build.numbers(call.inputs[0], 'the number of turns')[0]! : Infinity;
  let goesOn = call.inputs[1] ? build.numbers(call.inputs[1], 'the condition')[0] !== 0 : true;
  let carried = call.inputs.slice(2).map((_, i) => call.value(i + 2));
  const collected: Value[][] = [];
  let turn = 0;
  for (; goesOn && turn < limit; turn++) {
    if (turn >= mostTurns) throw new NeuriteError(`a loop of more than ${mostTurns} turns`);
    const results = call.subgraph(body, [build.scalar('int64', turn), build.scalar('bool', 1), ...carried]);
    goesOn = build.numbers(results[0]!, 'the condition')[0] !== 0;
    carried = results.slice(1, 1 + carried.length);
    collected.push(results.slice(1 + carried.length));
  }
  const scans = Math.max(0, call.wanted.length - carried.length);
  return [
    ...carried,
    ...Array.from({ length: scans }, (_, i) =>
      stack(
        call,
        collected.map((values) => values[i]!),
        0,
      ),
    ),
  ];
});

function stack({ build }: Call, values: readonly Value[], axis: number): Value {
  if (!values.length) throw new NeuriteError('a loop of no turns gives no shape to what it collects');
  const spread = values.map((value) => reshape(build, value, value.shape.toSpliced(axis, 0, 1)));
  return concatenate(build, spread, axis);
}

/** A loop over the entries of sequences. Before version 9 the inputs have a batch axis and lengths come first. */
defineOperator('Scan', (call) => {
  if (call.opset < 9) return batchedScan(call);
  return scan(call, call.all);
});

function scan(call: Call, inputs: readonly Value[]): Value[] {
  const { build, attributes } = call;
  const body = attributes.graph('body');
  const sequences = attributes.int('num_scan_inputs', 0);
  const states = inputs.length - sequences;
  const outputs = (body.output ?? []).length - states;
  const axes = attributes.ints('scan_input_axes') ?? [];
  const directions = attributes.ints('scan_input_directions') ?? attributes.ints('directions') ?? [];
  const outAxes = attributes.ints('scan_output_axes') ?? [];
  const outDirections = attributes.ints('scan_output_directions') ?? [];
  let state = inputs.slice(0, states);
  const items = inputs.slice(states);
  const axisOf = (i: number) => resolveAxis(axes[i] ?? 0, items[i]!.shape.length);
  const turns = items[0]!.shape[axisOf(0)]!;
  if (turns > mostTurns) throw new NeuriteError(`a scan of more than ${mostTurns} turns`);
  const collected: Value[][] = Array.from({ length: outputs }, () => []);
  for (let turn = 0; turn < turns; turn++) {
    const entries = items.map((value, i) => {
      const axis = axisOf(i);
      const start = directions[i] ? turns - 1 - turn : turn;
      return reshape(build, slice(build, value, [{ axis, start, step: 1, size: 1 }]), value.shape.toSpliced(axis, 1));
    });
    const results = call.subgraph(body, [...state, ...entries]);
    state = results.slice(0, states);
    results.slice(states).forEach((value, i) => collected[i]!.push(value));
  }
  return [
    ...state,
    ...collected.map((values, i) => {
      const axis = resolveAxis(outAxes[i] ?? 0, (values[0]?.shape.length ?? 0) + 1);
      return stack(call, outDirections[i] ? values.toReversed() : values, axis);
    }),
  ];
}

function batchedScan(call: Call): Value[] {
  const { build } = call;
  if (call.inputs[0]) throw new NeuriteError('sequences of different lengths in a scan');
  const inputs = call.inputs.slice(1).map((_, i) => call.input(i + 1));
  const batch = inputs[0]!.shape[0]!;
  const rows = Array.from({ length: batch }, (_, row) =>
    scan(
      call,
      inputs.map((value) =>
        reshape(build, slice(build, value, [{ axis: 0, start: row, step: 1, size: 1 }]), value.shape.slice(1)),
      ),
    ),
  );
  return rows[0]!.map((_, i) =>
    stack(
      call,
      rows.map((values) => values[i]!),
      0,
    ),
  );
}
