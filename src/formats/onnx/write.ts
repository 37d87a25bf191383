// Messages (schema.ts) to bytes.
import { PbfWriter } from 'pbf';
import { schema, type FieldKind, type MessageName, type ModelProto } from './schema.ts';

type Message = Readonly<Record<string, unknown>>;

function writeFields(name: MessageName, message: Message, writer: PbfWriter): void {
  for (const [number, { name: field, kind, repeated }] of schema[name]) {
    const value = message[field];
    if (value === undefined) continue;
    for (const item of repeated ? (value as readonly unknown[]) : [value]) writeField(number, kind, item, writer);
  }
}

function writeField(number: number, kind: FieldKind, value: unknown, writer: PbfWriter): void {
  switch (kind) {
    case 'int':
      writer.writeTag(number, 0);
      return writer.writeVarint(value as number);
    case 'float':
      writer.writeTag(number, 5);
      return writer.writeFloat(value as number);
    case 'string':
      writer.writeTag(number, 2);
      return writer.writeString(value as string);
    case 'bytes':
      writer.writeTag(number, 2);
      return writer.writeBytes(value as Uint8Array);
    case 'ints':
      return writer.writePackedVarint(number, Array.from(value as ArrayLike<number>));
    case 'floats':
      return writer.writePackedFloat(number, Array.from(value as ArrayLike<number>));
    case 'doubles':
      return writer.writePackedDouble(number, Array.from(value as ArrayLike<number>));
    default:
      return writer.writeMessage(
        number,
        (message: Message, inner) => writeFields(kind, message, inner),
        value as Message,
      );
  }
}

export function writeModel(model: ModelProto): Uint8Array {
  const writer = new PbfWriter();
  writeFields('ModelProto', model as Message, writer);
  return writer.finish();
}
