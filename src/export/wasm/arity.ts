// What operators take from the stack, and whether they leave a value: all but control, calls, locals and globals.
// source: WebAssembly core specification 2.0, 3.3; the relaxed-SIMD proposal
import { op } from './operators.ts';

export interface Arity {
  readonly takes: number;
  readonly gives: number;
}

const arity = (takes: number, gives: number): Arity => ({ takes, gives });
const [constant, unary, binary, ternary] = [arity(0, 1), arity(1, 1), arity(2, 1), arity(3, 1)];
const [store, bulk] = [arity(2, 0), arity(3, 0)];

/** Vector operators of one operand; ranges with their ends. */
const vectorUnary = [
  [0, 10],
  [15, 20],
  [21, 22],
  [24, 25],
  [27, 27],
  [29, 29],
  [31, 31],
  [33, 33],
  [77, 77],
  [83, 83],
  [92, 100],
  [103, 106],
  [116, 117],
  [122, 122],
  [124, 129],
  [131, 132],
  [135, 138],
  [148, 148],
  [160, 164],
  [167, 170],
  [192, 196],
  [199, 202],
  [224, 227],
  [236, 239],
  [248, 255],
  [0x101, 0x104],
] as const;
const vectorTernary = [
  [82, 82],
  [0x105, 0x10c],
  [0x113, 0x113],
] as const;

const isIn = (ranges: readonly (readonly [number, number])[], number: number) =>
  ranges.some(([low, high]) => number >= low && number <= high);

function vectorArity(number: number): Arity {
  if (number === 11 || (number >= 88 && number <= 91)) return store;
  if (number === 12) return constant;
  if (isIn(vectorUnary, number)) return unary;
  return isIn(vectorTernary, number) ? ternary : binary;
}

/** Scalar operators of one operand: tests for zero, counts of bits, unary floats, conversions. */
const scalarUnary = [
  [0x45, 0x45],
  [0x50, 0x50],
  [0x67, 0x69],
  [0x79, 0x7b],
  [0x8b, 0x91],
  [0x99, 0x9f],
  [0xa7, 0xc4],
] as const;

export function arityOf(code: number): Arity {
  if (code >= 0xfd0000) return vectorArity(code - 0xfd0000);
  if (code >= 0xfc0000) return code <= 0xfc0007 ? unary : bulk;
  if (code >= op.i32Load && code <= 0x35) return unary;
  if (code >= 0x36 && code <= 0x3e) return store;
  if (code === op.memorySize || (code >= op.i32Const && code <= op.f64Const)) return constant;
  if (code === op.memoryGrow) return unary;
  if (code === op.select || code === op.selectTyped) return ternary;
  if (code === op.nop) return arity(0, 0);
  return isIn(scalarUnary, code) ? unary : binary;
}

/** Whether an operator does nothing but give a value (or traps, where a program never lets it). */
export function isPure(code: number): boolean {
  const isDivision = (code >= 0x6d && code <= 0x70) || (code >= 0x7f && code <= 0x82);
  return arityOf(code).gives === 1 && code !== op.memoryGrow && !isDivision;
}
