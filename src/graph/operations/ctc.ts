// The loss of connectionist temporal classification and its gradient, computed together by one instruction.
// Shapes: B batch, T frames, C classes, L labels; the target is [B, 1 + L]: frames (0: all), labels, −1 behind them.
import { ShapeError } from '../../core/errors.ts';
import { defineOperation } from '../operation.ts';
import { formatShape, sizeOf, type Graph, type Node } from '../graph.ts';
import { multiply } from './arithmetic.ts';
import { part, reshape } from './shape.ts';

export interface CtcAttributes {
  /** The class that stands for no label. */
  readonly blank: number;
  /** Whether an infinite loss counts as 0, without a gradient. */
  readonly zeroInfinity: boolean;
  /** Whether a loss is divided by the number of its labels. */
  readonly perLabel: boolean;
}

interface Attributes extends CtcAttributes {
  /** Whether the gradient is computed; the pass `forget` sets it to false where none is asked for. */
  readonly saves: boolean;
}

const attributesOf = (node: Node) => node.attributes as unknown as Attributes;

/** The bytes that the instruction may write for itself: the mirror of `layOut` in assembly/nn/ctc.ts. */
export function ctcWorkspace(time: number, labels: number, gradient: boolean): number {
  const row = 2 * labels + 4 - ((2 * labels + 4) % 4) + 8;
  return 64 + 4 * (row * (5 + (gradient ? time : 2)) + 4 + time);
}

defineOperation('ctc', {
  infer([logits, target], { saves }) {
    const { shape } = logits!;
    if (shape.length !== 3 || target!.shape.length !== 2 || target!.shape[0] !== shape[0] || target!.shape[1]! < 1)
      throw new ShapeError(
        `ctc: expected logits [batch, time, classes] and targets [batch, 1 + labels], got ${formatShape(shape)} and ${formatShape(target!.shape)}`,
      );
    return { shape: [shape[0]! + (saves ? sizeOf(shape) : 0)], dtype: 'f32' };
  },
  lower(emitter, node) {
    const [logits, target] = node.inputs as [Node, Node];
    const { blank, zeroInfinity, perLabel, saves } = attributesOf(node);
    const [batch, time, classes] = logits.shape as [number, number, number];
    const labels = target.shape[1]! - 1;
    emitter.emit('Ctc', {
      loss: emitter.at(node),
      dLogits: saves ? emitter.at(node, batch) : 0,
      logits: emitter.at(logits),
      target: emitter.at(target),
      batch,
      time,
      classes,
      labels,
      blank,
      zeroInfinity: Number(zeroInfinity),
      perLabel: Number(perLabel),
      workspace: emitter.workspace(ctcWorkspace(time, labels, saves)),
    });
  },
});

// The losses alone. They take the logits as a second input, to which they carry the gradient.
defineOperation('ctcResult', {
  infer: ([, logits]) => ({ shape: [logits!.shape[0]!], dtype: 'f32' }),
  view: () => 0,
  gradient(graph, node, dLosses) {
    const [both, logits] = node.inputs as [Node, Node];
    const [batch] = logits.shape as [number];
    return [null, multiply(graph, part(graph, both, batch, logits.shape), reshape(graph, dLosses, [batch, 1, 1]))];
  },
});

/** The loss [B] of each sample. */
export function ctc(graph: Graph, logits: Node, target: Node, attributes: CtcAttributes): Node {
  const both = graph.add('ctc', [logits, target], { ...attributes, saves: true });
  return graph.add('ctcResult', [both, logits]);
}
