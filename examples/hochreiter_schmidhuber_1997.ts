// The adding problem (Hochreiter and Schmidhuber 1997, experiment 4), smaller: two of the numbers in a sequence are
// marked, and only at its end their sum is asked for. An LSTM keeps the first until the second comes; a network that
// always answers with the mean has the variance of the sums as its error.
import { strict as assert } from 'node:assert';
import { adam, dense, lstm, sequential } from 'neurite';

const time = 24;

/** Uniform numbers in [0, 1), the same in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** Sequences [samples, time, 2] of numbers in [−1, 1) and markers, and half the sum of the two marked. */
function addingProblem(samples: number, seed: number) {
  const next = generator(seed);
  const inputs = new Float32Array(samples * time * 2);
  const targets = new Float32Array(samples);
  for (let sample = 0; sample < samples; sample++) {
    // One of the first ten steps, and one of the first half but for that.
    const first = Math.floor(next() * 10);
    const second = (first + 1 + Math.floor(next() * (time / 2 - 1))) % (time / 2);
    for (let t = 0; t < time; t++) {
      const value = 2 * next() - 1;
      const isMarked = t === first || t === second;
      inputs.set([value, Number(isMarked)], (sample * time + t) * 2);
      if (isMarked) targets[sample]! += value / 2;
    }
  }
  return {
    inputs: { data: inputs, shape: [samples, time, 2] },
    targets: { data: targets, shape: [samples, 1] },
  };
}

const train = addingProblem(4000, 1);
const test = addingProblem(500, 2);
const variance = test.targets.data.reduce((sum, value) => sum + value * value, 0) / 500;

const model = await sequential([lstm(24), dense(1)], { inputShape: [time, 2], seed: 1 });
const optimizer = adam({ learningRate: 0.01, clipNorm: 1 });
await model.fit(train, { loss: 'meanSquaredError', optimizer, epochs: 12, batchSize: 50 });

const { loss } = model.evaluate(test);
console.log(`mean squared error ${loss.toFixed(5)}, of always answering the mean ${variance.toFixed(3)}`);
assert.ok(loss < variance / 100);
