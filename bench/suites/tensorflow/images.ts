// By fused operations on tensors; the wasm backend has no gradients of convolutions, so it trains none.
import {
  imageConvolutions,
  imageData,
  imageDense,
  imagePredictionName,
  imagePredictions,
  imageSize,
} from '../../works/images.ts';
import type { PeerWork, Works } from '../../works/work.ts';
import { tf } from './backend.ts';

function prediction(batch: number): PeerWork {
  const inputs = imageData(batch);
  const convolutions = imageConvolutions.map(({ kernel, kernelShape, bias }) => ({
    filter: tf.tensor4d(kernel, kernelShape),
    bias: tf.tensor1d(bias),
  }));
  const dense = imageDense.map(({ kernel, bias, activation }) => ({
    b: tf.tensor2d(kernel, [kernel.length / bias.length, bias.length]),
    bias: tf.tensor1d(bias),
    activation,
  }));
  const predict = () =>
    tf.tidy(() => {
      let image = tf.tensor4d(inputs, [batch, imageSize, imageSize, 1]);
      for (const { filter, bias } of convolutions) {
        const sum = tf.fused.conv2d({ x: image, filter, bias, strides: 1, pad: 'valid', activation: 'relu' });
        image = tf.maxPool(sum, 2, 2, 'valid');
      }
      let values = tf.reshape(image, [batch, -1]);
      for (const { b, bias, activation } of dense) values = tf.fused.matMul({ a: values, b, bias, activation });
      return values.dataSync() as Float32Array;
    });
  return {
    repeat(times) {
      let sum = 0;
      for (let i = 0; i < times; i++) sum += predict()[0]!;
      if (!Number.isFinite(sum)) throw new Error(`the result is ${sum}`);
    },
    result: predict,
  };
}

export const images: Works = Object.fromEntries(
  imagePredictions.map((batch) => [imagePredictionName(batch), () => prediction(batch)]),
);
