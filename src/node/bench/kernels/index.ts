// The core's kernels as cases: a file for each family, its line here.
import type { CoreInstance } from '../../../core/core.ts';
import type { Case } from '../case.ts';
import { activations, elementwise, reductions, softmaxes } from './elementwise.ts';
import { place, type Kernel } from './kernel.ts';
import { products, vectorProducts } from './products.ts';
import { updates } from './updates.ts';

const families: readonly (() => Kernel[])[] = [
  products,
  vectorProducts,
  elementwise,
  activations,
  reductions,
  softmaxes,
];

/** Every kernel case on one instance of the core. */
export const kernelCases = (instance: CoreInstance): Case[] => [
  ...families.flatMap((kernels) => kernels().map((kernel) => place(kernel, instance))),
  ...updates(instance),
];
