// Callbacks: what fit tells while it trains, and the ready-made ones.
import type { Tensor } from '../data/tensor.ts';
import { fileAccess } from './files.ts';
import type { Model } from './model.ts';

/** The numbers of an epoch: `loss`, metrics, and with validation `valLoss` and `val<Metric>`. */
export type Logs = Readonly<Record<string, number>>;

export interface CallbackContext {
  readonly model: Model;
  /** Of this call of fit, from 0. */
  readonly epoch: number;
  readonly epochs: number;
  /** Ends the training after this epoch (or batch), with a reason for the history. */
  stop(reason: string): void;
  /** The learning rate of the next steps; setting it overrides the optimizer's. */
  learningRate: number;
}

/** Any of these may be asynchronous; fit waits. */
export interface Callback {
  onTrainBegin?(context: CallbackContext): void | Promise<void>;
  onEpochBegin?(context: CallbackContext): void | Promise<void>;
  onBatchEnd?(context: CallbackContext, logs: Logs & { batch: number }): void | Promise<void>;
  onEpochEnd?(context: CallbackContext, logs: Logs): void | Promise<void>;
  onTrainEnd?(context: CallbackContext): void | Promise<void>;
}

export interface MonitorOptions {
  /** The number that is watched: `valLoss` by default where there is validation, else `loss`. */
  readonly monitor?: string;
  /** Whether smaller or larger is better; by default smaller for losses and errors, larger for the rest. */
  readonly better?: 'smaller' | 'larger';
  /** A change smaller than this is none. */
  readonly minimumDelta?: number;
}

/** Remembers the best value of what it watches. */
function monitor({ monitor: name, better, minimumDelta = 0 }: MonitorOptions, what: string) {
  if (!(Number.isFinite(minimumDelta) && minimumDelta >= 0))
    throw new RangeError(`${what}: expected minimumDelta of at least 0, got ${String(minimumDelta)}`);
  if (better !== undefined && better !== 'smaller' && better !== 'larger')
    throw new RangeError(`${what}: expected better "smaller" or "larger", got ${String(better)}`);
  let best: number | undefined;
  return {
    reset: () => (best = undefined),
    /** Whether this epoch is the best so far; NaN never is. */
    improves(logs: Logs): boolean {
      const watched = name ?? ('valLoss' in logs ? 'valLoss' : 'loss');
      const value = logs[watched];
      if (value === undefined)
        throw new RangeError(
          `${what}: there is no "${watched}" to monitor; there are: ${Object.keys(logs).join(', ')}`,
        );
      const smaller = (better ?? (/loss$|^(val)?(mse|mae)\d*$/i.test(watched) ? 'smaller' : 'larger')) === 'smaller';
      if (Number.isNaN(value)) return false;
      const isBetter = best === undefined || (smaller ? value < best - minimumDelta : value > best + minimumDelta);
      if (isBetter) best = value;
      return isBetter;
    },
  };
}

export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without an improvement that are borne; 5 by default. */
  readonly patience?: number;
  /** Whether the weights of the best epoch are brought back at the end; true by default. */
  readonly restoreBestWeights?: boolean;
}

/** Stops when what it watches has not improved for `patience` epochs. */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  const { patience = 5, restoreBestWeights = true } = options;
  if (!Number.isInteger(patience) || patience < 0)
    throw new RangeError(`earlyStopping: expected patience of at least 0, got ${String(patience)}`);
  const watched = monitor(options, 'earlyStopping');
  let waited = 0;
  let best: Record<string, Tensor> | null = null;
  return {
    onTrainBegin() {
      watched.reset();
      waited = 0;
      best = null;
    },
    onEpochEnd(context, logs) {
      if (watched.improves(logs)) {
        waited = 0;
        if (restoreBestWeights) best = context.model.getWeights();
      } else if (++waited >= Math.max(1, patience)) context.stop(`early stopping after epoch ${context.epoch + 1}`);
    },
    onTrainEnd({ model }) {
      if (best) model.setWeights(best);
    },
  };
}

export interface CheckpointOptions extends MonitorOptions {
  /** Only when what is watched improved; true by default. */
  readonly bestOnly?: boolean;
  /** Whether the optimizer's state is saved too, to resume from; true by default. */
  readonly optimizer?: boolean;
}

/** Saves the model at the end of an epoch. `{epoch}` in the path becomes its number. Needs a file system. */
export function checkpoint(path: string, options: CheckpointOptions = {}): Callback {
  if (typeof path !== 'string' || path === '') throw new TypeError(`checkpoint: expected a path, got ${typeof path}`);
  const { bestOnly = true, optimizer = true } = options;
  const watched = monitor(options, 'checkpoint');
  return {
    onTrainBegin() {
      fileAccess('checkpoint');
      watched.reset();
    },
    async onEpochEnd({ model, epoch }, logs) {
      const improved = watched.improves(logs);
      if (improved || !bestOnly) await model.save(path.replaceAll('{epoch}', String(epoch + 1)), { optimizer });
    },
  };
}

/** Sets the learning rate of each epoch by a function of its number (from 0) and the rate so far. */
export const learningRateScheduler = (rate: (epoch: number, current: number) => number): Callback => ({
  onEpochBegin(context) {
    const next = rate(context.epoch, context.learningRate);
    if (!(Number.isFinite(next) && next >= 0))
      throw new RangeError(`learningRateScheduler: expected a learning rate, got ${String(next)}`);
    context.learningRate = next;
  },
});

/** Writes a line of CSV for each epoch: to a file (on Node), or to a function that takes the text. */
export function csvLog(target: string | ((text: string) => void | Promise<void>)): Callback {
  const write = async (text: string) =>
    typeof target === 'string' ? fileAccess('csvLog').append(target, text) : target(text);
  let columns: string[] | null = null;
  return {
    onTrainBegin() {
      if (typeof target === 'string') fileAccess('csvLog');
      columns = null;
    },
    async onEpochEnd({ epoch }, logs) {
      if (!columns) {
        columns = Object.keys(logs);
        await write(`${['epoch', ...columns].join(',')}\n`);
      }
      await write(`${[epoch + 1, ...columns.map((name) => logs[name])].join(',')}\n`);
    },
  };
}

/** A callback from functions alone. */
export const lambdaCallback = (callback: Callback): Callback => ({ ...callback });
