// Morphologies: lists of segments, SWC files, and what is refused.
import { describe, expect, test } from 'vitest';
import { cableNeuron, morphology, MorphologyError, ohmCm, readSwc, um, type Segment } from '../../src/biology/index.ts';

const cable = (name: string, parent?: string): Segment => ({
  name,
  length: um(100),
  diameter: um(1),
  ...(parent === undefined ? {} : { parent }),
});

describe('a list of segments', () => {
  test('may come in any order', () => {
    const tree = morphology([cable('c', 'b'), cable('a'), cable('b', 'a')]);
    expect(tree.sections.map(({ name, parent }) => [name, parent])).toEqual([
      ['a', -1],
      ['b', 0],
      ['c', 1],
    ]);
    expect(tree.length).toBe(300);
    expect(tree.area).toBeCloseTo(300 * Math.PI, 10);
  });

  test.each([
    ['a missing parent', [cable('a'), cable('b', 'x')], 'the parent "x" of "b" is not in the list'],
    ['a cycle', [cable('a'), cable('b', 'c'), cable('c', 'b')], 'the parents of "b", "c" go round in a circle'],
    ['no root', [cable('a', 'a')], 'the parents of "a" go round in a circle'],
    ['two roots', [cable('a'), cable('b')], 'expected one segment without a parent, got "a", "b"'],
    ['a name twice', [cable('a'), cable('a', 'a')], 'two segments are called "a"'],
    ['nothing', [], 'expected at least one segment'],
  ])('with %s is refused', (_, list, message) => {
    expect(() => morphology(list)).toThrow(message);
    expect(() => morphology(list)).toThrow(MorphologyError);
  });

  test.each([
    [{ length: um(0) }, 'morphology: a: length: expected a length above 0, got 0 µm'],
    [{ diameter: um(-1) }, 'morphology: a: diameter: expected a length above 0, got -1 µm'],
    [{ position: 2 }, 'morphology: a: expected a position from 0 to 1, got 2'],
    [{ compartments: 0 }, 'morphology: a: expected a whole number of compartments from 1, got 0'],
  ])('with %o is refused', (wrong, message) => {
    expect(() => morphology([{ ...cable('a'), ...wrong }])).toThrow(message);
  });
});

const file = `# a soma of one node, a branching dendrite and an axon
1 1 0 0 0 10 -1
2 3 10 0 0 1 1
3 3 60 0 0 1 2
4 3 60 50 0 0.5 3
5 3 60 -50 0 0.5 3   # the other branch
6 3 60 -100 0 0.5 5
7 2 -30 0 0 0.5 1
8 4 0 12 0 2 1
9 4 0 112 0 1 8
`;

