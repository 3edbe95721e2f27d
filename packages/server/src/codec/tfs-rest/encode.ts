/**
 * TensorFlow Serving's predict answer: `{"predictions": [...]}` in row form, `{"outputs": ...}` in column form, laid out with the
 * white space its writer makes (`MakeRowFormatJsonFromTensors`, `MakeColumnarFormatJsonFromTensors` of `util/json_tensor.cc`).
 */
import { FloeError, invalid, type Tensor } from '@floe/graph/base';
import type { NamedTensor } from '../../core/inference.ts';
import { type ByteWriter, elementWriter, ByteWriter as Writer } from '../json/writer.ts';
import type { TfsForm } from './decode.ts';
import { typeName } from './explain-tensor.ts';

type WriteElement = (writer: ByteWriter, index: number) => void;

export function encodePredict(outputs: readonly NamedTensor[], form: TfsForm): Buffer {
  if (outputs.length === 0) throw invalid('Cannot convert empty tensor map to JSON');
  const writer = new Writer(256 + 16 * outputs.reduce((sum, { tensor }) => sum + tensor.data.length, 0));
  if (form === 'row') writeRows(writer, outputs);
  else writeColumns(writer, outputs);
  return writer.finish();
}

function writeRows(writer: ByteWriter, outputs: readonly NamedTensor[]): void {
  const rows = batchOf(outputs);
  const columns = outputs.map(({ name, tensor }) => new Column(name, tensor));
  writer.raw('{\n    "predictions": [');
  for (let row = 0; row < rows; row++) {
    if (columns.length === 1) {
      if (row > 0) writer.raw(', ');
      columns[0]?.row(writer, row);
    } else {
      writer.raw(row > 0 ? ',\n        {' : '\n        {');
      columns.forEach((column, i) => {
        writer.raw(i > 0 ? ',\n            ' : '\n            ');
        writer.text(column.name);
        writer.raw(': ');
        column.row(writer, row);
      });
      writer.raw('\n        }');
    }
  }
  writer.raw(rows > 0 ? '\n    ]\n}' : ']\n}');
}

function batchOf(outputs: readonly NamedTensor[]): number {
  let batch = -1;
  for (const { name, tensor } of outputs) {
    const [rows] = tensor.shape;
    if (rows === undefined) throw invalid(`Tensor name: ${name} has no shape information `, { tensor: name });
    if (batch >= 0 && rows !== batch) {
      throw invalid(`Tensor name: ${name} has inconsistent batch size: ${rows} expecting: ${batch}`, { tensor: name });
    }
    batch = rows;
  }
  return batch;
}

function writeColumns(writer: ByteWriter, outputs: readonly NamedTensor[]): void {
  writer.raw('{\n    "outputs": ');
  const [only] = outputs;
  if (outputs.length === 1 && only !== undefined) {
    new Column(only.name, only.tensor).whole(writer, 1);
  } else {
    outputs.forEach(({ name, tensor }, i) => {
      writer.raw(i > 0 ? ',\n        ' : '{\n        ');
      writer.text(name);
      writer.raw(': ');
      new Column(name, tensor).whole(writer, 2);
    });
    writer.raw('\n    }');
  }
  writer.raw('\n}');
}

/** One output and how its elements are written. */
class Column {
  readonly name: string;
  private readonly shape: readonly number[];
  private readonly write: WriteElement;
  private offset = 0;

  constructor(name: string, tensor: Tensor) {
    this.name = name;
    this.shape = tensor.shape;
    this.write = writerOf(name, tensor);
  }

  /** Writes the next row on one line. */
  row(writer: ByteWriter, row: number): void {
    if (row === 0) this.offset = 0;
    this.line(writer, 1);
  }

  /** Writes the tensor with every element on a line of its own. */
  whole(writer: ByteWriter, depth: number): void {
    this.offset = 0;
    this.lines(writer, 0, depth);
  }

  private line(writer: ByteWriter, dim: number): void {
    const length = this.shape[dim];
    if (length === undefined) {
      this.write(writer, this.offset++);
      return;
    }
    writer.byte(0x5b);
    for (let i = 0; i < length; i++) {
      if (i > 0) writer.raw(', ');
      this.line(writer, dim + 1);
    }
    writer.byte(0x5d);
  }

  private lines(writer: ByteWriter, dim: number, depth: number): void {
    const length = this.shape[dim];
    if (length === undefined) {
      this.write(writer, this.offset++);
      return;
    }
    const indent = `\n${'    '.repeat(depth + 1)}`;
    writer.byte(0x5b);
    for (let i = 0; i < length; i++) {
      writer.raw(i > 0 ? `,${indent}` : indent);
      this.lines(writer, dim + 1, depth + 1);
    }
    writer.raw(length > 0 ? `\n${'    '.repeat(depth)}]` : ']');
  }
}

/** Outputs of strings whose name ends in `_bytes` are written as `{"b64": ...}`. */
function writerOf(name: string, tensor: Tensor): WriteElement {
  const { data, dtype } = tensor;
  if (dtype === 'float16' || dtype === 'bfloat16') {
    throw new FloeError('INVALID_ARGUMENT', `Failed to write JSON value for tensor type: ${typeName(dtype)}`, {
      tensor: name,
    });
  }
  if (ArrayBuffer.isView(data) || !name.endsWith('_bytes')) return elementWriter(tensor);
  return (writer, index) => {
    const bytes = data[index] ?? new Uint8Array(0);
    const encoded = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
    writer.raw(`{\n                "b64": "${encoded}"\n            }`);
  };
}
