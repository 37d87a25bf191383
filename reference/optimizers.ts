// The optimizers in plain float64, one element at a time, as PyTorch's documentation writes them.
// The oracle of the tests, written apart from src/optimizers: nothing is shared with what it judges.

/** The options of all optimizers; each reads its own. */
export interface ReferenceOptions {
  learningRate: number;
  momentum: number;
  nesterov: boolean;
  dampening: number;
  weightDecay: number;
  decoupledWeightDecay: boolean;
  beta1: number;
  beta2: number;
  rho: number;
  epsilon: number;
  amsgrad: boolean;
  centered: boolean;
  momentumDecay: number;
  legacyBiasCorrection: boolean;
  learningRateDecay: number;
  initialAccumulator: number;
}

/** What one element of a parameter carries from step to step. */
type Memory = Record<string, number>;

/** The new value of one element: p the old one, g its gradient, t the step from 1. */
type Rule = (p: number, g: number, t: number, memory: Memory, options: ReferenceOptions) => number;

/** Runs a rule over whole arrays, step after step; `gradients` are multiplied by `scale`. */
export class ReferenceOptimizer {
  readonly parameters: Float64Array;
  private readonly memories: Memory[];
  private readonly rule: Rule;
  private readonly options: ReferenceOptions;
  private step = 0;

  constructor(type: string, options: Partial<ReferenceOptions>, initial: ArrayLike<number>) {
    this.rule = rules[type]!;
    this.options = { ...defaults, ...options };
    this.parameters = Float64Array.from(initial);
    this.memories = Array.from(this.parameters, () => ({}));
  }

  update(gradients: ArrayLike<number>, scale = 1): void {
    this.step += 1;
    this.parameters.forEach((p, i) => {
      this.parameters[i] = this.rule(p, gradients[i]! * scale, this.step, this.memories[i]!, this.options);
    });
  }
}

const defaults: ReferenceOptions = {
  learningRate: 0.01,
  momentum: 0,
  nesterov: false,
  dampening: 0,
  weightDecay: 0,
  decoupledWeightDecay: false,
  beta1: 0.9,
  beta2: 0.999,
  rho: 0.9,
  epsilon: 1e-8,
  amsgrad: false,
  centered: false,
  momentumDecay: 4e-3,
  legacyBiasCorrection: true,
  learningRateDecay: 0,
  initialAccumulator: 0,
};

/** memory[name] ← beta · memory[name] + (1 − beta) · value */
function average(memory: Memory, name: string, beta: number, value: number): number {
  return (memory[name] = beta * (memory[name] ?? 0) + (1 - beta) * value);
}

const sgd: Rule = (p, gradient, t, memory, { learningRate, momentum, dampening, nesterov, weightDecay }) => {
  let g = gradient + weightDecay * p;
  if (momentum !== 0) {
    const buffer = t === 1 ? g : momentum * memory['buffer']! + (1 - dampening) * g;
    memory['buffer'] = buffer;
    g = nesterov ? g + momentum * buffer : buffer;
  }
  return p - learningRate * g;
};

const adam: Rule = (p, gradient, t, memory, options) => {
  const { learningRate, beta1, beta2, epsilon, weightDecay, amsgrad } = options;
  const g = gradient + weightDecay * p;
  const m = average(memory, 'm', beta1, g) / (1 - beta1 ** t);
  let v = average(memory, 'v', beta2, g * g);
  if (amsgrad) v = memory['maximum'] = Math.max(memory['maximum'] ?? 0, v);
  return p - (learningRate * m) / (Math.sqrt(v / (1 - beta2 ** t)) + epsilon);
};

const adamW: Rule = (p, g, t, memory, options) =>
  adam(p * (1 - options.learningRate * options.weightDecay), g, t, memory, { ...options, weightDecay: 0 });

