// Bad files and bad calls, each with the error that it must give.
import { describe, expect, test } from 'vitest';
import { FormatError, NeuriteError, ShapeError } from '../../src/core/errors.ts';
import { MissingOperatorsError, type MissingOperator } from '../../src/formats/onnx/check.ts';
import { checkLocation } from '../../src/formats/onnx/external.ts';
import { openModel } from '../../src/formats/onnx/open.ts';
import { OnnxModel } from '../../src/formats/onnx/model.ts';
import '../../src/formats/onnx/operators/index.ts';
import { readModel } from '../../src/formats/onnx/read.ts';
import type { GraphProto, ModelProto, NodeProto, TensorProto } from '../../src/formats/onnx/schema.ts';
import { tensorFromProto } from '../../src/formats/onnx/tensor.ts';
import { variant } from '../helpers/kernel.ts';
import { casesOf } from '../helpers/onnx.ts';

const info = (name: string, dims: (number | string)[], elemType = 1) => ({
  name,
  type: {
    tensorType: {
      elemType,
      shape: { dim: dims.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size })) },
    },
  },
});
const modelOf = (graph: GraphProto, version = 17): ModelProto => ({
  opsetImport: [{ version }],
  graph: { input: [info('x', [2])], output: [info('y', [2])], ...graph },
});
const node = (opType: string, input: string[], output: string[], rest: Partial<NodeProto> = {}): NodeProto => ({
  opType,
  input,
  output,
  ...rest,
});
const open = (graph: GraphProto, version?: number) => openModel(modelOf(graph, version), 'm.onnx');
const create = (graph: GraphProto, version?: number) => OnnxModel.create(open(graph, version), { variant });

describe('the file', () => {
  const { model } = casesOf('models.tar.gz').find(({ name }) => name.endsWith('mlp'))!;

  test('a truncated one is refused with the byte', () => {
    for (const length of [1, 10, 1000, model.length - 1])
      expect(() => openModel(readModel(model.slice(0, length), 'cut.onnx'), 'cut.onnx')).toThrow(/^cut\.onnx: /);
  });
  test('one of another format is refused', () => {
    expect(() => openModel(readModel(Buffer.from('{"a": 1}'), 'a.json'), 'a.json')).toThrow(FormatError);
    expect(() => openModel(readModel(new Uint8Array(), 'empty'), 'empty')).toThrow(
      'empty: no ONNX model: it has no graph',
    );
  });
  test('a protocol buffer nested a thousand deep is refused, not recursed into', () => {
    // graph.node.attribute.g.node.attribute.g …
    let inner: number[] = [];
    const wrap = (field: number, content: number[]) => {
      const length: number[] = [];
      for (let n = content.length; ; n >>>= 7) {
        length.push((n & 127) | (n > 127 ? 128 : 0));
        if (n < 128) break;
      }
      return [
        ...(field > 15 ? [((field << 3) & 127) | 2 | 128, field >> 4] : [(field << 3) | 2]),
        ...length,
        ...content,
      ];
    };
    for (let i = 0; i < 400; i++) inner = wrap(1, wrap(5, wrap(6, inner)));
    expect(() => readModel(Uint8Array.from(wrap(7, inner)), 'deep.onnx')).toThrow(
      'deep.onnx: messages are nested more than 64 deep',
    );
  });
  test('a length that lies is refused', () => {
    expect(() => readModel(Uint8Array.of(58, 255, 255, 255, 255, 15), 'm')).toThrow(
      /^m: a length of \d+ bytes goes beyond/,
    );
    expect(() => readModel(Uint8Array.of(8, 255), 'm')).toThrow('m: the file ends inside a number');
  });
});

