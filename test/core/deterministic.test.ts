import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cos, exp, log, pow, powInteger, sin } from '../../src/core/deterministic.ts';
import { testRandom } from '../helpers/kernel.ts';

const tolerance = 1e-14;
const random = testRandom(7);

function expectNear(actual: number, expected: number, what: string): void {
  const error = Math.abs(actual - expected) / Math.abs(expected);
  if (actual !== expected && !(error <= tolerance)) expect.fail(`${what}: got ${actual}, expected ${expected}`);
}

const samples = (count: number, low: number, high: number) => Array.from({ length: count }, () => random(low, high));

test('exp: relative error at most 1e-14 from −708 to 709', () => {
  for (const x of [...samples(5000, -708, 709), ...samples(5000, -1, 1), 1e-300, -1e-17, 0, -0, 1, Math.LN2])
    expectNear(exp(x), Math.exp(x), `exp(${x})`);
});

test('exp: overflows to infinity, underflows through the denormals to 0, keeps NaN', () => {
  expect([exp(710), exp(Infinity), exp(-746), exp(-Infinity), exp(NaN)]).toEqual([Infinity, Infinity, 0, 0, NaN]);
  expect(exp(-740) / Math.exp(-740)).toBeCloseTo(1, 2);
});

test('log: relative error at most 1e-14 from the smallest denormal to the largest number', () => {
  const powers = samples(3000, -1074, 1023).map((e) => 2 ** e);
  for (const x of [...powers, ...samples(5000, 0.5, 2), 1 + 2 ** -52, 1 - 2 ** -53, Number.MAX_VALUE, 5e-324, 10])
    expectNear(log(x), Math.log(x), `log(${x})`);
});

test('log: 0 at 1, −∞ at 0, NaN below', () => {
  expect([log(1), log(0), log(-0), log(-1), log(Infinity), log(NaN)]).toEqual([
    0,
    -Infinity,
    -Infinity,
    NaN,
    Infinity,
    NaN,
  ]);
});

test('pow: relative error at most 1e-14, large exponents included', () => {
  for (let i = 0; i < 5000; i++) {
    const x = 2 ** random(-40, 40);
    const y = random(-17, 17);
    expectNear(pow(x, y), x ** y, `pow(${x}, ${y})`);
  }
  for (const x of [0.96, 0.999, 0.9, 1.0001, 0.93])
    for (const y of [0.004, 0.5, 33, 1000.25, 6000, -12, -3000]) expectNear(pow(x, y), x ** y, `pow(${x}, ${y})`);
});

test('pow: powers of two and small integer powers are exact', () => {
  for (let k = -1022; k <= 1023; k++) expect(pow(2, k)).toBe(2 ** k);
  for (let k = 0; k <= 22; k++) expect(pow(5, k)).toBe(5 ** k);
});

test('pow: has the special values of Math.pow', () => {
  const values = [0, -0, 1, -1, 2, -2, 0.5, -0.5, 3, -3, 2.5, -2.5, 1e300, -1e300, 101, -101];
  for (const x of [...values, Infinity, -Infinity, NaN])
    for (const y of [...values, Infinity, -Infinity, NaN])
      if (Number.isFinite(x ** y) && x ** y !== 0) expectNear(pow(x, y), x ** y, `pow(${x}, ${y})`);
      else expect(pow(x, y), `pow(${x}, ${y})`).toBe(x ** y);
});

test('powInteger: is the repeated product', () => {
  expect([powInteger(3, 0), powInteger(3, 1), powInteger(3, 5), powInteger(-2, 3)]).toEqual([1, 3, 243, -8]);
  expect(Math.abs(powInteger(0.999, 5000) / 0.999 ** 5000 - 1)).toBeLessThan(5000 * 1.2e-16);
  expect(() => powInteger(2, -1)).toThrow(new RangeError('powInteger: expected an integer n ≥ 0, got -1'));
});

test('cos and sin: relative error at most 1e-14 up to 2^20', () => {
  const multiples = Array.from({ length: 2000 }, (_, i) => (i * Math.PI) / 4);
  const angles = [...samples(5000, -10, 10), ...samples(5000, -(2 ** 20), 2 ** 20), ...multiples, 1e-9, -1e-300, 0];
  for (const x of angles) {
    expectNear(cos(x), Math.cos(x), `cos(${x})`);
    expectNear(sin(x), Math.sin(x), `sin(${x})`);
  }
});

test('cos and sin: refuse an angle that they cannot reduce', () => {
  expect(() => cos(2 ** 21)).toThrow(new RangeError('cos: expected |x| ≤ 2^20, got 2097152'));
  expect(() => sin(-(2 ** 21))).toThrow(RangeError);
  expect([cos(Infinity), sin(NaN)]).toEqual([NaN, NaN]);
});

test('deterministic: the bits never change', () => {
  const bits = new DataView(new ArrayBuffer(8));
  let hash = 0x811c9dc5;
  const mix = (value: number) => {
    bits.setFloat64(0, value);
    for (let i = 0; i < 8; i++) hash = Math.imul(hash ^ bits.getUint8(i), 0x01000193) >>> 0;
  };
  for (let i = 1; i <= 1000; i++) {
    const x = i / 64;
    for (const value of [exp(-x), log(x), pow(0.96, x), cos(x), sin(x), powInteger(0.999, i)]) mix(value);
  }
  expect(hash).toBe(2223278362);
});

test('deterministic: uses no function of Math that IEEE 754 does not round exactly', () => {
  const code = readFileSync(new URL('../../src/core/deterministic.ts', import.meta.url), 'utf8').replaceAll(
    /^\/\/.*$|\/\*\*[\s\S]*?\*\//gm,
    '',
  );
  expect(code).not.toContain(' ** ');
  const used = new Set([...code.matchAll(/Math\.(\w+)/g)].map((match) => match[1]));
  for (const name of used) expect(['abs', 'floor', 'round', 'sqrt', 'LOG2E', 'SQRT2']).toContain(name);
});