const nadam: Rule = (p, gradient, t, memory, options) => {
  const { learningRate, beta1, beta2, epsilon, weightDecay, momentumDecay, decoupledWeightDecay } = options;
  const g = decoupledWeightDecay ? gradient : gradient + weightDecay * p;
  const decayed = decoupledWeightDecay ? p * (1 - learningRate * weightDecay) : p;
  const mu = beta1 * (1 - 0.5 * 0.96 ** (t * momentumDecay));
  const muNext = beta1 * (1 - 0.5 * 0.96 ** ((t + 1) * momentumDecay));
  const product = (memory['product'] = (memory['product'] ?? 1) * mu);
  const m = average(memory, 'm', beta1, g);
  const v = average(memory, 'v', beta2, g * g) / (1 - beta2 ** t);
  const productNext = product * muNext * (options.legacyBiasCorrection ? mu : 1);
  const mHat = (muNext * m) / (1 - productNext) + ((1 - mu) * g) / (1 - product);
  return decayed - (learningRate * mHat) / (Math.sqrt(v) + epsilon);
};

const radam: Rule = (p, gradient, t, memory, options) => {
  const { learningRate, beta1, beta2, epsilon, weightDecay, decoupledWeightDecay } = options;
  const g = decoupledWeightDecay ? gradient : gradient + weightDecay * p;
  const decayed = decoupledWeightDecay ? p * (1 - learningRate * weightDecay) : p;
  const m = average(memory, 'm', beta1, g) / (1 - beta1 ** t);
  const v = average(memory, 'v', beta2, g * g);
  const limit = 2 / (1 - beta2) - 1;
  const length = limit - (2 * t * beta2 ** t) / (1 - beta2 ** t);
  if (length <= 5) return decayed - learningRate * m;
  const r = Math.sqrt(((length - 4) * (length - 2) * limit) / ((limit - 4) * (limit - 2) * length));
  return decayed - (learningRate * m * r * Math.sqrt(1 - beta2 ** t)) / (Math.sqrt(v) + epsilon);
};

const adamax: Rule = (p, gradient, t, memory, { learningRate, beta1, beta2, epsilon, weightDecay }) => {
  const g = gradient + weightDecay * p;
  const m = average(memory, 'm', beta1, g);
  const u = (memory['u'] = Math.max(beta2 * (memory['u'] ?? 0), Math.abs(g) + epsilon));
  return p - (learningRate * m) / ((1 - beta1 ** t) * u);
};

const rmsprop: Rule = (p, gradient, _, memory, options) => {
  const { learningRate, rho, epsilon, momentum, centered, weightDecay } = options;
  const g = gradient + weightDecay * p;
  let v = average(memory, 'v', rho, g * g);
  if (centered) v -= average(memory, 'mean', rho, g) ** 2;
  const step = g / (Math.sqrt(v) + epsilon);
  if (momentum === 0) return p - learningRate * step;
  memory['buffer'] = momentum * (memory['buffer'] ?? 0) + step;
  return p - learningRate * memory['buffer'];
};

const adagrad: Rule = (p, gradient, t, memory, options) => {
  const { learningRate, learningRateDecay, initialAccumulator, epsilon, weightDecay } = options;
  const g = gradient + weightDecay * p;
  const sum = (memory['sum'] = (memory['sum'] ?? initialAccumulator) + g * g);
  return p - ((learningRate / (1 + (t - 1) * learningRateDecay)) * g) / (Math.sqrt(sum) + epsilon);
};

const adadelta: Rule = (p, gradient, _, memory, { learningRate, rho, epsilon, weightDecay }) => {
  const g = gradient + weightDecay * p;
  const v = average(memory, 'v', rho, g * g);
  const step = (Math.sqrt((memory['u'] ?? 0) + epsilon) / Math.sqrt(v + epsilon)) * g;
  average(memory, 'u', rho, step * step);
  return p - learningRate * step;
};

const lion: Rule = (p, g, _, memory, { learningRate, beta1, beta2, weightDecay }) => {
  const direction = Math.sign(beta1 * (memory['m'] ?? 0) + (1 - beta1) * g);
  average(memory, 'm', beta2, g);
  return p * (1 - learningRate * weightDecay) - learningRate * direction;
};

const rules: Readonly<Record<string, Rule>> = {
  sgd,
  adam,
  adamW,
  nadam,
  radam,
  adamax,
  rmsprop,
  adagrad,
  adadelta,
  lion,
};
