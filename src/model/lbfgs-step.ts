// One step of L-BFGS as fit takes it: directions and line searches on one batch, each trial one call that gives the loss
// and its gradient. The parameters move on the host; what it remembers lies in storage and is saved with the model.
import type { GraphFunction } from '../graph/graph.ts';
import { dot, largest, quasiNewtonDirection, type LbfgsOptimizer } from '../optimizers/lbfgs.ts';
import { strongWolfe, type Trial } from '../optimizers/line-search.ts';
import { sizeOf } from '../graph/graph.ts';
import { addTraining, type Objective } from './functions.ts';
import { TrainingStep } from './step.ts';
import type { Topology } from './topology.ts';
import { gradientName, vectorName } from './updates.ts';

/** Forward, loss, guard and backward, with the gradients as results. */
export const lossAndGradientFunction = (topology: Topology, batch: number, objective: Objective): GraphFunction =>
  addTraining(topology, batch, objective, {
    effects: () => [],
    outputs: (pairs) => Object.fromEntries(pairs.map(({ info, gradient }) => [gradientName(info.name), gradient])),
  });

type Point = Trial<Float32Array>;

/** A change of the gradient along a step below this says nothing of the curvature. */
const leastCurvature = 1e-10;

export class LbfgsStep extends TrainingStep {
  /** As `TrainingStep`; the loss and the predictions afterwards are those of the point that was reached. */
  override run(order: ArrayLike<number> | null, start: number, count: number, learningRate: number): boolean {
    this.copyBatch(order, start, count);
    this.beginStep(learningRate);
    const from = this.parameters();
    const first = this.evaluate(from);
    if (!Number.isFinite(first.loss)) {
      this.model.trainer.step--;
      return false;
    }
    const reached = this.descend(from, first, learningRate);
    // The last trial need not be the one that was accepted: the program's results are to be of that.
    this.evaluate(reached);
    return true;
  }

  /** Goes down from a point until nothing improves or a limit is met; returns the parameters there. */
  private descend(from: Float32Array, first: Point, learningRate: number): Float32Array {
    const { trainer } = this.model;
    const { maxIterations, maxEvaluations, toleranceGradient, toleranceChange } = (trainer.optimizer as LbfgsOptimizer)
      .lineSearch;
    const { state } = trainer.carried[0]!;
    const direction = this.vector('direction');
    const before = this.vector('gradient');
    let [point, at, evaluations] = [from, first, 1];
    for (let i = 0; i < maxIterations && largest(at.gradient) > toleranceGradient; i++) {
      this.turn(at.gradient);
      before.set(at.gradient);
      const isFirst = state['iterations'] === 0;
      state['iterations']! += 1;
      const slope = dot(at.gradient, direction);
      if (slope > -toleranceChange) break;
      const norm = at.gradient.reduce((sum, value) => sum + Math.abs(value), 0);
      const origin = { ...at, t: 0, slope };
      const [base, along] = [point, direction.slice()];
      const next = strongWolfe(
        origin,
        isFirst ? Math.min(1, 1 / norm) * learningRate : learningRate,
        (t) => {
          evaluations++;
          const trial = this.evaluate(moved(base, along, t));
          return { ...trial, t, slope: dot(trial.gradient, along) };
        },
        { trials: 25, tolerance: toleranceChange, size: largest(along) },
      );
      state['length'] = next.t;
      point = moved(base, along, next.t);
      const improvement = Math.abs(next.loss - at.loss);
      at = next;
      if (evaluations >= maxEvaluations || improvement < toleranceChange || largest(along, next.t) <= toleranceChange)
        break;
    }
    return point;
  }

  /** Remembers what the last step showed of the curvature, and writes the next direction. */
  private turn(gradient: Float32Array): void {
    const { state } = this.model.trainer.carried[0]!;
    const direction = this.vector('direction');
    const [steps, changes] = [this.vector('steps'), this.vector('changes')];
    const n = gradient.length;
    if (state['iterations']! > 0) {
      const before = this.vector('gradient');
      const change = gradient.map((value, i) => value - before[i]!);
      const step = direction.map((value) => value * state['length']!);
      const curvature = dot(change, step);
      if (curvature > leastCurvature) {
        if (state['kept']! * n === steps.length) {
          for (const list of [steps, changes]) list.copyWithin(0, n);
          state['kept']! -= 1;
        }
        steps.set(step, state['kept']! * n);
        changes.set(change, state['kept']! * n);
        state['kept']! += 1;
        state['scale'] = curvature / dot(change, change);
      }
    }
    const kept = (list: Float32Array) =>
      Array.from({ length: state['kept']! }, (_, i) => list.subarray(i * n, (i + 1) * n));
    quasiNewtonDirection(direction, gradient, kept(steps), kept(changes), state['scale']!);
  }

  /** The loss and its gradient at a point; a loss of infinity where it is not finite. */
  private evaluate(parameters: Float32Array): Point {
    const { programs, storage } = this.model;
    this.eachParameter((name, from, to) => storage.floats(name).set(parameters.subarray(from, to)));
    programs.weightsChanged();
    const gradient = new Float32Array(parameters.length);
    if (!programs.run(this.program)) return { t: 0, loss: Infinity, slope: 0, gradient };
    const { executable } = this.program;
    this.eachParameter((name, from) => {
      // What the loss does not depend on has a gradient of 0.
      if (executable.compiled.outputs.has(gradientName(name)))
        gradient.set(executable.output(gradientName(name)), from);
    });
    return { t: 0, loss: this.loss, slope: 0, gradient };
  }

  private parameters(): Float32Array {
    const { storage } = this.model;
    const all = new Float32Array(this.vector('gradient').length);
    this.eachParameter((name, from) => all.set(storage.floats(name), from));
    return all;
  }

  private eachParameter(visit: (name: string, from: number, to: number) => void): void {
    let from = 0;
    for (const { name, shape, trainable } of this.model.parameters) {
      if (!trainable) continue;
      const to = from + sizeOf(shape);
      visit(name, from, to);
      from = to;
    }
  }

  private vector(name: string): Float32Array {
    return this.model.storage.floats(vectorName(name));
  }
}

const moved = (base: Float32Array, along: Float32Array, t: number): Float32Array =>
  base.map((value, i) => value + t * along[i]!);
