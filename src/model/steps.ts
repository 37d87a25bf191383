// The kind of step that a call of fit takes: one batch, several that are added up, or a search along directions.
import type { Loss } from '../losses/loss.ts';
import { isLbfgs } from '../optimizers/lbfgs.ts';
import type { Optimizer } from '../optimizers/optimizer.ts';
import type { GraphFunction } from '../graph/graph.ts';
import { accumulatedName, accumulateFunction, applyAccumulatedFunction, sharesName } from './accumulate.ts';
import { AccumulatingStep } from './accumulating-step.ts';
import type { ResolvedData } from './data.ts';
import { trainFunction, type Objective } from './functions.ts';
import { programIdentity } from './program-identity.ts';
import { LbfgsStep, lossAndGradientFunction } from './lbfgs-step.ts';
import type { Model } from './model.ts';
import type { Program } from './programs.ts';
import { TrainingStep } from './step.ts';

/** What a step needs of the call of fit that it belongs to. */
export interface StepRun {
  readonly model: Model;
  readonly data: ResolvedData;
  readonly objective: Objective;
  readonly key: string;
  readonly optimizer: Optimizer;
  readonly batchSize: number;
  readonly accumulate: number;
  /** By the size of the batch. */
  readonly programs: Map<number, TrainingStep>;
}

/** The step of a batch of this size: one for the whole batches, one for a last short one. */
export function makeStep(run: StepRun, count: number): TrainingStep {
  const step = run.accumulate > 1 ? accumulatingStep(run, count) : plainStep(run, count);
  run.programs.set(count, step);
  return step;
}

function plainStep(run: StepRun, count: number): TrainingStep {
  const { model, objective, optimizer, key, data } = run;
  const { topology } = model;
  const name = `${count} ${key} ${optimizer.type} ${JSON.stringify(optimizer.config)}`;
  if (isLbfgs(optimizer)) {
    const make = () => lossAndGradientFunction(topology, count, objective);
    return new LbfgsStep(model, pinned(model, `train gradients ${name}`, make, objective.losses), data);
  }
  const make = () => trainFunction(topology, count, objective, optimizer);
  return new TrainingStep(model, pinned(model, `train ${name}`, make, objective.losses, optimizer), data);
}

function accumulatingStep(run: StepRun, count: number): TrainingStep {
  const { model, objective, optimizer, key, data, batchSize, accumulate } = run;
  const { storage, topology } = model;
  const trained = model.parameters.filter(({ trainable }) => trainable);
  storage.define(sharesName, [objective.losses.length + 1]);
  for (const { name, shape } of trained) storage.define(accumulatedName(name), shape);
  const name = `train accumulate ${count} ${key}`;
  const program = pinned(model, name, () => accumulateFunction(topology, count, objective), objective.losses);
  const applyName = `train apply ${optimizer.type} ${JSON.stringify(optimizer.config)}`;
  const apply = pinned(model, applyName, () => applyAccumulatedFunction(trained, optimizer), [], optimizer);
  return new AccumulatingStep(model, program, data, { every: accumulate, batchSize, objective, apply });
}

/** A program that stays while fit runs. */
function pinned(
  model: Model,
  name: string,
  make: () => GraphFunction,
  losses: readonly Loss[],
  optimizer?: Optimizer,
): Program {
  const program = model.programs.get(name, make, { shared: programIdentity(name, losses, optimizer) });
  model.programs.pin(program);
  return program;
}
