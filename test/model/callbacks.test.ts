import { describe, expect, test } from 'vitest';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as neurite from '../../src/node/index.ts';
import {
  checkpoint,
  csvLog,
  dense,
  earlyStopping,
  exponentialDecay,
  lambdaCallback,
  learningRateScheduler,
  loadModel,
  onPlateau,
  sequential,
  sgd,
  stepDecay,
  type Callback,
  type FitOptions,
  type Logs,
  type Model,
} from '../../src/index.ts';
import { bitsOf, randomTensor } from '../helpers/model.ts';
import { temporaryFolder } from '../helpers/folder.ts';

const data = { inputs: randomTensor([12, 2], 1), targets: randomTensor([12, 1], 2) };
const make = (): Promise<Model> => sequential([dense(1)], { inputShape: [2], seed: 1 });
const options = (callbacks: Callback[], rest: FitOptions = {}): FitOptions => ({
  loss: 'mse',
  optimizer: sgd({ learningRate: 0.1 }),
  batchSize: 4,
  callbacks,
  ...rest,
});

/** A callback that shows others a number of our choice for each epoch, by writing to the logs before them. */
const pretend = (name: string, values: number[]): Callback => ({
  onEpochEnd: ({ epoch }, logs) => void Object.assign(logs, { [name]: values[epoch] }),
});

/** The learning rate of each step. */
async function ratesOf(rest: FitOptions, callbacks: Callback[] = []): Promise<number[]> {
  const rates: number[] = [];
  const record: Callback = { onBatchEnd: ({ learningRate }) => void rates.push(learningRate) };
  await (await make()).fit(data, options([...callbacks, record], rest));
  return rates;
}

describe('callbacks', () => {
  test('are called in their order, and waited for', async () => {
    const seen: string[] = [];
    const trace = (name: string): Callback => {
      const note = (event: string) => async () => {
        await Promise.resolve();
        seen.push(`${name} ${event}`);
      };
      return {
        onTrainBegin: note('train begins'),
        onEpochBegin: note('epoch begins'),
        onBatchEnd: note('batch'),
        onEpochEnd: note('epoch ends'),
        onTrainEnd: note('train ends'),
      };
    };
    await (await make()).fit(data, options([trace('a'), trace('b')], { batchSize: 6 }));
    const events = ['train begins', 'epoch begins', 'batch', 'batch', 'epoch ends', 'train ends'];
    expect(seen).toEqual(events.flatMap((event) => [`a ${event}`, `b ${event}`]));
  });

  test('see the epoch, the batch and the numbers that the history has', async () => {
    const model = await make();
    const logs: Logs[] = [];
    const batches: unknown[] = [];
    const callback = lambdaCallback({
      onTrainBegin: (context) => expect([context.model, context.epochs, context.learningRate]).toEqual([model, 2, 0.1]),
      onBatchEnd: ({ epoch }, { batch }) => void batches.push([epoch, batch]),
      onEpochEnd: (_, numbers) => void logs.push(numbers),
    });
    const { history } = await model.fit(data, options([callback], { epochs: 2, metrics: ['mae'] }));
    expect(batches).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
    expect(logs.map(({ loss }) => loss)).toEqual(history['loss']);
    expect(logs.map(({ mae }) => mae)).toEqual(history['mae']);
  });

  test('an error of one ends the training, and the model stays usable', async () => {
    const model = await make();
    const fail: Callback = {
      onBatchEnd() {
        throw new Error('mine');
      },
    };
    await expect(model.fit(data, options([fail]))).rejects.toThrow('mine');
    model.predict([1, 2]);
    await model.fit(data, options([]));
  });

  test('stop ends the training after the epoch', async () => {
    const stop: Callback = { onEpochEnd: (context) => context.epoch === 1 && context.stop('enough') } as Callback;
    const result = await (await make()).fit(data, options([stop], { epochs: 10 }));
    expect([result.epochs, result.stopped, result.history['loss']!.length]).toEqual([2, 'enough', 2]);
  });

  test('stop in a batch ends the epoch there, its loss is the mean so far', async () => {
    const losses: number[] = [];
    const stop: Callback = {
      onBatchEnd(context, { batch, loss }) {
        losses.push(loss!);
        if (batch === 1) context.stop('now');
      },
    };
    const { history } = await (await make()).fit(data, options([stop], { epochs: 10 }));
    expect(losses).toHaveLength(2);
    expect(history['loss']).toEqual([(losses[0]! + losses[1]!) / 2]);
  });

  test('stop before an epoch trains none', async () => {
    const model = await make();
    const before = bitsOf(model);
    const result = await model.fit(data, options([{ onEpochBegin: (context) => context.stop('no') }]));
    expect([result.epochs, result.history]).toEqual([0, {}]);
    expect(bitsOf(model)).toEqual(before);
  });
});

