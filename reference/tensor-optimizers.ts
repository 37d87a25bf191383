// The optimizers whose step looks at a parameter as a whole, in plain float64, as their papers and PyTorch write them.
// The oracle of the tests, written apart from src/optimizers. Parameters are [rows][columns]; a vector is one row.

export type Matrix = number[][];

const map = (f: (...values: number[]) => number, ...matrices: Matrix[]): Matrix =>
  matrices[0]!.map((row, i) => row.map((_, j) => f(...matrices.map((matrix) => matrix[i]![j]!))));
const norm = (x: Matrix) => Math.sqrt(x.flat().reduce((sum, value) => sum + value * value, 0));
const rms = (x: Matrix) => norm(x) / Math.sqrt(x.flat().length);
const transpose = (x: Matrix): Matrix => x[0]!.map((_, j) => x.map((row) => row[j]!));
const product = (x: Matrix, y: Matrix): Matrix =>
  x.map((row) => y[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * y[k]![j]!, 0)));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const like = (x: Matrix): Matrix => map(() => 0, x);

/** A parameter that is stepped; `isVector` where it has one axis. */
export interface TensorOptimizer {
  readonly parameter: Matrix;
  update(gradient: Matrix): void;
}

export interface LambReference {
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  weightDecay: number;
}

/** You et al. 2019, algorithm 2. */
export class Lamb implements TensorOptimizer {
  parameter: Matrix;
  private m: Matrix;
  private v: Matrix;
  private step = 0;
  private readonly options: LambReference;

  constructor(options: LambReference, parameter: Matrix) {
    this.options = options;
    this.parameter = parameter;
    this.m = like(parameter);
    this.v = like(parameter);
  }

  update(gradient: Matrix): void {
    const { learningRate, beta1, beta2, epsilon, weightDecay } = this.options;
    this.step++;
    this.m = map((m, g) => beta1 * m + (1 - beta1) * g, this.m, gradient);
    this.v = map((v, g) => beta2 * v + (1 - beta2) * g * g, this.v, gradient);
    const direction = map(
      (m, v, p) => m / (1 - beta1 ** this.step) / (Math.sqrt(v / (1 - beta2 ** this.step)) + epsilon) + weightDecay * p,
      this.m,
      this.v,
      this.parameter,
    );
    const [above, below] = [norm(this.parameter), norm(direction)];
    const trust = above > 0 && below > 0 ? above / below : 1;
    this.parameter = map((p, r) => p - learningRate * trust * r, this.parameter, direction);
  }
}

export interface AdafactorReference {
  learningRate: number;
  beta2Decay: number;
  epsilon1: number;
  epsilon2: number;
  clipThreshold: number;
  weightDecay: number;
}

/** torch.optim.Adafactor's single-tensor step. */
export class Adafactor implements TensorOptimizer {
  parameter: Matrix;
  private rows: number[];
  private columns: number[];
  private squares: Matrix;
  private step = 0;
  private readonly isVector: boolean;
  private readonly options: AdafactorReference;

  constructor(options: AdafactorReference, parameter: Matrix, isVector: boolean) {
    this.options = options;
    this.isVector = isVector;
    this.parameter = parameter;
    this.rows = parameter.map(() => 0);
    this.columns = parameter[0]!.map(() => 0);
    this.squares = like(parameter);
  }

  update(gradient: Matrix): void {
    const { learningRate, beta2Decay, epsilon1, epsilon2, clipThreshold, weightDecay } = this.options;
    this.step++;
    const share = this.step ** beta2Decay;
    const length = Math.max(epsilon2, rms(this.parameter)) * Math.min(learningRate, 1 / Math.sqrt(this.step));
    const square = map((g) => g * g, gradient);
    const lerp = (from: number, to: number) => from + share * (to - from);
    let estimate: Matrix;
    if (this.isVector) {
      this.squares = map(lerp, this.squares, square);
      estimate = this.squares;
    } else {
      this.rows = this.rows.map((row, i) => lerp(row, mean(square[i]!)));
      const across = transpose(square);
      this.columns = this.columns.map((column, j) => lerp(column, mean(across[j]!)));
      const middle = Math.max(mean(this.rows), epsilon1);
      estimate = map(() => 0, square).map((row, i) => row.map((_, j) => (this.rows[i]! * this.columns[j]!) / middle));
    }
    const step = map((g, v) => g / Math.sqrt(Math.max(v, epsilon1 ** 2)), gradient, estimate);
    const damping = Math.max(1, rms(step) / clipThreshold);
    const decay = 1 - learningRate * weightDecay;
    this.parameter = map((p, u) => p * decay - (length / damping) * u, this.parameter, step);
  }
}

export interface MuonReference {
  learningRate: number;
  momentum: number;
  nesterov: boolean;
  weightDecay: number;
  steps: number;
  epsilon: number;
  adjust: 'original' | 'matchAdamW';
}

/** torch.optim.Muon in float64, without its detour over bfloat16; `parameter` is [inputs][outputs]. */
export class Muon implements TensorOptimizer {
  parameter: Matrix;
  private buffer: Matrix;
  private readonly options: MuonReference;

  constructor(options: MuonReference, parameter: Matrix) {
    this.options = options;
    this.parameter = parameter;
    this.buffer = like(parameter);
  }

  update(gradient: Matrix): void {
    const { learningRate, momentum, nesterov, weightDecay, adjust } = this.options;
    const lerp = (from: number, to: number) => momentum * from + (1 - momentum) * to;
    this.buffer = map(lerp, this.buffer, gradient);
    const direction = nesterov ? map((g, b) => momentum * b + (1 - momentum) * g, gradient, this.buffer) : this.buffer;
    const [inputs, outputs] = [this.parameter.length, this.parameter[0]!.length];
    const ratio =
      adjust === 'original' ? Math.sqrt(Math.max(1, outputs / inputs)) : 0.2 * Math.sqrt(Math.max(inputs, outputs));
    const matrix = this.orthogonalize(direction);
    this.parameter = map(
      (p, o) => p * (1 - learningRate * weightDecay) - learningRate * ratio * o,
      this.parameter,
      matrix,
    );
  }

  private orthogonalize(x: Matrix): Matrix {
    // PyTorch's matrices are [outputs][inputs].
    let result = transpose(x);
    const tall = result.length > result[0]!.length;
    if (tall) result = transpose(result);
    const scale = Math.max(norm(result), this.options.epsilon);
    result = map((value) => value / scale, result);
    for (let step = 0; step < this.options.steps; step++) {
      const gram = product(result, transpose(result));
      const mixed = map((a, b) => -4.775 * a + 2.0315 * b, gram, product(gram, gram));
      result = map((a, b) => 3.4445 * a + b, result, product(mixed, result));
    }
    return transpose(tall ? transpose(result) : result);
  }
}
