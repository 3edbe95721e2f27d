import { describe, expect, it } from 'vitest';
import { emptyGraph, type OnnxGraph } from '../../src/onnx-graph.ts';
import { OnnxModel } from '../../src/proto/onnx.ts';
import { writeOnnx } from '../../src/write/onnx.ts';
import { tensor } from '../support/nodes.ts';

const spec = { name: 'x:0', dtype: 'float32', shape: [-1, 0] } as const;

function graphWith(sizes: readonly number[]): OnnxGraph {
  const graph = emptyGraph(18, [spec], [spec]);
  sizes.forEach((size, i) => {
    graph.constants.set(`w${i}`, tensor('float32', [size], new Array<number>(size).fill(i)));
  });
  return graph;
}

const decode = (graph: OnnxGraph) => {
  const files = writeOnnx(graph, (_, axis) => (axis === 0 ? 'batch' : undefined));
  return { ...files, graph: OnnxModel.decode(files.model, 'model').graph };
};

describe('the ONNX writer', () => {
  it('keeps constants below 1 KiB inside the model', () => {
    const { graph, weights } = decode(graphWith([255]));
    expect(graph?.initializer[0]?.raw_data?.byteLength).toBe(1020);
    expect([...weights]).toEqual([]);
  });

  it('puts larger ones into the weights file at page boundaries, the largest at 64 KiB', () => {
    const { graph, weights } = decode(graphWith([256, 300, 1 << 18, 256]));
    const entries = graph?.initializer.map((each) =>
      Object.fromEntries(each.external_data.map(({ key, value }) => [key, value])),
    );
    expect(entries).toEqual([
      { location: 'weights.bin', offset: '0', length: '1024' },
      { location: 'weights.bin', offset: '4096', length: '1200' },
      { location: 'weights.bin', offset: '65536', length: '1048576' },
      { location: 'weights.bin', offset: '1114112', length: '1024' },
    ]);
    const file = Buffer.concat(Array.from(weights, (piece) => Buffer.from(piece)));
    expect(file.byteLength).toBe(1114112 + 1024);
    expect(file.readFloatLE(65536)).toBe(2);
    expect(file.readFloatLE(1114112)).toBe(3);
  });

  it('writes sizes of zero, names dynamic dimensions and says the types of attributes', () => {
    const graph = graphWith([]);
    graph.nodes.push({
      op: 'A',
      name: 'n',
      inputs: ['x:0', ''],
      outputs: ['y'],
      attrs: { i: 0, f: { f: 0 }, s: '', is: [1, -1] },
    });
    graph.nodes.push({ op: 'B', name: 'n', inputs: ['y'], outputs: ['z'], attrs: {} });
    const written = decode(graph).graph;
    expect(written?.input[0]?.type?.tensor_type?.shape?.dim).toEqual([
      { dim_value: undefined, dim_param: 'batch' },
      { dim_value: 0n, dim_param: undefined },
    ]);
    expect(written?.node.map((node) => node.name)).toEqual(['n', 'n/B']);
    expect(written?.node[0]?.input).toEqual(['x:0', '']);
    expect(written?.node[0]?.attribute.map(({ name, type, i, f, ints }) => [name, type, i, f, ints])).toEqual([
      ['i', 2, 0n, undefined, []],
      ['f', 1, undefined, 0, []],
      ['s', 3, undefined, undefined, []],
      ['is', 7, undefined, undefined, [1n, -1n]],
    ]);
  });

  it.each([
    [13, 7n],
    [15, 8n],
    [18, 8n],
    [20, 9n],
    [22, 10n],
    [23, 11n],
  ])('goes with operator set %i by IR version %i', (opset, ir) => {
    const { model } = writeOnnx(emptyGraph(opset, [spec], [spec]), () => undefined);
    expect(OnnxModel.decode(model, 'model')).toMatchObject({
      ir_version: ir,
      opset_import: [{ version: BigInt(opset) }],
    });
  });
});
