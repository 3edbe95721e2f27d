/** What a file is that is no TensorFlow model, told by how it begins, and what to do with it: such files are often given by mistake. */
import { FloeError } from '../errors.ts';

interface Format {
  readonly matches: (bytes: Uint8Array, text: string) => boolean;
  readonly reason: string;
}

const KERAS = 'export the model as a SavedModel with model.export()';

/** A ModelProto of ONNX begins with its version, as a SavedModel does, whose own is 1. */
const SAVED_MODEL_VERSION = 1;

const FORMATS: readonly Format[] = [
  {
    matches: (_, text) => text.startsWith('\x89HDF\r\n'),
    reason: `is an HDF5 file, as Keras writes for .h5; ${KERAS}`,
  },
  {
    matches: (_, text) => text.startsWith('PK\x03\x04'),
    reason: `is a ZIP archive, as .keras files and PyTorch's are; for Keras, ${KERAS}`,
  },
  { matches: (_, text) => text.startsWith('\x1f\x8b'), reason: 'is packed by gzip; unpack it and give what is inside' },
  {
    matches: (_, text) => text.slice(4, 8) === 'TFL3',
    reason: 'is a TensorFlow Lite model; give the SavedModel that it was made from',
  },
  {
    matches: (bytes) => bytes[0] === 0x80 && (bytes[1] ?? 0) >= 2 && (bytes[1] ?? 0) <= 5,
    reason: 'is a pickle of Python, not a graph of TensorFlow',
  },
  {
    matches: (_, text) => text.startsWith('version https://git-lfs'),
    reason: 'is a pointer of Git LFS, not the file itself; get that with git lfs pull',
  },
  {
    matches: (bytes) => bytes[0] === 0x08 && (bytes[1] ?? 0) > SAVED_MODEL_VERSION && (bytes[1] ?? 0) < 0x40,
    reason: 'is an ONNX model; Floe reads TensorFlow models',
  },
  { matches: isText, reason: "is text, not a graph in binary form; one in protobuf's text format is called .pbtxt" },
];

/** Longest beginning that is looked at: the tag of a node's op, no printable character, comes before that. */
const BEGINNING = 1024;

function isText(bytes: Uint8Array): boolean {
  const beginning = bytes.subarray(0, BEGINNING);
  return (
    beginning.byteLength > 0 && beginning.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13))
  );
}

/** Throws UNIMPLEMENTED saying what the file is, if it is known to be something else. */
export function refuseForeign(bytes: Uint8Array, file: string): void {
  const text = Buffer.from(bytes.subarray(0, BEGINNING)).toString('latin1');
  const format = FORMATS.find(({ matches }) => matches(bytes, text));
  if (format !== undefined)
    throw new FloeError('UNIMPLEMENTED', `${file} ${format.reason}`, { file, reason: format.reason });
}
