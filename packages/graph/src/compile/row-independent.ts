/** stub */
import type { OnnxGraph } from './onnx-graph.ts';
export interface RowIndependence { readonly proved: boolean; readonly reason: string }
export function rowIndependence(_g: OnnxGraph): { verdict: RowIndependence; batched: ReadonlySet<string> } {
  return { verdict: { proved: false, reason: '' }, batched: new Set(_g.inputs.concat(_g.outputs).map((x) => x.name)) };
}
