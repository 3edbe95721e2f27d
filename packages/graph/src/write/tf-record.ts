/**
 * Examples as TensorFlow's input pipelines read them: `tf.train.Example` messages in a TFRecord file, each record behind its length and
 * between two masked checksums. Source: https://www.tensorflow.org/tutorials/load_data/tfrecord#tfrecords_format_details
 */
import { Example, type Feature } from '../proto/tensorflow.ts';
import { crc32c, maskCrc } from '../read/crc32c.ts';
import { numbersOf, type Tensor } from '../tensor.ts';

const LENGTH_BYTES = 8;
const CRC_BYTES = 4;

/** Pieces of one record: an example that has each tensor's elements, flat, under its name. Floats become float32, integers int64. */
export function exampleRecord(tensors: ReadonlyMap<string, Tensor>): readonly Uint8Array[] {
  const feature = new Map([...tensors].map(([name, tensor]) => [name, featureOf(tensor)]));
  return record(Example.encode({ features: { feature } }));
}

/** Pieces of one record of any bytes. */
export function record(data: Uint8Array): readonly Uint8Array[] {
  const head = new DataView(new ArrayBuffer(LENGTH_BYTES + CRC_BYTES));
  head.setBigUint64(0, BigInt(data.byteLength), true);
  head.setUint32(LENGTH_BYTES, maskCrc(crc32c(new Uint8Array(head.buffer, 0, LENGTH_BYTES))), true);
  const tail = new DataView(new ArrayBuffer(CRC_BYTES));
  tail.setUint32(0, maskCrc(crc32c(data)), true);
  return [new Uint8Array(head.buffer), data, new Uint8Array(tail.buffer)];
}

function featureOf(tensor: Tensor): Feature {
  const { dtype, data } = tensor;
  const nothing = { bytes_list: undefined, float_list: undefined, int64_list: undefined };
  switch (dtype) {
    case 'string':
      return { ...nothing, bytes_list: { value: data as readonly Uint8Array[] } };
    case 'float32':
      return { ...nothing, float_list: { value: data as Float32Array } };
    case 'float64':
    case 'float16':
    case 'bfloat16':
      return { ...nothing, float_list: { value: Float32Array.from(numbersOf(tensor)) } };
    default:
      return { ...nothing, int64_list: { value: Array.from(data as Int32Array, BigInt) } };
  }
}
