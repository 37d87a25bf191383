// Lists of tensors and optional tensors within a graph. Their lengths are known while a model is opened, so that they are
// lists of values and nothing of them is left in the program. (A model that takes or gives such is refused.)
import { NeuriteError } from '../../../core/errors.ts';
import { resolveAxis, type Builder, type Value } from '../builder.ts';
import { defineOperator, type Call } from '../operator.ts';
import { concatenate, reshape, slice } from '../movement.ts';
import { typeOf } from './shape.ts';

/** Where an entry is, or may be put: counted from the end where it is negative. */
function placeOf({ build, inputs }: Call, index: number, count: number, otherwise: number): number {
  const given = inputs[index];
  if (!given) return otherwise;
  const [place] = build.numbers(given, 'the place') as [number];
  const resolved = place < 0 ? place + count : place;
  if (!(resolved >= 0 && resolved <= count)) throw new NeuriteError(`place ${place} in a sequence of ${count}`);
  return resolved;
}

function entryOf(call: Call, items: readonly Value[]): number {
  const place = placeOf(call, 1, items.length, items.length - 1);
  if (!(place < items.length)) throw new NeuriteError(`place ${place} in a sequence of ${items.length}`);
  return place;
}

defineOperator('SequenceConstruct', (call) => call.build.sequence(call.all));

defineOperator('SequenceEmpty', ({ build, attributes }) => build.sequence([], typeOf(attributes.int('dtype', 1))));

defineOperator('SequenceAt', (call) => {
  const items = call.sequence(0);
  return items[entryOf(call, items)]!;
});

defineOperator('SequenceErase', (call) => {
  const items = call.sequence(0);
  return call.build.sequence(items.toSpliced(entryOf(call, items), 1), call.value(0).type);
});

defineOperator('SequenceInsert', (call) => {
  const items = call.sequence(0);
  const place = placeOf(call, 2, items.length, items.length);
  return call.build.sequence(items.toSpliced(place, 0, call.input(1)));
});

defineOperator('SequenceLength', (call) => call.build.scalar('int64', call.sequence(0).length));

/** Along an axis that is there, or a new one. */
defineOperator('ConcatFromSequence', (call) => {
  const { build, attributes } = call;
  const items = call.sequence(0);
  const [first] = items;
  if (!first) throw new NeuriteError('an empty sequence cannot be joined');
  const isNew = attributes.flag('new_axis');
  const axis = resolveAxis(attributes.int('axis', 0), first.shape.length + Number(isNew));
  return concatenate(
    build,
    isNew ? items.map((value) => reshape(build, value, value.shape.toSpliced(axis, 0, 1))) : items,
    axis,
  );
});

/** Pieces of equal or given sizes along an axis; without `split` one entry each, whose axis may go. */
defineOperator('SplitToSequence', (call) => {
  const { build, attributes } = call;
  const x = call.input(0);
  const axis = resolveAxis(attributes.int('axis', 0), x.shape.length);
  const size = x.shape[axis]!;
  const given = call.inputs[1];
  const sizes = given ? splitSizes(build, given, size) : Array.from({ length: size }, () => 1);
  const drops = !given && !attributes.flag('keepdims', true);
  let start = 0;
  const items = sizes.map((length) => {
    const piece = slice(build, x, [{ axis, start, step: 1, size: length }]);
    start += length;
    return drops ? reshape(build, piece, piece.shape.toSpliced(axis, 1)) : piece;
  });
  return build.sequence(items, x.type);
});

function splitSizes(build: Builder, given: Value, size: number): number[] {
  const numbers = build.numbers(given, '"split"');
  if (numbers.some((length) => !(length >= 0))) throw new NeuriteError(`pieces of [${numbers.join(', ')}]`);
  if (given.shape.length === 0) {
    const [length] = numbers as [number];
    if (length === 0) throw new NeuriteError('pieces of 0 entries');
    return Array.from({ length: Math.ceil(size / length) }, (_, i) => Math.min(length, size - i * length));
  }
  if (numbers.reduce((sum, length) => sum + length, 0) !== size)
    throw new NeuriteError(`pieces of [${numbers.join(', ')}] do not make up ${size}`);
  return numbers;
}

/** The body for each entry; other inputs go along, sequences entry by entry. */
defineOperator('SequenceMap', (call) => {
  const items = call.sequence(0);
  const others = call.inputs.slice(1).map((_, i) => call.value(i + 1));
  const body = call.attributes.graph('body');
  const results = items.map((item, i) =>
    call.subgraph(body, [item, ...others.map((other) => (other.sequence ? other.sequence[i]! : other))]),
  );
  return (body.output ?? []).map((_, k) => call.build.sequence(results.map((values) => values[k]!)));
});

// ---- optional: the value itself where it is there

const nothing: readonly Value[] = [];

defineOperator('Optional', (call): Value => call.inputs[0] ?? { type: 'float32', shape: [0], sequence: nothing });

const isMissing = ({ inputs: [x] }: Call): boolean => !x || x.sequence === nothing;

defineOperator('OptionalHasElement', (call) => call.build.scalar('bool', Number(!isMissing(call))));

defineOperator('OptionalGetElement', (call) => {
  if (isMissing(call)) throw new NeuriteError('the optional value is missing');
  return call.value(0);
});
