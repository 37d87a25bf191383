// A small convolutional network on handwritten digits: MNIST from the folder in MNIST_FOLDER (its test files alone are
// enough: 8,000 of their 10,000 images to learn from, 2,000 to test on), else the 8×8 digits that come with the package.
import { strict as assert } from 'node:assert';
import { conv2d, dense, dropout, flatten, maxPool2d, mnist, sequential, trainTestSplit, type Dataset } from 'neurite';
import { digits } from 'neurite/datasets';

const folder = process.env['MNIST_FOLDER'];
const { train, test, goal } = folder ? await fromMnist(folder) : { ...digits(), goal: 0.965 };
const [height, width] = train.imageShape as [number, number];
const images = ({ inputs, targets }: Dataset) => ({
  inputs: { data: inputs.data, shape: [inputs.shape[0]!, height, width, 1] },
  targets,
});

const model = await sequential(
  [
    conv2d(8, { kernelSize: 3, padding: height > 8 ? 'valid' : 'same', activation: 'relu' }),
    maxPool2d(),
    conv2d(16, { kernelSize: 3, padding: height > 8 ? 'valid' : 'same', activation: 'relu' }),
    maxPool2d(),
    flatten(),
    dense(128, { activation: 'relu' }),
    dropout(0.3),
    dense(10),
  ],
  { inputShape: [height, width, 1], seed: 1 },
);
const epochs = folder ? 12 : 50;
const { elapsed } = await model.fit(images(train), { loss: 'crossEntropy', optimizer: 'adam', epochs, batchSize: 64 });
const { accuracy } = model.evaluate(images(test), { metrics: ['accuracy'] });
console.log(
  `${(100 * Number(accuracy)).toFixed(2)} % of ${test.inputs.shape[0]} images of ${height}×${width} after ${epochs} epochs, ${elapsed.toFixed(1)} s`,
);
assert.ok(Number(accuracy) > goal, `expected more than ${100 * goal} %, got ${String(accuracy)}`);

/** 8,000 and 2,000 of the 10,000 test images; or all training and test images, where both are there. */
async function fromMnist(path: string) {
  const files = await mnist(path);
  if (files.train && files.test) return { train: files.train, test: files.test, goal: 0.985 };
  return { ...trainTestSplit(files.test!, { testSize: 2000, seed: 1 }), goal: 0.975 };
}
