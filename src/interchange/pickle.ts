// Pickles are programs, not data: PyTorch's .pt and .pth files, a pickle alone or in a zip archive, are refused with the
// way to a file of weights.
import { FormatError } from '../core/errors.ts';
import { isZip } from '../formats/zip.ts';

/** Protocols 2 to 5 begin with 0x80 and their number; the old files of PyTorch with its magic number as the first object. */
const isRawPickle = (bytes: Uint8Array): boolean => bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5;

/** Whether an archive has a member `…/data.pkl`, by its first local header. */
function isTorchArchive(bytes: Uint8Array): boolean {
  if (!isZip(bytes) || bytes.length < 30) return false;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint16(26, true);
  return /(^|\/)(data\.pkl|byteorder|version|\.format_version|\.storage_alignment)$/.test(
    new TextDecoder('latin1').decode(bytes.subarray(30, 30 + length)),
  );
}

export const isPickle = (bytes: Uint8Array): boolean => isRawPickle(bytes) || isTorchArchive(bytes);

/** @throws FormatError for a pickle, with the two lines of Python that make a safetensors file of it */
export function refusePickle(bytes: Uint8Array, what: string): void {
  if (!isPickle(bytes)) return;
  throw new FormatError(
    `${what}: this is a pickle (.pt, .pth), a program that only Python may run. In Python:\n` +
      `  import torch, safetensors.torch\n` +
      `  safetensors.torch.save_file(torch.load('model.pt', map_location='cpu', weights_only=True), 'model.safetensors')`,
  );
}
