// What is wrong with a model's text is told with its place, and with both units where units do not fit.
import { describe, expect, test } from 'vitest';
import {
  EquationError,
  equations,
  ms,
  mV,
  nA,
  neuronGroup,
  quantity,
  simulation,
  type EquationsOptions,
} from '../../src/biology/index.ts';

function errorOf(text: string, options: EquationsOptions = {}): EquationError {
  try {
    equations(text, options);
  } catch (error) {
    return error as EquationError;
  }
  throw new Error(`no error for ${text}`);
}

const constants = { tau: ms(10), El: mV(-70), I: nA(1) };

describe('an error in equations has its line and column', () => {
  test.each([
    ['dv/dt = (El - v)/taun : volt', 1, 18, 'unknown name "taun"; did you mean "tau"?'],
    ['dv/dt = (El - v)/tau : volt\n  dw/dt = -w/tau + x : 1', 2, 20, 'unknown name "x"'],
    ['dv/dt = (El - v/tau : volt', 1, 9, 'this parenthesis is never closed'],
    ['dv/dt = (El - v))/tau : volt', 1, 17, 'got ")"'],
    ['dv/dt = )El - v(/tau : volt', 1, 9, 'this parenthesis was never opened'],
    ['dv/dt = exp(v/mV, 2)/tau : 1', 1, 9, 'exp takes 1 arguments, got 2'],
    ['dv/dt = expo(1)/tau : 1', 1, 9, 'unknown function "expo"; did you mean "exp"?'],
    ['dv/dt = exp/tau : 1', 1, 9, 'the function exp needs its argument in parentheses'],
    ['dv/dt = (El - v)/tau', 1, 21, 'expected ":" and the unit of v, got the end of the text'],
    ['dv/dt = (El - v)/tau\ndw/dt = -w/tau : 1', 2, 1, 'expected ":" and the unit of v, got "dw"'],
    ['dv/dt = (El - v)/tau : vlot', 1, 24, 'did you mean "volt"?'],
    ['dv/dt = (El - v)/tau : volt (unless refractry)', 1, 30, 'unknown flag "unless refractry"'],
    ['x : 1 (unless refractory)', 1, 8, 'known: constant, input'],
    ['v/dt = 1/tau : 1', 1, 1, 'expected "dv/dt"'],
    ['dv/dt = 1/tau : 1\nv : 1', 2, 1, 'v is defined twice'],
    ['tau : 1', 1, 1, '"tau" is defined here and as a constant'],
    ['a = b : 1\nb = a : 1\nc : 1', 1, 1, 'a depends on itself: a → b → a'],
    ['dv/dt = v^2/tau : 1', 1, 10, 'a power is written **'],
    ['dv/dt = 3 4/tau : 1', 1, 11, 'expected ":" and the unit of v, got "4"'],
    ['dv/dt = 1 < 2 < 3 : 1', 1, 15, 'one comparison at a time'],
    ['dx/dt = xi/tau**0.5 : 1\ndy/dt = xi/tau**0.5 : 1', 2, 9, 'xi_y is a noise of its own'],
    ['dt : 1', 1, 1, '"dt" has a meaning of its own'],
    ['dv/dt = 2*m/tau : 1', 1, 11, 'a single letter is no unit'],
    ['', 1, 1, 'expected at least one differential equation or parameter'],
  ])('%s', (text, line, column, message) => {
    const error = errorOf(text, { constants });
    expect(error).toBeInstanceOf(EquationError);
    expect(error.message).toContain(message);
    expect(error.message).toContain(`line ${line}, column ${column}`);
    expect([error.line, error.column]).toEqual([line, column]);
  });

  test('and shows the place', () => {
    const { message } = errorOf('dv/dt = 1/tau : 1\n  dw/dt = wrong : 1', { constants });
    expect(message.split('\n').slice(1)).toEqual(['    dw/dt = wrong : 1', '            ^']);
  });
});

