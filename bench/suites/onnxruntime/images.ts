// Channels come first here: kernels and images are turned before anything is timed.
import { convolutionModel, imageModel } from '../../lib/onnx.ts';
import { channelsFirst, convolutionData, convolutionWorks, type ConvolutionWork } from '../../works/convolutions.ts';
import {
  imageConvolutions,
  imageData,
  imageDense,
  imagePredictionName,
  imagePredictions,
  imageSize,
  lastImage,
} from '../../works/images.ts';
import type { PeerWork, Works } from '../../works/work.ts';
import { ort, sessionWork } from './session.ts';

/** The first dense kernel reads the flattened image: its rows in the order of channels first. */
function denseLayers() {
  const [first, ...rest] = imageDense as [(typeof imageDense)[number], ...typeof imageDense];
  const units = first.bias.length;
  const rows = Array.from({ length: lastImage.pixels * lastImage.channels }, (_, row) => {
    const [channel, pixel] = [Math.floor(row / lastImage.pixels), row % lastImage.pixels];
    const from = (pixel * lastImage.channels + channel) * units;
    return first.kernel.slice(from, from + units);
  });
  const kernel = new Float32Array(first.kernel.length);
  rows.forEach((row, i) => kernel.set(row, i * units));
  return [{ ...first, kernel }, ...rest];
}

function prediction(batch: number): Promise<PeerWork> {
  const inputs = imageData(batch);
  const bytes = imageModel(imageConvolutions, denseLayers(), batch, imageSize);
  return sessionWork(bytes, () => ({ x: new ort.Tensor('float32', inputs, [batch, 1, imageSize, imageSize]) }));
}

async function convolution(work: ConvolutionWork): Promise<PeerWork> {
  const { size, channels, filters } = work;
  const layer = convolutionData(work);
  const image = channelsFirst(layer.image, channels);
  const session = await sessionWork(convolutionModel(layer, size), () => ({
    x: new ort.Tensor('float32', image, [1, channels, size, size]),
  }));
  return {
    repeat: session.repeat,
    result: async () => channelsFirst(Float32Array.from(await session.result()), filters, true),
  };
}

export const images: Works = Object.fromEntries([
  ...imagePredictions.map((batch) => [imagePredictionName(batch), () => prediction(batch)] as const),
  ...convolutionWorks.map((work) => [work.name, () => convolution(work)] as const),
]);