describe('earlyStopping', () => {
  const stopping = async (values: number[], given: Parameters<typeof earlyStopping>[0] = {}, name = 'loss') => {
    const model = await make();
    const weights: object[] = [];
    const record: Callback = { onEpochEnd: ({ model: inside }) => void weights.push(bitsOf(inside)) };
    const callbacks = [record, pretend(name, values), earlyStopping({ monitor: name, patience: 2, ...given })];
    const result = await model.fit(data, options(callbacks, { epochs: values.length }));
    return { ...result, best: weights.findIndex((bits) => JSON.stringify(bits) === JSON.stringify(bitsOf(model))) };
  };

  test('stops after its patience and brings the best weights back', async () => {
    const { epochs, stopped, best } = await stopping([5, 3, 4, 3.5, 1, 1]);
    expect([epochs, stopped, best]).toEqual([4, 'early stopping after epoch 4', 1]);
  });

  test('an improvement begins the wait anew', async () => {
    expect(await stopping([5, 3, 4, 2, 3, 3, 1])).toMatchObject({ epochs: 6, best: 3 });
  });

  test('brings the best weights back where it never stopped', async () => {
    expect(await stopping([5, 1, 4])).toMatchObject({ epochs: 3, stopped: undefined, best: 1 });
  });

  test('may leave the last weights', async () => {
    expect(await stopping([5, 3, 4, 4, 4], { restoreBestWeights: false })).toMatchObject({ epochs: 4, best: 3 });
  });

  test('larger is better for accuracies, smaller for losses and errors', async () => {
    expect(await stopping([1, 2, 1, 1], {}, 'accuracy')).toMatchObject({ best: 1 });
    expect(await stopping([2, 1, 2, 2], {}, 'valMae')).toMatchObject({ best: 1 });
    expect(await stopping([2, 1, 2, 2], {}, 'mse0')).toMatchObject({ best: 1 });
    expect(await stopping([1, 2, 1, 1], { better: 'larger' })).toMatchObject({ best: 1 });
  });

  test('a change below the minimum is none', async () => {
    expect(await stopping([5, 4.9, 4.8, 4.7], { minimumDelta: 0.5 })).toMatchObject({ epochs: 3, best: 0 });
  });

  test('NaN is never the best', async () => {
    expect(await stopping([Number.NaN, 3, 4, 4])).toMatchObject({ best: 1 });
  });

  test('with validation it watches the validation', async () => {
    const callbacks = [pretend('valLoss', [1, 2, 3]), earlyStopping({ patience: 1 })];
    const result = await (await make()).fit(data, options(callbacks, { epochs: 9, validationSplit: 0.5 }));
    expect(result.epochs).toBe(2);
  });

  test('what is not there cannot be watched', async () => {
    await expect(stopping([1, 2], { monitor: 'valLoss' })).rejects.toThrow(
      'earlyStopping: there is no "valLoss" to monitor; there are: loss',
    );
  });

  test.each([
    [{ patience: -1 }, 'expected patience of at least 0, got -1'],
    [{ patience: 1.5 }, 'expected patience of at least 0, got 1.5'],
    [{ minimumDelta: Number.NaN }, 'expected minimumDelta of at least 0, got NaN'],
    [{ better: 'bigger' as never }, 'expected better "smaller" or "larger", got bigger'],
  ])('%j is refused', (given, message) => {
    expect(() => earlyStopping(given)).toThrow(message);
  });
});