describe('units that do not fit are named, both of them', () => {
  test.each([
    ['dv/dt = (El - v) : volt', 'dv/dt must be V/s, got V'],
    ['dv/dt = (El - v + tau)/tau : volt', '"+" of V and s'],
    ['dv/dt = (I + v)/tau : volt', '"+" of A and V'],
    ['dv/dt = exp(v)/tau : volt', 'exp takes no unit, got V'],
    ['dv/dt = v**(v)/tau : volt', 'an exponent must be without unit, got V'],
    ['dv/dt = v**(3*2)/tau : volt', 'the exponent of V must be written as a number'],
    ['dv/dt = clip(v, 0*mV, 3*ms)/tau : volt', 'clip takes V, got s'],
    ['J = I/v : volt\ndv/dt = v/tau : volt', 'J must be V, got S'],
    ['dv/dt = v*(v > El)/tau : volt', 'needs numbers, got a condition; int(…) makes 1 or 0 of it'],
    ['dv/dt = v/tau*int(v and v) : volt', '"and" needs conditions'],
    ['dv/dt = sqrt(v)/tau : volt', 'dv/dt must be V/s, got'],
    ['dv/dt = (v < tau) : 1', '"<" of no unit and s'],
    ['dv/dt = I/farad/second : volt', 'got V/s²'],
    ['dv/dt = v/tau + I/metre**2 : volt', 'of V/s and A/m²'],
  ])('%s', (text, message) => {
    const whole = /dv|v :/.test(text) ? text : `${text}\nv : volt`;
    expect(errorOf(whole, { constants }).message).toContain(message);
    expect(errorOf(whole, { constants }).message).toContain('line 1, column');
  });

  test('in threshold, reset and refractory time as well', () => {
    const text = 'dv/dt = (El - v)/tau : volt\na = 2*v : volt\nc : 1 (constant)';
    const of = (options: EquationsOptions) => errorOf(text, { constants, ...options }).message;
    expect(of({ threshold: 'v > 3*ms' })).toContain('threshold, line 1, column 3: units do not fit: ">" of V and s');
    expect(of({ threshold: 'v + El' })).toContain('the threshold must be a condition, got V');
    expect(of({ threshold: 'v > xi' })).toContain('xi is for differential equations alone');
    expect(of({ reset: 'v = 3' })).toContain(
      'reset, line 1, column 5: units do not fit: what is given to v by = must be V, got no unit',
    );
    expect(of({ reset: 'v = El;\n w += 1' })).toContain('reset, line 2, column 2: unknown variable "w"');
    expect(of({ reset: 'v *= El' })).toContain('must be no unit, got V');
    for (const name of ['a', 'tau', 'c'])
      expect(of({ reset: `${name} = 1` })).toContain(`${name} cannot be set by a reset`);
    const driven = errorOf('dv/dt = (El - v + I)/tau : volt\nI : volt (input)', {
      constants: { tau: ms(1), El: mV(0) },
      reset: 'v = I',
    });
    expect(driven.message).toContain('I is an input, which is used up when a reset is done');
    const hidden = 'dv/dt = -v/(5*ms) + twice/ms : 1\nI : 1 (input)\ntwice = 2*I : 1\nrough = xi*sqrt(ms) : 1';
    expect(errorOf(hidden, { reset: 'v = 1 + twice' }).message).toContain(
      'reset, line 1, column 9: I is an input, which is used up when a reset is done',
    );
    expect(errorOf(hidden, { threshold: 'v > rough' }).message).toContain(
      'threshold, line 1, column 5: xi is for differential equations alone',
    );
    expect(of({ reset: 'v' })).toContain('expected "=", "+=", "-=", "*=" or "/=", got the end of the text');
    expect(of({ refractory: '3*mV' })).toContain('a refractory time must be s, got V');
  });

  test('in constants', () => {
    expect(errorOf('x : 1', { constants: { a: '3*mW + 2*mV' } }).message).toContain('constant a, line 1, column 6');
    expect(errorOf('x : 1', { constants: { a: '3*b' } }).message).toContain('unknown name "b"');
    expect(() => equations('x : 1', { constants: { a: true as never } })).toThrow('expected a quantity such as ms(20)');
    expect(() => equations(3 as never)).toThrow('equations: expected text, got 3');
    expect(() => quantity(1, '1')).toThrow('a number without unit is no quantity');
  });
});

test('a step longer than a time constant, and a time that changes as a refractory time, are refused with a group', async () => {
  const sim = await simulation({ dt: ms(1) });
  const make =
    (text: string, options: EquationsOptions = {}) =>
    () =>
      neuronGroup(sim, 2, equations(text, options), { name: 'cells' });
  expect(make('dg/dt = -g/(0.5*ms) : 1')).toThrow(
    'cells: the time constant 0.5 ms of g is shorter than the step of 1 ms',
  );
  expect(make('dg/dt = -g/(1*ms) : 1')).not.toThrow();
  expect(make('dg/dt = -g/(5*ms) : 1', { refractory: 'g*ms' })).toThrow('a time must be made of constants');
  expect(make('dg/dt = -g/(5*ms) : 1', { refractory: '-1*ms' })).toThrow('no refractory time below 0');
});

test('a state that diverges stops the run, naming group, neuron and time', async () => {
  const sim = await simulation({ dt: ms(0.1) });
  const model = equations('dv/dt = v**2/ms : 1', { initial: { v: 'i' } });
  neuronGroup(sim, 3, model, { name: 'wild' });
  await expect(sim.run(ms(5))).rejects.toThrow(/wild: v of neuron 2 is (Infinity|NaN) at \d/);
  await expect(sim.run(ms(5))).rejects.toThrow('stopped in an earlier run');
});
