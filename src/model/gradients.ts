// Gradients for those who want to see or change them: of a loss, or of the outputs weighted by given gradients;
// and one optimizer step with gradients from anywhere.
import { NeuriteError, ShapeError } from '../core/errors.ts';
import { checkFinite, isTensor, tensor, type Tensor, type TensorValues } from '../data/tensor.ts';
import { formatShape, sameShape, sizeOf, type Shape } from '../graph/graph.ts';
import type { LossLike } from '../losses/loss.ts';
import { isLbfgs } from '../optimizers/lbfgs.ts';
import { resolveOptimizer, type OptimizerLike } from '../optimizers/index.ts';
import { resolveLosses } from './evaluate.ts';
import { resolveTrainingData } from './data.ts';
import { gradientFunction, inputGradientName, outputGradientName, sampleWeightsName, targetName } from './functions.ts';
import { guardError } from './guards.ts';
import { resolveInputs, type ModelValues, type TensorLike } from './inputs.ts';
import type { Model } from './model.ts';
import { applyFunction, gradientName } from './updates.ts';

/** Of a loss against targets, or of the outputs weighted by a gradient of their shape. */
export type GradientRequest = {
  /** Whether layers act as in a training step: dropout drops, batch normalisation takes the batch's statistics. */
  readonly training?: boolean;
} & (
  | {
      readonly targets?: ModelValues;
      readonly loss: LossLike | readonly LossLike[];
      readonly sampleWeights?: ArrayLike<number>;
    }
  | { readonly outputGradient: ModelValues }
);

export interface Gradients {
  /** By the parameter's name, of its shape. */
  readonly parameters: Record<string, Tensor>;
  /** For each input, of its shape. */
  readonly inputs: Tensor[];
  /** The loss, where one was asked for. */
  readonly loss: number | undefined;
}

/**
 * Layers act as in a prediction, unless `training` is true. Integer inputs have the gradient 0. Parameters of layers that are not trainable are left out.
 * @throws ShapeError where inputs, targets or output gradients do not fit the model
 */
export function gradients(model: Model, values: ModelValues, request: GradientRequest): Gradients {
  const { topology } = model;
  const what = 'model.gradients';
  const { inputs, count } = resolveInputs(topology, values, what);
  const written = new Map<string, Tensor['data']>(inputs.map(({ data }, i) => [topology.inputs[i]!.name, data]));
  if (
    typeof request !== 'object' ||
    request === null ||
    !('targets' in request || 'loss' in request || 'outputGradient' in request)
  )
    throw new TypeError(`${what}: expected { targets, loss } or { outputGradient }`);
  let objective = null;
  const { training = false } = request;
  if (typeof training !== 'boolean')
    throw new TypeError(`${what}: expected training true or false, got ${String(training)}`);
  let key = `gradients ${count} ${training}`;
  if (!('outputGradient' in request)) {
    const losses = resolveLosses(model, request.loss, what);
    const data = resolveTrainingData(topology, { inputs: values, ...request }, losses, what);
    const targetShapes = data.targets.map(({ shape }) => shape);
    const sampleWeights = data.sampleWeights !== null;
    objective = { losses, lossWeights: losses.map(() => 1), forms: data.forms, targetShapes, sampleWeights };
    data.targets.forEach((target, i) => written.set(targetName(i), target.data));
    if (data.sampleWeights) written.set(sampleWeightsName, data.sampleWeights);
    key += JSON.stringify([losses.map(({ spec }) => spec), data.forms, targetShapes, sampleWeights]);
  } else {
    outputGradients(model, request.outputGradient, count).forEach((data, i) =>
      written.set(outputGradientName(i), data),
    );
  }
  const program = model.programs.get(key, () => gradientFunction(topology, count, objective, training), {
    packWeights: false,
  });
  const { executable } = program;
  // Values that the loss does not depend on are not inputs of its program.
  for (const [name, data] of written) if (executable.compiled.inputs.has(name)) executable.input(name).set(data);
  if (!model.programs.run(program)) throw guardError(executable, count, (row) => row, what);
  const read = (name: string, shape: readonly number[]): Tensor => ({ data: executable.output(name).slice(), shape });
  return {
    parameters: Object.fromEntries(
      model.parameters
        .filter(({ trainable }) => trainable)
        .map(({ name, shape }) => [name, read(gradientName(name), shape)]),
    ),
    inputs: inputs.map(({ shape }, i) => read(inputGradientName(i), shape)),
    loss: objective ? executable.output('loss')[0] : undefined,
  };
}

/** The shape itself, or all its elements in a row. */
const fits = (given: Shape, shape: Shape): boolean =>
  sameShape(given, shape) || (given.length === 1 && given[0] === sizeOf(shape));

function outputGradients(model: Model, given: ModelValues, count: number): Float32Array[] {
  const shapes = model.outputShapes;
  const list = shapes.length === 1 ? [given as TensorLike] : (given as readonly TensorLike[]);
  if (list?.length !== shapes.length)
    throw new ShapeError(`model.gradients: expected ${shapes.length} output gradients, got ${String(list?.length)}`);
  return list.map((value, i) => {
    const { data, shape } = isTensor(value) ? value : tensor(value as TensorValues);
    if (!fits(shape, [count, ...shapes[i]!]))
      throw new ShapeError(
        `model.gradients: expected an output gradient ${formatShape([count, ...shapes[i]!])}, got ${formatShape(shape)}`,
      );
    return Float32Array.from(data);
  });
}

/**
 * One step of an optimizer with gradients by parameter name (those not named stay as they are).
 * @throws RangeError for an unknown parameter, NaN or infinity, ShapeError for another shape; then nothing is changed
 */
export function applyGradients(
  model: Model,
  given: Readonly<Record<string, TensorLike>>,
  optimizer: OptimizerLike | undefined,
): void {
  const resolved = resolveOptimizer(optimizer ?? model.trainer.optimizer ?? 'adam');
  if (isLbfgs(resolved))
    throw new NeuriteError('model.applyGradients: lbfgs needs the loss at other points too; use it with fit');
  const named = Object.entries(given).map(([name, value]) => {
    const info = model.parameters.find((parameter) => parameter.name === name);
    if (!info) throw new RangeError(`model.applyGradients: no parameter "${name}"`);
    if (!info.trainable) throw new RangeError(`model.applyGradients: "${name}" is not trainable`);
    const { data, shape } = isTensor(value) ? value : tensor(value as TensorValues);
    if (!fits(shape, info.shape))
      throw new ShapeError(
        `model.applyGradients: expected "${name}" ${formatShape(info.shape)}, got ${formatShape(shape)}`,
      );
    checkFinite({ data, shape }, `model.applyGradients: "${name}"`);
    return { info, data };
  });
  model.trainer.use(resolved);
  const key = `apply ${named.map(({ info }) => info.name).join()}`;
  const parameters = named.map(({ info }) => info);
  const program = model.programs.get(key, () => applyFunction(parameters, resolved));
  for (const { info, data } of named) program.executable.input(gradientName(info.name)).set(data);
  model.trainer.beginStep(model.trainer.learningRate());
  model.programs.run(program);
  model.programs.weightsChanged();
}
