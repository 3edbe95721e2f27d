/**
 * Dequantize in TensorFlow's plain ops: weights that lie in a graph as bytes become numbers, and constants where all of it is constant.
 *
 *   MIN_COMBINED   (x + half the range of a signed dtype) * (max - min) / steps + min
 *   MIN_FIRST      (x - least) * (max - min) / steps + min, which is moved to a multiple of a step
 *   SCALED         x * the greater of min / least and max / greatest
 *
 * Source: `tensorflow/core/kernels/dequantize_op.cc`, `quantization_utils.h`.
 */
import { constNode } from '../constants.ts';
import { DTYPES, type DType } from '../dtype.ts';
import { Attrs, attrOf, type Graph, graphOf, type Node } from '../graph.ts';
import { dataInputs, isControl, takeName } from './walk.ts';

const FLOAT = attrOf({ type: DTYPES.float32.tf });
/** Least and greatest value of each dtype. */
const LIMITS: Partial<Record<DType, readonly [least: number, greatest: number]>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-2147483648, 2147483647],
};

/** What has a range for each channel, or gives another dtype than float32, stays as it is. */
export function withoutDequantize(graph: Graph): Graph {
  if (!graph.nodes.some(isPlain)) return graph;
  const taken = new Set(graph.byName.keys());
  const nodes = graph.nodes.flatMap((node) => (isPlain(node) ? new Arithmetic(node, taken).nodes() : [node]));
  return graphOf(nodes, graph.functions, graph.versions);
}

function isPlain(node: Node): boolean {
  if (node.op !== 'Dequantize' || dataInputs(node).length !== 3) return false;
  const attrs = new Attrs(node);
  return attrs.int('axis', -1) === -1 && attrs.dtype('dtype', 'float32') === 'float32';
}

class Arithmetic {
  private readonly node: Node;
  private readonly taken: Set<string>;
  private readonly made: Node[] = [];

  constructor(node: Node, taken: Set<string>) {
    this.node = node;
    this.taken = taken;
  }

  nodes(): readonly Node[] {
    const { node } = this;
    const attrs = new Attrs(node);
    const dtype = attrs.dtype('T');
    const limits = LIMITS[dtype];
    const mode = attrs.string('mode', 'MIN_COMBINED');
    if (limits === undefined) return [node];
    const [x = '', min = '', max = ''] = node.input;
    const control = node.input.filter(isControl);
    const number = this.add('Cast', [x, ...control], { SrcT: attrOf({ type: DTYPES[dtype].tf }), DstT: FLOAT });
    if (mode === 'SCALED') {
      this.do('Mul', [number, this.scaled(limits, min, max, attrs.bool('narrow_range', false))], node.name);
      return this.made;
    }
    const step = this.do('RealDiv', [this.do('Sub', [max, min]), this.constant(limits[1] - limits[0])]);
    const first = mode === 'MIN_FIRST' ? this.onStep(min, step) : min;
    const fromLeast = this.do('Sub', [number, this.constant(limits[0])]);
    this.do('AddV2', [this.do('Mul', [fromLeast, step]), first], node.name);
    return this.made;
  }

  private scaled([least, greatest]: readonly [number, number], min: string, max: string, narrow: boolean): string {
    const above = this.do('RealDiv', [max, this.constant(greatest)]);
    if (least === 0) return above;
    return this.do('Maximum', [above, this.do('RealDiv', [min, this.constant(least + (narrow ? 1 : 0))])]);
  }

  /** The multiple of a step nearest to a number, of two the one farther from 0; the number itself where a step is nothing. */
  private onStep(value: string, step: string): string {
    const steps = this.do('DivNoNan', [value, step]);
    const whole = this.do('Floor', [this.do('AddV2', [this.do('Abs', [steps]), this.constant(0.5)])]);
    const near = this.do('Mul', [this.do('Mul', [this.do('Sign', [steps]), whole]), step]);
    const none = this.add('Equal', [step, this.constant(0)], { T: FLOAT });
    return this.add('SelectV2', [none, value, near], { T: FLOAT });
  }

  private do(op: string, inputs: readonly string[], name?: string): string {
    return this.add(op, inputs, { T: FLOAT }, name);
  }

  private add(
    op: string,
    input: readonly string[],
    attrs: Readonly<Record<string, typeof FLOAT>>,
    name = this.free(op),
  ) {
    this.made.push({ name, op, input, device: '', attr: new Map(Object.entries(attrs)) });
    return name;
  }

  private constant(value: number): string {
    const name = this.free('Const');
    this.made.push(constNode(name, { dtype: 'float32', shape: [], data: Float32Array.of(value) }));
    return name;
  }

  private free(suffix: string): string {
    return takeName(this.taken, `${this.node.name}/${suffix}`);
  }
}