describe('checkpoint and csvLog', () => {
  test('checkpoint keeps the best, with the state of its optimizer', async () => {
    expect(neurite.loadModel).toBe(loadModel);
    const path = join(temporaryFolder(), 'best.safetensors');
    const model = await make();
    const bits: object[] = [];
    const record: Callback = { onEpochEnd: ({ model: inside }) => void bits.push(bitsOf(inside)) };
    await model.fit(data, options([record, pretend('loss', [3, 1, 2]), checkpoint(path)], { epochs: 3 }));
    const best = await loadModel(path);
    expect(bitsOf(best)).toEqual(bits[1]);
    expect([best.trainer.step, best.trainer.epoch]).toEqual([6, 2]);
  });

  test('checkpoint may keep every epoch under its number', async () => {
    const folder = temporaryFolder();
    const every = checkpoint(join(folder, 'model-{epoch}.safetensors'), { bestOnly: false, optimizer: false });
    await (await make()).fit(data, options([pretend('loss', [3, 4, 5]), every], { epochs: 3 }));
    expect(readdirSync(folder).toSorted()).toEqual([1, 2, 3].map((epoch) => `model-${epoch}.safetensors`));
    expect((await loadModel(join(folder, 'model-1.safetensors'))).trainer.optimizer).toBeNull();
  });

  test('checkpoint into a folder that is not there is an error', async () => {
    const path = join(temporaryFolder(), 'missing', 'x.safetensors');
    await expect((await make()).fit(data, options([checkpoint(path)]))).rejects.toThrow(
      'there is no such file or folder',
    );
    expect(() => checkpoint('')).toThrow('checkpoint: expected a path');
  });

  test('csvLog writes a line for each epoch', async () => {
    const path = join(temporaryFolder(), 'log.csv');
    const { history } = await (await make()).fit(data, options([csvLog(path)], { epochs: 2, metrics: ['mae'] }));
    const { loss, mae } = history as Record<string, number[]>;
    expect(readFileSync(path, 'utf8')).toBe(`epoch,loss,mae\n1,${loss![0]},${mae![0]}\n2,${loss![1]},${mae![1]}\n`);
  });

  test('csvLog may give its text to a function, and begins anew with each fit', async () => {
    let text = '';
    const log = csvLog((line) => void (text += line));
    const model = await make();
    for (let i = 0; i < 2; i++) await model.fit(data, options([pretend('loss', [i]), log]));
    expect(text).toBe('epoch,loss\n1,0\nepoch,loss\n1,1\n');
  });
});

describe('learning rates', () => {
  test('a number is that of every step', async () => {
    expect(await ratesOf({ epochs: 2 })).toEqual(Array(6).fill(0.1));
  });

  test('a schedule by epoch changes between epochs', async () => {
    const learningRate = stepDecay({ learningRate: 1, stepSize: 1, gamma: 0.5 });
    expect(await ratesOf({ epochs: 3, optimizer: sgd({ learningRate }) })).toEqual([
      1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25,
    ]);
  });

  test('a schedule by step changes with every step', async () => {
    const learningRate = exponentialDecay({ learningRate: 1, gamma: 0.5, per: 'step' });
    expect(await ratesOf({ epochs: 2, optimizer: sgd({ learningRate }) })).toEqual([
      1, 0.5, 0.25, 0.125, 0.0625, 0.03125,
    ]);
  });

  test('onPlateau lowers the rate when the loss no longer falls', async () => {
    const learningRate = onPlateau({ learningRate: 1e-12, factor: 0.5, patience: 1, threshold: 0.1 });
    const rates = await ratesOf({ epochs: 5, batchSize: 12, optimizer: sgd({ learningRate }) });
    expect(rates).toEqual([1e-12, 1e-12, 1e-12, 5e-13, 5e-13]);
  });

  test('onPlateau on what is not there is an error', async () => {
    const learningRate = onPlateau({ learningRate: 0.1, monitor: 'valLoss' });
    await expect(ratesOf({ optimizer: sgd({ learningRate }) })).rejects.toThrow(
      'onPlateau: there is no "valLoss"; there are: loss',
    );
  });

  test('learningRateScheduler sets the rate of each epoch', async () => {
    const seen: number[] = [];
    const schedule = learningRateScheduler((epoch, current) => {
      seen.push(current);
      return epoch === 0 ? current : current / 2;
    });
    expect(await ratesOf({ epochs: 3, batchSize: 12 }, [schedule])).toEqual([0.1, 0.05, 0.025]);
    expect(seen).toEqual([0.1, 0.1, 0.05]);
  });

  test.each([-1, Number.NaN, Infinity, '0.1'])('learningRateScheduler: a rate of %s is refused', async (rate) => {
    await expect(ratesOf({}, [learningRateScheduler(() => rate as number)])).rejects.toThrow(
      'expected a learning rate',
    );
  });

  test('a rate set by a callback is checked', async () => {
    const callback: Callback = { onEpochBegin: (context) => void (context.learningRate = Number.NaN) };
    await expect(ratesOf({}, [callback])).rejects.toThrow('expected a learning rate of at least 0, got NaN');
  });
});
