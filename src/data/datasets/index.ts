// `neurite/datasets`: real data that needs no file and no network, in Node and browsers alike.
export { digits } from './digits.ts';
export { iris } from './iris.ts';
export type { Dataset, Split, SplitOptions } from '../dataset.ts';