describe('the graph', () => {
  test('a cycle names its nodes', () => {
    const nodes = [
      node('Relu', ['b'], ['a'], { name: 'first' }),
      node('Relu', ['a'], ['b'], { name: 'second' }),
      node('Relu', ['a'], ['y']),
    ];
    expect(() => open({ node: nodes })).toThrow(
      /^m\.onnx: the graph has a cycle through Relu "(first|second)" and Relu/,
    );
  });
  test('a chain of 20,000 nodes, the last first, is sorted without recursion', () => {
    const nodes = Array.from({ length: 20_000 }, (_, i) =>
      node('Relu', [i === 0 ? 'x' : `v${i - 1}`], [i === 19_999 ? 'y' : `v${i}`]),
    );
    expect(open({ node: nodes.toReversed() }).nodes.length).toBe(20_000);
  });
  test('a name defined twice', () => {
    expect(() => open({ node: [node('Relu', ['x'], ['y']), node('Abs', ['x'], ['y'], { name: 'again' })] })).toThrow(
      'm.onnx: the value "y" is defined twice, the second time by Abs "again"',
    );
    expect(() => open({ node: [node('Relu', ['x'], ['x'])] })).toThrow('the value "x" is defined twice');
    expect(() => open({ input: [info('x', [2]), info('x', [2])], node: [node('Relu', ['x'], ['y'])] })).toThrow(
      'the input "x" is defined twice',
    );
  });
  test('a name never defined', () => {
    expect(() => open({ node: [node('Relu', ['z'], ['y'], { name: 'reader' })] })).toThrow(
      'm.onnx: nothing defines "z", which Relu "reader" reads',
    );
    expect(() => open({ node: [] })).toThrow('nothing defines the output "y"');
    const inner = { node: [node('Relu', ['nowhere'], ['r'])], output: [info('r', [2])] };
    const branches = node('If', ['x'], ['y'], {
      attribute: [
        { name: 'then_branch', g: inner },
        { name: 'else_branch', g: inner },
      ],
    });
    expect(() => open({ node: [branches] })).toThrow('nothing defines "nowhere"');
  });
  test('a function that calls itself', () => {
    const model = modelOf({ node: [node('F', ['x'], ['y'], { domain: 'own' })] });
    const body = {
      name: 'F',
      domain: 'own',
      input: ['a'],
      output: ['b'],
      node: [node('F', ['a'], ['b'], { domain: 'own' })],
    };
    expect(() => openModel({ ...model, functions: [body] }, 'm')).toThrow('m: the function "F" calls itself');
  });
  test('a later operator set is refused', () => {
    expect(() => open({ node: [node('Relu', ['x'], ['y'])] }, 23)).toThrow(
      'm.onnx: it uses operator set 23; 22 is the latest',
    );
  });
  test('all missing operators in one list with their nodes', () => {
    const nodes = [
      node('Nope', ['x'], ['a'], { name: 'n1' }),
      node('Fft', ['a'], ['b'], { domain: 'com.acme' }),
      node('Nope', ['b'], ['y']),
    ];
    const { missing } = open({ node: nodes });
    const expected: MissingOperator[] = [
      { operator: 'Nope', nodes: ['Nope "n1"', 'Nope of "y"'] },
      { operator: 'com.acme.Fft', nodes: ['Fft of "b"'] },
    ];
    expect(missing).toEqual(expected);
    expect(new MissingOperatorsError('m', missing).message).toBe(
      'm: 2 operators are missing:\n  Nope: Nope "n1", Nope of "y"\n  com.acme.Fft: Fft of "b"',
    );
  });
  test('shapes that do not fit name the node', async () => {
    const w: TensorProto = { name: 'w', dims: [3, 2], dataType: 1, floatData: [1, 1, 1, 1, 1, 1] };
    const graph = { initializer: [w], node: [node('MatMul', ['x', 'w'], ['y'], { name: 'product' })] };
    const model = await create(graph);
    expect(() => model.run({ x: [1, 2] })).toThrow(/^m\.onnx: MatMul "product": matmul: /);
  });
});

describe('tensors', () => {
  const tensor = (proto: TensorProto) => () => tensorFromProto(proto, 'm: w');
  test('bytes and lists that do not match the shape', () => {
    expect(tensor({ dims: [3], dataType: 1, rawData: new Uint8Array(8) })).toThrow(
      'm: w: 8 bytes do not hold 3 values of float32; expected 12',
    );
    expect(tensor({ dims: [3], dataType: 1, floatData: [1, 2] })).toThrow('m: w: 2 values do not fill [3]');
    expect(tensor({ dims: [-3], dataType: 1 })).toThrow('m: w: [-3] is no shape of a tensor');
    expect(tensor({ dims: [2 ** 40, 2 ** 40], dataType: 1 })).toThrow('is no shape of a tensor');
    expect(tensor({ dims: [1], dataType: 8 })).toThrow('m: w: tensors of string are not read');
    expect(tensor({ dims: [1], dataType: 99 })).toThrow('m: w: tensors of type 99 are not read');
  });
  test('every width of floats and integers, raw and in lists', () => {
    const raw = (array: ArrayBufferView) => new Uint8Array(array.buffer);
    const values = (proto: TensorProto) => [...tensorFromProto({ dims: [3], ...proto }, 'w').data];
    expect(values({ dataType: 10, rawData: raw(Uint16Array.of(0x3c00, 0xfc00, 0x0001)) })).toEqual([
      1,
      -Infinity,
      2 ** -24,
    ]);
    expect(values({ dataType: 10, int32Data: [0x3c00, 0x7e00, 0xc000] })).toEqual([1, NaN, -2]);
    expect(values({ dataType: 16, rawData: raw(Uint16Array.of(0x3f80, 0xc040, 0x0000)) })).toEqual([1, -3, 0]);
    expect(values({ dataType: 11, rawData: raw(Float64Array.of(1e300, -2.5, 0)) })).toEqual([1e300, -2.5, 0]);
    expect(values({ dataType: 7, rawData: raw(BigInt64Array.of(-5n, 2n ** 40n, 7n)) })).toEqual([-5, 2 ** 40, 7]);
    expect(values({ dataType: 13, rawData: raw(BigUint64Array.of(1n, 2n ** 53n, 7n)) })).toEqual([1, 2 ** 53, 7]);
    expect(values({ dataType: 3, rawData: Uint8Array.of(255, 128, 1) })).toEqual([-1, -128, 1]);
    expect(values({ dataType: 9, rawData: Uint8Array.of(1, 0, 1) })).toEqual([1, 0, 1]);
    expect(values({ dataType: 22, rawData: Uint8Array.of(0xf7, 0x08) })).toEqual([7, -1, -8]);
    expect(values({ dataType: 21, int32Data: [0xf7, 0x08] })).toEqual([7, 15, 8]);
    expect(values({ dataType: 12, uint64Data: [1, 2 ** 32 - 1, 3] })).toEqual([1, 2 ** 32 - 1, 3]);
  });
  test('an int64 that 32 bits do not hold is refused where the graph needs it', async () => {
    const big: TensorProto = { name: 'k', dims: [1], dataType: 7, int64Data: [2 ** 40] };
    const graph = {
      input: [info('x', [2], 7)],
      output: [info('y', [2], 7)],
      initializer: [big],
      node: [node('Add', ['x', 'k'], ['y'])],
    };
    await expect(create(graph)).rejects.toThrow('m.onnx: Add of "y": "k": 1099511627776 does not fit the 32 bits');
  });
});

