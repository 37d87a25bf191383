// Whether the attributes of an object may be read: jsfive goes over as many elements as an attribute claims, wherever the
// file ends. An attribute stands in its message whole (texts of free length as references of 16 bytes), so that its elements
// must fit the message. And whether the texts of free length of a dataset may be read.
// Source: HDF5 File Format Specification 3.0, IV.A.2.b, d, i and m.
import { FormatError } from '../../core/errors.ts';

/** A message of an object's header, as jsfive lists it. */
export interface HeaderMessage {
  get(name: 'type' | 'size' | 'offset_to_message'): number;
}

const layoutType = 8;
const attributeType = 12;
/** Of data that were never written. */
const undefinedAddress = 2n ** 64n - 1n;
const [fixedPoint, floatingPoint, enumerated, freeLength] = [0, 1, 8, 9];

/** @throws FormatError for an attribute whose elements do not fit it, or that refers to a text twice */
export function checkAttributes(file: ArrayBuffer, messages: readonly HeaderMessage[]): void {
  const view = new DataView(file);
  const texts = new Set<string>();
  for (const message of messages) {
    if (Number(message.get('type')) !== attributeType) continue;
    const begin = Number(message.get('offset_to_message'));
    const size = Number(message.get('size'));
    if (!(begin + size <= file.byteLength)) throw new FormatError('an attribute ends outside of the file');
    const { type, values, count } = partsOf(view, begin);
    // One byte at least, so that elements of no size are counted too.
    const bytes = count * Math.max(1, view.getUint32(type + 4, true));
    if (!(bytes <= size)) throw new FormatError(`an attribute claims ${bytes} bytes in a message of ${size}`);
    if (isOfFreeLength(view, type)) checkReferences(view, values, count, texts);
  }
}

/** @throws FormatError for a dataset of texts of free length, not in chunks, that refers to a text twice */
export function checkTexts(file: ArrayBuffer, messages: readonly HeaderMessage[], count: number): void {
  const layout = messages.find((message) => Number(message.get('type')) === layoutType)!;
  const view = new DataView(file);
  const begin = Number(layout.get('offset_to_message'));
  // Versions 1 and 2 have the rank, the class and five bytes of nothing before the address.
  const address = view.getBigUint64(begin + (view.getUint8(begin) < 3 ? 8 : 2), true);
  if (address !== undefinedAddress) checkReferences(view, Number(address), count, new Set());
}

/** Where an attribute's type and values begin, and the number of elements. */
function partsOf(view: DataView, begin: number): { type: number; values: number; count: number } {
  const version = view.getUint8(begin);
  const padded = (length: number) => (version === 1 ? Math.ceil(length / 8) * 8 : length);
  const [nameSize, typeSize, spaceSize] = [2, 4, 6].map((at) => padded(view.getUint16(begin + at, true))) as [
    number,
    number,
    number,
  ];
  const type = begin + (version === 3 ? 9 : 8) + nameSize;
  const space = type + typeSize;
  const rank = view.getUint8(space + 1);
  const dimensions = space + (view.getUint8(space) === 1 ? 8 : 4);
  let count = 1;
  for (let axis = 0; axis < rank; axis++) count *= Number(view.getBigUint64(dimensions + 8 * axis, true));
  return { type, values: space + spaceSize, count };
}

/** @throws FormatError for sequences of sequences, which may hold themselves */
function isOfFreeLength(view: DataView, begin: number): boolean {
  const classOf = (at: number) => view.getUint8(at) & 15;
  let type = begin;
  while (classOf(type) === enumerated) type += 8;
  if (classOf(type) !== freeLength) return false;
  const isText = (view.getUint8(type + 1) & 1) === 1;
  if (!isText && ![fixedPoint, floatingPoint].includes(classOf(type + 8)))
    throw new FormatError('an attribute of sequences of other things than numbers');
  return true;
}

/** Each text is copied for each reference to it: two to one may make much of little. An empty one is number 0. */
function checkReferences(view: DataView, begin: number, count: number, texts: Set<string>): void {
  for (let i = 0; i < count; i++) {
    const element = begin + 16 * i;
    const number = view.getUint32(element + 12, true);
    const reference = `${view.getBigUint64(element + 4, true)} ${number}`;
    if (number !== 0 && texts.has(reference)) throw new FormatError('its values refer to a text twice');
    texts.add(reference);
  }
}
