// Shapes as lists of sizes: what graph and data both say about them.

export type Shape = readonly number[];

/** The number of elements of a shape; 1 for `[]`. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

/** `[2, 3]`, as errors and summaries print a shape. */
export const formatShape = (shape: Shape): string => `[${shape.join(', ')}]`;

export const sameShape = (a: Shape, b: Shape): boolean => a.length === b.length && a.every((size, i) => size === b[i]);
