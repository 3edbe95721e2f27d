/**
 * Writes a frozen graph as the GraphDef that TensorFlow itself loads. Signatures and the checkpoint's metadata are inside, as a string
 * constant that no node uses. The same graph gives the same bytes.
 */
import { constNode } from '../constants.ts';
import { FloeError } from '../errors.ts';
import type { Frozen } from '../freeze.ts';
import { graphToDef } from '../graph.ts';
import { METADATA_NODE, metadataText } from '../metadata.ts';
import { GraphDef } from '../proto/tensorflow.ts';

/** No protocol buffer is longer. */
const MAX_BYTES = 2 ** 31 - 1;

/** The pieces of `frozen.pb` in order; constants are not copied. Throws OUT_OF_RANGE over 2 GiB. */
export function frozenChunks(frozen: Frozen): readonly Uint8Array[] {
  const text = new TextEncoder().encode(metadataText(frozen));
  const metadata = constNode(METADATA_NODE, { dtype: 'string', shape: [], data: [text] });
  const def = graphToDef(frozen.graph);
  const chunks = GraphDef.chunks({ ...def, node: [...def.node, metadata] });
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  if (bytes > MAX_BYTES) {
    throw new FloeError('OUT_OF_RANGE', `the frozen graph takes ${bytes} bytes; a protocol buffer ends at 2 GiB`);
  }
  return chunks;
}
