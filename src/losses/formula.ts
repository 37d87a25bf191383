// Losses that are no kernel of their own but a formula of graph operations, whose gradients follow by themselves:
// those of a whole sample, of a whole batch, or of a prediction with parts. Options are a table of fields.
import { ShapeError } from '../core/errors.ts';
import { oneOf, readOptions, type Fields, type Values } from '../core/options.ts';
import type { Graph, Node, Shape } from '../graph/graph.ts';
import { openShape, reduceRows, type Loss, type LossSpec, type TargetForm } from './definition.ts';

export interface Formula<F extends Fields> {
  readonly task: Loss['task'];
  readonly fields: F;
  readonly targetRange?: readonly [number, number];
  /** What predictions the formula is of, for messages: `[*, 2, D]`. */
  readonly prediction: string;
  fits(prediction: Shape): boolean;
  /** What targets go with a prediction; null for a formula of predictions alone. */
  readonly target: {
    /** For messages. */
    expected(prediction: Shape): string;
    /** null where the target does not fit. */
    form(prediction: Shape, target: Shape, dtype: 'f32' | 'i32'): TargetForm | null;
    /** @throws RangeError for values that the formula cannot read, naming the row */
    check?(
      target: { readonly data: ArrayLike<number>; readonly shape: Shape },
      prediction: Shape,
      options: Values<F>,
      what: string,
    ): void;
  } | null;
  /** Adds the losses of rows [R], and their weights where they do not all count alike. */
  rows(
    graph: Graph,
    of: { readonly prediction: Node; readonly target: Node | null; readonly form: TargetForm },
    options: Values<F>,
  ): { losses: Node; weights?: Node };
}

const reduction = oneOf(['mean', 'sum'], 'mean');

/** A loss from its formula. @throws RangeError or TypeError for an option that is unknown or out of range */
export const formulaLoss =
  <F extends Fields>(type: string, formula: Formula<F>) =>
  (spec: LossSpec): Loss => {
    const given = Object.fromEntries(Object.entries(spec).filter(([name]) => name !== 'type'));
    const { reduction: how, ...options } = readOptions(type, given, { ...formula.fields, reduction }) as Values<F> & {
      reduction: Loss['reduction'];
    };
    const { target } = formula;
    const checkPrediction = (shape: Shape) => {
      if (!formula.fits(shape))
        throw new ShapeError(`${type}: expected a prediction ${formula.prediction}, got ${openShape(shape)}`);
    };
    return {
      spec: { type, ...given },
      task: formula.task,
      logits: false,
      takesTarget: target !== null,
      reduction: how,
      targetRange: formula.targetRange,
      targetValues: undefined,
      ignoreIndex: undefined,
      targetForm(prediction, shape, dtype) {
        checkPrediction(prediction);
        const form = target ? target.form(prediction, shape, dtype) : 'none';
        if (form) return form;
        throw new ShapeError(
          `${type}: expected targets ${target!.expected(prediction)} for a prediction ${openShape(prediction)}, got ${openShape(shape)}`,
        );
      },
      ...(target?.check && {
        checkTarget: (values: { data: ArrayLike<number>; shape: Shape }, prediction: Shape, what: string) =>
          target.check!(values, prediction, options as unknown as Values<F>, what),
      }),
      build(graph, prediction, node, form, sampleWeights) {
        checkPrediction(prediction.shape);
        const rows = formula.rows(graph, { prediction, target: node, form }, options as unknown as Values<F>);
        return reduceRows(graph, rows, sampleWeights, how);
      },
    };
  };
