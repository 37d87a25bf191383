// Sequences and optional values within a graph.
import { describe, expect, test } from 'vitest';
import type { GraphProto } from '../../src/formats/onnx/schema.ts';
import { info, integers, modelBytes, node, openBytes } from '../helpers/onnx-graph.ts';

const x = Float32Array.from({ length: 12 }, (_, i) => i);
const input = [info('x', [4, 3])];
const run = async (graph: GraphProto, version = 17) => (await openBytes(modelBytes({ input, ...graph }, version))).run({ x })['y']!; // prettier-ignore
const y = (shape: (number | string)[], type: 'float32' | 'int64' | 'bool' = 'float32') => [info('y', shape, type)];

describe('sequences', () => {
  test('split to rows, one taken out, put in again at the front, joined', async () => {
    const graph = {
      output: y([4, 3]),
      initializer: [integers('last', [], [-1]), integers('first', [], [0])],
      node: [
        node('SplitToSequence', ['x'], ['rows']),
        node('SequenceAt', ['rows', 'last'], ['row']),
        node('SequenceErase', ['rows', 'last'], ['three']),
        node('SequenceInsert', ['three', 'row', 'first'], ['turned']),
        node('ConcatFromSequence', ['turned'], ['y'], { axis: 0 }),
      ],
    };
    expect([...(await run(graph)).data]).toEqual([9, 10, 11, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });
  test('split by a size and by sizes, the length, a new axis', async () => {
    const pieces = (split: number[], shape: number[]) =>
      run({
        output: y([], 'int64'),
        initializer: [integers('split', shape, split)],
        node: [
          node('SplitToSequence', ['x', 'split'], ['pieces'], { axis: 0 }),
          node('SequenceLength', ['pieces'], ['y']),
        ],
      });
    expect([...(await pieces([3], [])).data]).toEqual([2]);
    expect([...(await pieces([1, 1, 2], [3])).data]).toEqual([3]);
    await expect(pieces([1, 1], [2])).rejects.toThrow('pieces of [1, 1] do not make up 4');
    const stacked = await run({
      output: y([3, 4]),
      node: [
        node('SplitToSequence', ['x'], ['rows'], { keepdims: 0 }),
        node('ConcatFromSequence', ['rows'], ['y'], { axis: 1, new_axis: 1 }),
      ],
    });
    expect(stacked.shape).toEqual([3, 4]);
    expect([...stacked.data].slice(0, 4)).toEqual([0, 3, 6, 9]);
  });
  test('constructed, empty, mapped', async () => {
    const body: GraphProto = {
      input: [info('row', [4, 3])],
      output: [info('twice', [4, 3])],
      node: [node('Add', ['row', 'row'], ['twice'])],
    };
    const graph = {
      output: y([8, 3]),
      node: [
        node('SequenceEmpty', [], ['none']),
        node('SequenceInsert', ['none', 'x'], ['one']),
        node('SequenceAt', ['one', 'zero'], ['same']),
        node('SequenceConstruct', ['same', 'x'], ['two']),
        node('SequenceMap', ['two'], ['mapped'], { body }),
        node('ConcatFromSequence', ['mapped'], ['y'], { axis: 0 }),
      ],
      initializer: [integers('zero', [], [0])],
    };
    expect([...(await run(graph)).data]).toEqual([...x, ...x].map((value) => 2 * value));
  });
  test('a loop carries a sequence', async () => {
    const body: GraphProto = {
      input: [info('i', [], 'int64'), info('go', [], 'bool'), info('list', [])],
      output: [info('goOn', [], 'bool'), info('longer', [])],
      node: [node('Identity', ['go'], ['goOn']), node('SequenceInsert', ['list', 'x'], ['longer'])],
    };
    const graph = {
      output: y([], 'int64'),
      initializer: [integers('three', [], [3]), { name: 'yes', dims: [], dataType: 9, int32Data: [1] }],
      node: [
        node('SequenceEmpty', [], ['start']),
        node('Loop', ['three', 'yes', 'start'], ['end'], { body }),
        node('SequenceLength', ['end'], ['y']),
      ],
    };
    expect([...(await run(graph)).data]).toEqual([3]);
  });
  test('what is no sequence, or has no such place, is refused', async () => {
    const at = (place: number, name = 'rows') =>
      run({
        output: y([1, 3]),
        initializer: [integers('place', [], [place])],
        node: [node('SplitToSequence', ['x'], ['rows']), node('SequenceAt', [name, 'place'], ['y'])],
      });
    await expect(at(4)).rejects.toThrow('m.onnx: SequenceAt "SequenceAt y": place 4 in a sequence of 4');
    await expect(at(-5)).rejects.toThrow('place -5 in a sequence of 4');
    await expect(at(0, 'x')).rejects.toThrow('input 0: expected a sequence of tensors, got a tensor');
    const relu = run({ output: y([4, 3]), node: [node('SplitToSequence', ['x'], ['rows']), node('Relu', ['rows'], ['y'])] }); // prettier-ignore
    await expect(relu).rejects.toThrow('expected a tensor, got a sequence of tensors');
    const output = run({ output: y([4, 3]), node: [node('SplitToSequence', ['x'], ['y'])] });
    await expect(output).rejects.toThrow('expected a tensor, got a sequence');
  });
});

describe('optional values', () => {
  test('one that is there is itself, an empty sequence is there too', async () => {
    const graph = {
      output: y([4, 3]),
      node: [node('Optional', ['x'], ['o']), node('OptionalGetElement', ['o'], ['y'])],
    };
    expect([...(await run(graph)).data]).toEqual([...x]);
    const has = (nodes: GraphProto['node']) => run({ output: y([], 'bool'), node: nodes });
    const empty = [node('SequenceEmpty', [], ['e']), node('Optional', ['e'], ['o']), node('OptionalHasElement', ['o'], ['y'])]; // prettier-ignore
    expect([...(await has(empty)).data]).toEqual([1]);
    expect([...(await has([node('Optional', [], ['o']), node('OptionalHasElement', ['o'], ['y'])])).data]).toEqual([0]);
  });
  test('one that is missing cannot be read', async () => {
    const graph = { output: y([4, 3]), node: [node('Optional', [], ['o']), node('OptionalGetElement', ['o'], ['y'])] };
    await expect(run(graph)).rejects.toThrow('the optional value is missing');
  });
});
