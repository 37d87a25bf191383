// Averages of the weights over training: exponential (EMA) after each step, or stochastic (SWA) after some of the epochs.
// The average lies beside the weights; exchanged with them it is what the model predicts with.
// Sources: Polyak, Juditsky 1992 (EMA); Izmailov et al. 2018 (SWA).
import { NeuriteError } from '../core/errors.ts';
import { UpdateKind } from '../core/generated/instructions.ts';
import { Graph, type GraphFunction } from '../graph/graph.ts';
import { scalar, storage, update } from '../graph/operations/index.ts';
import type { ResolvedData } from './data.ts';
import type { Model } from './model.ts';
import type { Program } from './programs.ts';
import { isStatistic, refreshStatistics } from './statistics.ts';
import { volatileStorage } from './trace.ts';
import { slotName, type ParameterShape } from './updates.ts';

/** How weights are averaged. Epochs count from 0, over all calls of fit. */
export type AverageSpec =
  | { readonly type: 'ema'; readonly decay: number }
  | { readonly type: 'swa'; readonly start: number; readonly every: number };

export interface AverageState {
  readonly spec: AverageSpec;
  /** How many weights are in the average. */
  count: number;
  /** Whether the average is where the weights are, and they where the average is. */
  applied: boolean;
}

const shareName = 'optimizer.averageShare';
export const averageName = (parameter: string): string => slotName('average', parameter);

/** average ← decay · average + (1 − decay) · weights, as a step of plain descent. */
function averageFunction(parameters: readonly ParameterShape[]): GraphFunction {
  const graph = new Graph();
  const share = volatileStorage(graph, shareName, [3], 'f32');
  const effects = parameters.map(({ name, shape }) => {
    const average = volatileStorage(graph, averageName(name), shape, 'f32');
    return update(graph, UpdateKind.Sgd, average, storage(graph, name, shape), share, scalar(graph, 1), []);
  });
  return { nodes: graph.nodes, outputs: {}, effects };
}

/** The average of a model's weights while it is trained. */
export class WeightAverage {
  readonly state: AverageState;
  private readonly model: Model;
  private readonly program: Program;
  /** Whether the average has changed since its running statistics were computed. */
  private stale = false;

  constructor(model: Model, state: AverageState) {
    this.model = model;
    this.state = state;
    defineAverage(model);
    model.storage.define(shareName, [3]);
    this.program = model.programs.get('average', () => averageFunction(averagedValues(model)));
    model.programs.pin(this.program);
  }

  afterBatch(): void {
    if (this.state.spec.type === 'ema') this.add();
  }

  /** @param epoch the number of the epoch that ended */
  afterEpoch(epoch: number): void {
    const { spec } = this.state;
    if (spec.type === 'swa' && epoch >= spec.start && (epoch - spec.start) % spec.every === 0) this.add();
  }

  /**
   * Computes the running statistics anew, once the averages are what the model has: after the epochs that SWA takes, and
   * of an exponential average, whose statistics are averaged step by step, in the end.
   */
  refresh(data: ResolvedData, batchSize: number, isLast: boolean): void {
    const { spec, applied } = this.state;
    if (!applied || !this.stale || (spec.type === 'ema' && !isLast)) return;
    refreshStatistics(this.model, data, batchSize);
    this.stale = false;
  }

  release(): void {
    this.model.programs.unpin(this.program);
  }

  private add(): void {
    const { state, model } = this;
    const { spec, count } = state;
    // The first weights are the average by themselves.
    const decay = count === 0 ? 0 : spec.type === 'ema' ? spec.decay : count / (count + 1);
    model.storage.floats(shareName).set([decay - 1, 0, decay]);
    model.programs.run(this.program);
    state.count++;
    this.stale = true;
  }
}

/** What is averaged: the parameters that are trained, and running statistics. */
export const averagedValues = ({ parameters, states }: Model): readonly ParameterShape[] => [
  ...parameters.filter(({ trainable }) => trainable),
  ...states.filter(isStatistic),
];

/** Reserves the memory of the averages. */
export function defineAverage(model: Model): void {
  for (const { name, shape } of averagedValues(model)) model.storage.define(averageName(name), shape);
}

/** Exchanges weights and averages. @throws NeuriteError where nothing has been averaged */
export function exchangeAverage(model: Model): void {
  const { average } = model.trainer;
  if (!average?.count)
    throw new NeuriteError('model.swapWeights: no weights have been averaged; see the options ema and swa of fit');
  for (const { name } of averagedValues(model)) {
    const [weights, averages] = [model.storage.floats(name), model.storage.floats(averageName(name))];
    const kept = weights.slice();
    weights.set(averages);
    averages.set(kept);
  }
  average.applied = !average.applied;
  model.programs.weightsChanged();
}

export interface AverageOptions {
  readonly ema?: number | undefined;
  readonly swa?: { readonly start?: number; readonly every?: number } | undefined;
}

/** @throws RangeError or TypeError for what is no decay or no epochs, or for both */
export function resolveAverage({ ema, swa }: AverageOptions): AverageSpec | null {
  if (ema !== undefined && swa !== undefined) throw new RangeError('model.fit: ema and swa exclude each other');
  if (ema !== undefined) {
    if (!(typeof ema === 'number' && ema > 0 && ema < 1))
      throw new RangeError(`model.fit: expected ema, a decay between 0 and 1, got ${String(ema)}`);
    return { type: 'ema', decay: ema };
  }
  if (swa === undefined) return null;
  if (typeof swa !== 'object' || swa === null)
    throw new TypeError(`model.fit: expected swa { start, every }, got ${String(swa)}`);
  const { start = 0, every = 1 } = swa;
  if (!Number.isSafeInteger(start) || start < 0)
    throw new RangeError(`model.fit: expected swa.start, an epoch from 0 on, got ${String(start)}`);
  if (!Number.isSafeInteger(every) || every < 1)
    throw new RangeError(`model.fit: expected swa.every, epochs of at least 1, got ${String(every)}`);
  return { type: 'swa', start, every };
}