describe('an SWC file', () => {
  test('becomes sections named by type, with the lengths and diameters of its nodes', () => {
    const tree = readSwc(file);
    const ends = tree.sections.map(({ name, parent, points }) => [
      name,
      parent,
      points.at(-1)!.x,
      points.at(-1)!.diameter,
    ]);
    expect(ends).toEqual([
      ['soma', -1, 20, 20],
      ['dendrite[0]', 0, 50, 2],
      ['axon[0]', 0, 20, 1],
      ['apical[0]', 0, 100, 2],
      ['dendrite[1]', 1, 50, 1],
      ['dendrite[2]', 1, 100, 1],
    ]);
    // the soma is a cylinder with the surface of its ball
    expect(tree.sections[0]!.points[0]).toEqual({ x: 0, diameter: 20 });
    expect(tree.area).toBeGreaterThan(4 * Math.PI * 100);
    const model = cableNeuron(tree, { sections: { dendrite: { axialResistivity: ohmCm(200), compartments: 3 } } });
    expect(model.compartments.filter(({ section }) => section.startsWith('dendrite')).length).toBe(9);
    const tip = model.compartments.find(({ name }) => name === 'dendrite[2](0.5)')!;
    // from the middle of the soma, where branches begin, along the first dendrite and half of the last
    expect(tip.distance).toBeCloseTo(50 + 50, 10);
  });

  test('may have a soma of three nodes, which is one cylinder', () => {
    const tree = readSwc(
      `1 1 0 0 0 5 -1\n2 1 0 -5 0 5 1\n3 1 0 5 0 5 1\n4 3 0 6 0 1 3\n5 3 0 50 0 1 4\n6 3 5 0 0 1 1\n7 3 50 0 0 1 6`,
    );
    expect(tree.sections.map(({ name, parent }) => [name, parent])).toEqual([
      ['soma', -1],
      ['dendrite[0]', 0],
      ['dendrite[1]', 0],
    ]);
    expect(tree.sections[0]!.points).toEqual([
      { x: 0, diameter: 10 },
      { x: 10, diameter: 10 },
    ]);
  });

  test('may have a soma that is a chain, with branches along it', () => {
    const tree = readSwc(`1 1 0 0 0 5 -1\n2 1 10 0 0 6 1\n3 1 20 0 0 4 2\n4 3 10 6 0 1 2\n5 3 10 50 0 1 4`);
    expect(tree.sections.map(({ name, position }) => [name, position])).toEqual([
      ['soma', 1],
      ['dendrite[0]', 0.5],
    ]);
    expect(tree.sections[0]!.points.map(({ diameter }) => diameter)).toEqual([10, 12, 8]);
  });

  test('may have its nodes in any order, any line ends, and begin without a soma', () => {
    const tree = readSwc('3 3 20 0 0 1 2\r\n2 3 10 0 0 1 1\r\n1 3 0 0 0 1 -1\r\n');
    expect(tree.sections.map(({ name, points }) => [name, points.length])).toEqual([['dendrite[0]', 3]]);
  });

  test.each([
    ['a cycle', '1 1 0 0 0 5 -1\n2 3 0 0 0 1 4\n3 3 1 0 0 1 2\n4 3 2 0 0 1 3', 'the nodes 2, 4, 3 are a cycle'],
    ['a missing parent', '1 1 0 0 0 5 -1\n2 3 0 0 0 1 7', 'the parent 7 of node 2 (line 2) is missing'],
    ['something that is no number', '1 1 0 0 zero 5 -1', 'node 1 (line 1): expected a number, got "zero"'],
    ['a type that is not whole', '1 1.5 0 0 0 5 -1', 'node 1 (line 1): expected a whole number, got "1.5"'],
    ['two roots', '1 1 0 0 0 5 -1\n2 3 0 0 0 1 -1', 'expected one root, got the nodes 1, 2'],
    ['a radius of zero', '1 1 0 0 0 5 -1\n2 3 9 0 0 0 1', 'node 2 (line 2): expected a radius above 0, got 0'],
    ['a number twice', '1 1 0 0 0 5 -1\n1 3 9 0 0 1 1', 'node 1 comes twice (line 2)'],
    [
      'a short line',
      '1 1 0 0 0 5 -1\n2 3 9',
      'node 2 (line 2): expected number, type, x, y, z, radius, parent, got 3 fields',
    ],
    ['no root', '1 1 0 0 0 5 2\n2 3 0 0 0 1 1', 'the nodes 1, 2 are a cycle'],
    ['nothing', '# empty\n', 'expected nodes, got none'],
  ])('with %s is refused', (_, text, message) => {
    expect(() => readSwc(text)).toThrow(message);
    expect(() => readSwc(text)).toThrow(MorphologyError);
  });
});

describe('a cable neuron', () => {
  const tree = morphology([cable('soma'), cable('dendrite[0]', 'soma'), cable('dendrite[1]', 'soma')]);

  test.each([
    [{ soma: 'some' }, 'unknown section of cableNeuron "some"; did you mean "soma"?'],
    [{ soma: 'soma(2)' }, 'expected a place such as soma(0.5), from 0 to 1, got soma(2)'],
    [{ sections: { apical: {} } }, 'unknown section of cableNeuron "apical"'],
    [{ method: 'euler' }, 'unknown method of cableNeuron "euler"'],
    [{ axialResistivity: ohmCm(0) }, 'soma: axialResistivity: expected a resistivity above 0, got 0 Ω·cm'],
    [{ axialResistivity: um(150) }, 'expected a resistivity such as ohmCm(150), got 150 µm'],
    [{ dLambda: 0 }, 'expected dLambda above 0, got 0'],
    [{ compartments: 1.5 }, 'soma: compartments: expected a whole number from 1, got 1.5'],
  ])('with %o is refused', (options, message) => {
    expect(() => cableNeuron(tree, options as never)).toThrow(message);
  });
});
