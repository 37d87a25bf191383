import { productModel } from '../../lib/onnx.ts';
import { productData, productName, sharedProducts } from '../../works/products.ts';
import type { PeerWork, Works } from '../../works/work.ts';
import { ort, sessionWork } from './session.ts';

function product(m: number, n: number, k: number): Promise<PeerWork> {
  const { a, b } = productData(m, n, k);
  const feeds = { a: new ort.Tensor('float32', a, [m, k]), b: new ort.Tensor('float32', b, [k, n]) };
  return sessionWork(productModel(m, n, k), () => feeds);
}

export const products: Works = Object.fromEntries(
  sharedProducts.map(([m, n, k]) => [productName(m, n, k), () => product(m, n, k)]),
);
