// All operations, registered by being imported, and the functions that add them to a graph.
export { axpy } from './binary.ts';
export * from './arithmetic.ts';
export * from './attention.ts';
export * from './dropout.ts';
export * from './embedding.ts';
export * from './loss.ts';
export * from './matmul.ts';
export * from './one-hot.ts';
export * from './normalize.ts';
export * from './reduce.ts';
export * from './shape.ts';
export * from './softmax.ts';
export * from './sources.ts';
export * from './unary.ts';
export * from './update.ts';
