import { productData, productName, sharedProducts } from '../../works/products.ts';
import type { PeerWork, Works } from '../../works/work.ts';
import { tf } from './backend.ts';

function product(m: number, n: number, k: number): PeerWork {
  const data = productData(m, n, k);
  const [a, b] = [tf.tensor2d(data.a, [m, k]), tf.tensor2d(data.b, [k, n])];
  return {
    repeat(times) {
      for (let i = 0; i < times; i++) tf.matMul(a, b).dispose();
    },
    result: () => tf.matMul(a, b).dataSync(),
  };
}

export const products: Works = Object.fromEntries(
  sharedProducts.map(([m, n, k]) => [productName(m, n, k), () => product(m, n, k)]),
);
