// The operations of dense networks, registered by being imported, and the functions that add them to a graph.
// Apart from the others, so that a page that predicts with a dense network loads no more.
export { axpy } from './binary.ts';
export * from './arithmetic.ts';
export * from './dropout.ts';
export * from './matmul.ts';
export * from './reduce.ts';
export * from './shape.ts';
export * from './softmax.ts';
export * from './sources.ts';
export * from './unary.ts';
export * from './update.ts';
