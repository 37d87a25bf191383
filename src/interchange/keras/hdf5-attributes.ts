// Whether the attributes of an object may be read: jsfive goes over as many elements as an attribute claims, wherever the
// file ends. An attribute stands in its message whole (texts of free length as references of 16 bytes), so that its elements
// must fit the message. Source: HDF5 File Format Specification 3.0, IV.A.2.b, d and m.
import { FormatError } from '../../core/errors.ts';

/** A message of an object's header, as jsfive lists it. */
export interface HeaderMessage {
  get(name: 'type' | 'size' | 'offset_to_message'): number;
}

const attributeType = 12;

/** @throws FormatError for an attribute whose elements do not fit it */
export function checkAttributes(file: ArrayBuffer, messages: readonly HeaderMessage[]): void {
  const view = new DataView(file);
  for (const message of messages) {
    if (Number(message.get('type')) !== attributeType) continue;
    const begin = Number(message.get('offset_to_message'));
    const size = Number(message.get('size'));
    if (!(begin + size <= file.byteLength)) throw new FormatError('an attribute ends outside of the file');
    const bytes = elementBytes(view, begin);
    if (!(bytes <= size)) throw new FormatError(`an attribute claims ${bytes} bytes in a message of ${size}`);
  }
}

/** The number of elements times the size of one. */
function elementBytes(view: DataView, begin: number): number {
  const version = view.getUint8(begin);
  const padded = (length: number) => (version === 1 ? Math.ceil(length / 8) * 8 : length);
  const [nameSize, typeSize] = [2, 4].map((at) => padded(view.getUint16(begin + at, true))) as [number, number];
  const type = begin + (version === 3 ? 9 : 8) + nameSize;
  const space = type + typeSize;
  const rank = view.getUint8(space + 1);
  const dimensions = space + (view.getUint8(space) === 1 ? 8 : 4);
  let count = 1;
  for (let axis = 0; axis < rank; axis++) count *= Number(view.getBigUint64(dimensions + 8 * axis, true));
  // One byte at least, so that elements of no size are counted too.
  return count * Math.max(1, view.getUint32(type + 4, true));
}
