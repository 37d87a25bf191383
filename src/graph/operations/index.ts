// All operations, registered by being imported, and the functions that add them to a graph.
export * from './basic.ts';
export * from './convolution.ts';
export * from './gather.ts';
export * from './integer.ts';
export * from './interpolation.ts';
export * from './loss.ts';
export * from './matmul-batch.ts';
export * from './one-hot.ts';
export * from './permute.ts';
export * from './pooling.ts';
export * from './attention.ts';
export * from './embedding.ts';
export * from './normalize.ts';
export * from './rearrange.ts';
export * from './recurrent.ts';
export * from './sample.ts';