describe('files of weights', () => {
  test.each(['../w', 'a/../../w', '/etc/passwd', 'C:\\w', '..\\w', 'http://host/w', 'a\0b'])(
    '%j leads outside',
    (location) => {
      expect(() => checkLocation(location, 'm')).toThrow("outside the model's folder");
    },
  );
  test.each(['w.bin', 'a/b.data', './w', 'a..b'])('%j lies beside the model', (location) => {
    expect(() => checkLocation(location, 'm')).not.toThrow();
  });
  test('bytes outside the file', () => {
    const proto: TensorProto = {
      dims: [2],
      dataType: 1,
      dataLocation: 1,
      externalData: [
        { key: 'location', value: 'w' },
        { key: 'offset', value: '4' },
        { key: 'length', value: '8' },
      ],
    };
    expect(() => tensorFromProto(proto, 'm: w', () => new Uint8Array(8))).toThrow(
      'm: w: bytes 4 to 12 are outside "w" of 8 bytes',
    );
    expect([...tensorFromProto(proto, 'm', () => new Uint8Array(12)).data]).toEqual([0, 0]);
  });
});

describe('a call', () => {
  const relu = () =>
    create({ input: [info('x', ['n', 2])], output: [info('y', ['n', 2])], node: [node('Relu', ['x'], ['y'])] });
  test('a wrong shape, a missing and an unknown input', async () => {
    const model = await relu();
    expect(() => model.run({ x: { data: [1, 2, 3], shape: [1, 3] } })).toThrow(
      'm.onnx: input "x" expected [n, 2], got [1, 3]',
    );
    expect(() => model.run({ x: { data: [1, 2, 3], shape: [1, 2] } })).toThrow(ShapeError);
    expect(() => model.run({})).toThrow('m.onnx: input "x" is missing');
    expect(() => model.run({ x: [1, 2], z: [1] })).toThrow('m.onnx: no input "z"; it takes "x"');
  });
  test('any batch, each compiled once; the memory is said', async () => {
    const model = await relu();
    for (const n of [1, 3, 1, 2, 3]) {
      const data = Float32Array.from({ length: 2 * n }, (_, i) => (i % 2 ? -i : i));
      expect([...model.run({ x: data })['y']!.data]).toEqual([...data].map((value) => Math.max(0, value)));
    }
    expect(model.memory).toBeGreaterThan(0);
    const session = model.session({ x: [2, 2] });
    session.input('x').set([-1, 2, 3, -4]);
    session.run();
    expect([...session.output('y')]).toEqual([0, 2, 3, 0]);
  });
  test('an index out of range in the data', async () => {
    const graph = {
      input: [info('x', [3]), info('i', [1], 7)],
      output: [info('y', [1])],
      node: [node('Gather', ['x', 'i'], ['y'])],
    };
    const model = await create(graph);
    expect([...model.run({ x: [5, 6, 7], i: [-1n] })['y']!.data]).toEqual([7]);
    expect(() => model.run({ x: [5, 6, 7], i: [3] })).toThrow(NeuriteError);
    expect(() => model.run({ x: [5, 6, 7], i: [0.5] })).toThrow(
      'm.onnx: input "i": element 0 is 0.5, which int64 does not hold here',
    );
  });
  test('an input whose values decide a shape: compiled for these values', async () => {
    const graph = {
      input: [info('x', [6]), info('s', [2], 7)],
      output: [info('y', ['a', 'b'])],
      node: [node('Reshape', ['x', 's'], ['y'])],
    };
    const model = await create(graph);
    const x = [1, 2, 3, 4, 5, 6];
    expect(model.run({ x, s: [2, 3] })['y']!.shape).toEqual([2, 3]);
    expect(model.run({ x, s: [3, -1] })['y']!.shape).toEqual([3, 2]);
    expect(() => model.run({ x, s: [4, -1] })).toThrow('m.onnx: Reshape of "y": [6] cannot become [4, -1]');
  });
});
