// What Node and the browsers both compute, so that their bits can be compared. `neurite` is the library's index,
// `digits` the dataset, both from dist/.

/** The bit patterns of floats: they travel as JSON whole, NaN and −0 included. */
export const bitsOf = (floats) => Array.from(new Uint32Array(floats.buffer, floats.byteOffset, floats.length));

/** A seeded model that nobody has trained. @param options the variant, or `deterministic` */
export function untrainedModel({ sequential, dense }, options) {
  const layers = [
    dense(33, { activation: 'gelu' }),
    dense(17, { activation: 'tanh' }),
    dense(10, { activation: 'softmax' }),
  ];
  return sequential(layers, { inputShape: [64], seed: 7, ...options });
}

/** Predictions of the untrained model for 45 digits, and for one by the copy-free path. */
export async function predictions(neurite, digits, options) {
  const { test } = digits({ testSize: 45 });
  const model = await untrainedModel(neurite, options);
  model.input.set(test.inputs.data.subarray(0, 64));
  model.run();
  const single = bitsOf(model.output);
  return { variant: model.variant, single, batch: bitsOf(model.predict(test.inputs).data) };
}

/** Trains on the digits with all that draws random numbers or decays. */
export async function train({ sequential, dense, dropout, adam, cosineDecay }, digits) {
  const { train: samples, test } = digits();
  const layers = [dense(64, { activation: 'relu' }), dropout(0.2), dense(32, { activation: 'silu' }), dense(10)];
  const model = await sequential(layers, { inputShape: [64], seed: 1, deterministic: true });
  const epochs = 6;
  const { history } = await model.fit(samples, {
    loss: 'crossEntropy',
    optimizer: adam({ learningRate: cosineDecay({ learningRate: 5e-3, steps: epochs }) }),
    epochs,
    batchSize: 32,
    validationData: test,
  });
  return { model, test, history };
}

/** What the training ended in: every weight's bits by name, the losses on the way, the accuracy. */
export async function trainedBits(neurite, digits) {
  const { model, test, history } = await train(neurite, digits);
  const weights = Object.entries(model.getWeights()).map(([name, { data }]) => [name, bitsOf(data)]);
  return { weights: Object.fromEntries(weights), losses: history.loss, accuracy: model.evaluate(test).accuracy };
}
