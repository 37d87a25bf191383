// The convolutional network, and single convolutions, on the copy-free path; training steps by `fit`.
import {
  adam,
  conv2d,
  dense,
  depthwiseConv2d,
  flatten,
  maxPool2d,
  sequential,
  type Model,
} from '../../../src/index.ts';
import { runLoop, runOnce } from '../../../src/node/bench/models.ts';
import { timedLearningRate } from '../../../src/node/bench/networks.ts';
import { convolutionData, convolutionWorks, type ConvolutionWork } from '../../works/convolutions.ts';
import {
  imageBatch,
  imageClasses,
  imageConvolutions,
  imageData,
  imageDense,
  imagePredictionName,
  imagePredictions,
  imageSize,
  imageTrainingName,
} from '../../works/images.ts';
import type { PeerWork, Works } from '../../works/work.ts';

export async function imageModel(): Promise<Model> {
  const layers = [
    ...imageConvolutions.flatMap(({ kernelShape }) => [
      conv2d(kernelShape[3], { kernelSize: 3, activation: 'relu' as const }),
      maxPool2d(),
    ]),
    flatten(),
    ...imageDense.map(({ bias, activation }) => dense(bias.length, { activation })),
  ];
  const model = await sequential(layers, { inputShape: [imageSize, imageSize, 1], seed: 1 });
  const values = [...imageConvolutions, ...imageDense].flatMap(({ kernel, bias }) => [kernel, bias]);
  model.setWeights(Object.fromEntries(model.parameters.map(({ name }, i) => [name, values[i]!])));
  return model;
}

async function prediction(batch: number): Promise<PeerWork> {
  const inputs = imageData(batch);
  const model = await imageModel();
  model.allocate({ batchSize: batch });
  return { repeat: runLoop(model, inputs), result: () => runOnce(model, inputs) };
}

/** Forward, loss, backward and update of a batch. */
async function training(): Promise<PeerWork> {
  const model = await imageModel();
  const inputs = { data: imageData(imageBatch), shape: [imageBatch, imageSize, imageSize, 1] };
  const targets = { data: Int32Array.from({ length: imageBatch }, (_, i) => i % imageClasses), shape: [imageBatch] };
  return {
    async repeat(times) {
      await model.fit(
        { inputs, targets },
        {
          loss: 'crossEntropy',
          optimizer: adam({ learningRate: timedLearningRate }),
          metrics: [],
          batchSize: imageBatch,
          shuffle: false,
          epochs: times,
        },
      );
    },
    result: () => [],
  };
}

async function convolution(work: ConvolutionWork): Promise<PeerWork> {
  const { kernel, bias, padding, image } = convolutionData(work);
  const { size, channels, filters, kernelSize, stride, groups } = work;
  const options = { kernelSize, stride, padding, activation: 'relu' as const };
  const layer = groups === 1 ? conv2d(filters, options) : depthwiseConv2d(options);
  const model = await sequential([layer], { inputShape: [size, size, channels], seed: 1 });
  model.setWeights({ 'layers.0.kernel': kernel, 'layers.0.bias': bias });
  model.allocate({ batchSize: 1 });
  return { repeat: runLoop(model, image), result: () => runOnce(model, image) };
}

export const images: Works = Object.fromEntries([
  ...imagePredictions.map((batch) => [imagePredictionName(batch), () => prediction(batch)] as const),
  [imageTrainingName, training],
  ...convolutionWorks.map((work) => [work.name, () => convolution(work)] as const),
]);
