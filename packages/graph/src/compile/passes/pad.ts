/** Takes a padding with zeros into the convolution that follows, which pads for nothing. */
import { toNumbers } from '../constant.ts';
import { type OnnxGraph, type OnnxNode, type Uses, usesOf, type Value } from '../onnx-graph.ts';

export function foldPads(graph: OnnxGraph): void {
  const uses = usesOf(graph);
  const pads = new Map<Value, OnnxNode>();
  for (const node of graph.nodes) {
    if (node.op === 'Pad') pads.set(node.outputs[0] ?? '', node);
    if (node.op === 'Conv') takeIn(graph, uses, pads, node);
  }
}

function takeIn(graph: OnnxGraph, uses: Uses, pads: ReadonlyMap<Value, OnnxNode>, conv: OnnxNode): void {
  const padded = conv.inputs[0] ?? '';
  const pad = pads.get(padded);
  if (pad === undefined || uses.only.get(padded) !== conv || conv.attrs['auto_pad'] !== undefined) return;
  const amounts = zeroPadding(graph, pad);
  if (amounts === undefined) return;
  const rank = amounts.length / 2;
  if ([0, 1, rank, rank + 1].some((i) => amounts[i] !== 0) || amounts.some((amount) => amount < 0)) return;
  const own = (conv.attrs['pads'] as readonly number[] | undefined) ?? [];
  const outer = [...amounts.slice(2, rank), ...amounts.slice(rank + 2)];
  conv.attrs = { ...conv.attrs, pads: outer.map((amount, i) => amount + (own[i] ?? 0)) };
  conv.inputs[0] = pad.inputs[0] ?? padded;
}

/** The amounts, if they are constant and zeros are what is put there. */
function zeroPadding(graph: OnnxGraph, pad: OnnxNode): readonly number[] | undefined {
  const [, pads = '', fill] = pad.inputs;
  const mode = pad.attrs['mode'] ?? 'constant';
  const value = fill === undefined ? 0 : graph.constants.get(fill)?.data[0];
  const amounts = graph.constants.get(pads);
  return mode === 'constant' && Number(value) === 0 && amounts !== undefined ? toNumbers(amounts) : undefined;
}
