// The cases that run in the page. Each takes and returns what JSON can hold; each imports what it needs of dist/.
import { bitsOf, predictions, trainedBits, untrainedModel } from './workload.js';

const library = () => import('/dist/index.js');
const datasets = () => import('/dist/datasets.js');

/** What the page is allowed: no isolation, no eval of text. */
export async function surroundings() {
  const { engineFeatures, loadCore } = await library();
  let evaluates = true;
  try {
    // oxlint-disable-next-line no-new-func -- the policy must refuse it
    new Function('return 1')();
  } catch {
    evaluates = false;
  }
  const { variant } = await loadCore();
  return { features: engineFeatures(), variant, isolated: globalThis.crossOriginIsolated, evaluates };
}

export async function predict(options) {
  return predictions(await library(), (await datasets()).digits, options);
}

export async function trainDeterministic() {
  return trainedBits(await library(), (await datasets()).digits);
}

/** A model as bytes and back, and from a URL (it is one that the test made in Node). */
export async function files({ url, input }) {
  const neurite = await library();
  const model = await untrainedModel(neurite, { deterministic: true });
  const bytes = model.toBytes();
  const again = await neurite.loadModel(bytes, { deterministic: true });
  const fromUrl = await neurite.loadModel(url, { deterministic: true });
  const absolute = await neurite.loadModel(new URL(url, location.href), { deterministic: true });
  const outputs = [model, again, fromUrl, absolute].map((each) => bitsOf(each.predict(input).data));
  const refused = await model.save('model.safetensors').catch((error) => `${error.name}: ${error.message}`);
  return { outputs, bytes: Array.from(bytes), refused };
}

/** Opens a file of Keras by its address, and writes it anew: zip and HDF5, read and written in the page. */
export async function kerasFile({ url, input }) {
  const { loadKeras, toKeras } = await import('/dist/formats.js');
  const model = await loadKeras(url, { deterministic: true });
  const again = await loadKeras(await toKeras(model), { deterministic: true });
  return [model, again].map((each) => bitsOf(each.predict(input).data));
}

/** Exports a model here, and runs what was exported here and what Node exported. */
export async function exported({ url, input }) {
  const { exportWasm } = await import('/dist/export.js');
  const model = await untrainedModel(await library(), { deterministic: true });
  const { bytes } = await exportWasm(model);
  const { instance } = await WebAssembly.instantiate(bytes);
  const { memory, run, input: at, output } = instance.exports;
  new Float32Array(memory.buffer, at.value, 64).set(input);
  run();
  const own = bitsOf(new Float32Array(memory.buffer, output.value, 10));
  const { predict, variant } = await import(url);
  return { bytes: Array.from(bytes), own, variant, fromNode: Array.from(predict(input)) };
}

export async function operations() {
  const { dot, softmax, variant } = await import('/dist/ops.js');
  return {
    variant,
    dot: dot([1.2, 2.2, 3.3, 2.5], [0.4, 0.6, -0.7, 1.1]),
    softmax: Array.from(softmax([1, 1, 1, 1]).data),
  };
}

export async function shippedDatasets() {
  const { digits, iris } = await datasets();
  return { digits: digits.all().inputs.shape, split: digits().test.inputs.shape, iris: iris().train.inputs.shape };
}

export async function neuron() {
  const { perceptron } = await library();
  return perceptron({ weights: [0.4, 0.6, -0.7, 1.1], bias: 2, activation: 'linear' }).activate([1.2, 2.2, 3.3, 2.5]);
}

/** Starts a training that would take minutes, and stops it from a timer, which only fires if the page is alive. */
export async function abort() {
  const { sequential, dense } = await library();
  const { digits } = await datasets();
  const { train, test } = digits();
  const model = await sequential([dense(64, { activation: 'relu' }), dense(10)], { inputShape: [64], seed: 1 });
  const controller = new AbortController();
  let frames = 0;
  const drawing = setInterval(() => frames++, 10);
  let reports = 0;
  const started = performance.now();
  setTimeout(() => controller.abort(), 500);
  const reason = await model
    .fit(train, {
      loss: 'crossEntropy',
      epochs: 1_000_000,
      signal: controller.signal,
      onProgress: () => reports++,
    })
    .then(
      () => 'it ended by itself',
      (error) => error.name,
    );
  clearInterval(drawing);
  const elapsed = performance.now() - started;
  return { reason, frames, reports, elapsed, predicted: model.predict(test.inputs).shape };
}

/** Does what no case may do, to show that the tests would see it. */
export async function trespass() {
  console.error('a complaint');
  const blocked = await fetch('http://127.0.0.1:1/elsewhere').catch((error) => error.name);
  const missing = await import('/dist/no-such-file.js').catch((error) => error.name);
  return { blocked, missing };
}
