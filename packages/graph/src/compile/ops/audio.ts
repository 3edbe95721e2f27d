/**
 * The two ops that small keyword spotters of TensorFlow 1 begin with: spectrogram and MFCC. Both are products with matrices that are made
 * at compile time. Source: `tensorflow/core/kernels/spectrogram.cc`, `mfcc.cc`, `mfcc_mel_filterbank.cc`, `mfcc_dct.cc`.
 */
import type { Value } from '../../onnx-graph.ts';
import type { Lower, Lowering } from '../lowering.ts';
import { Calculator, indices, sizeOfAxis } from './calculate.ts';
import { range, scalar, transpose } from './common.ts';

function matrix(l: Lowering, rows: number, columns: number, element: (row: number, column: number) => number): Value {
  const data = Float32Array.from({ length: rows * columns }, (_, i) => element(Math.floor(i / columns), i % columns));
  return l.fresh('matrix', { dtype: 'float32', shape: [rows, columns], data });
}

/** Samples [time, channels] as what each window has of each frequency: [channels, windows, frequencies]. */
function spectrogram(l: Lowering): Value {
  const window = l.count(l.attrs.int('window_size'), 'window_size');
  const stride = l.count(l.attrs.int('stride'), 'stride');
  if (window < 2 || stride < 1) throw l.refuse(`windows of ${window} with a stride of ${stride}`);
  const length = 2 ** Math.ceil(Math.log2(window));
  if (window * length > MOST) throw l.refuse(`windows of ${window} samples`);
  const [whole, f] = [new Calculator(l, 'int64'), new Calculator(l, 'float32')];
  const time = sizeOfAxis(l, l.input(0), 0, l.shape(0)?.[0]);
  const room = whole.do('Max', whole.do('Add', time, stride - window), 0);
  const starts = whole.do('Mul', indices(l, whole.do('Div', room, stride), 1), stride);
  const within = l.fresh('within', {
    dtype: 'int64',
    shape: [window],
    data: BigInt64Array.from(range(window), BigInt),
  });
  const samples = transpose(l, l.input(0), [1, 0]);
  const windows = l.emit('Gather', [samples, whole.do('Add', starts, within)], { axis: 1 }, CUBE);
  const hann = (i: number): number => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / window);
  const waves = [Math.cos, Math.sin].map((wave) =>
    matrix(l, window, length / 2 + 1, (i, k) => hann(i) * wave((2 * Math.PI * ((i * k) % length)) / length)),
  );
  const [even, odd] = waves.map((table) => {
    const part = l.emit('MatMul', [windows, table], {}, CUBE);
    return f.do('Mul', part, part);
  }) as [Value, Value];
  const squared = f.do('Add', even, odd);
  return l.attrs.bool('magnitude_squared', false) ? squared : f.do('Sqrt', squared);
}

/** Elements of a matrix of cosines, so that a file cannot ask for one of any size. */
const MOST = 1 << 24;
const CUBE = { dtype: 'float32', shape: [-1, -1, -1] } as const;

const mel = (frequency: number): number => 1127 * Math.log1p(frequency / 700);

/** How much each of `bins` frequencies gives to each of `channels` triangles that are evenly spread by pitch. */
function filterbank(
  l: Lowering,
  bins: number,
  channels: number,
  rate: number,
): (bin: number, channel: number) => number {
  const [low, high] = [l.attrs.float('lower_frequency_limit', 20), l.attrs.float('upper_frequency_limit', 4000)];
  const spacing = (mel(high) - mel(low)) / (channels + 1);
  const centre = (channel: number): number => mel(low) + spacing * (channel + 1);
  const step = (0.5 * rate) / (bins - 1);
  const [first, last] = [Math.trunc(1.5 + low / step), Math.trunc(high / step)];
  return (bin, channel) => {
    if (bin < first || bin > last) return 0;
    const pitch = mel(bin * step);
    const above = range(channels).find((i) => centre(i) >= pitch) ?? channels;
    const share = (centre(above) - pitch) / (above === 0 ? centre(0) - mel(low) : spacing);
    if (channel === above - 1) return share;
    return channel === above ? 1 - share : 0;
  };
}

/** Inputs: spectrogram, sample rate. Cosines of the logarithms of what each triangle holds. */
function mfcc(l: Lowering): Value {
  const [rate = 0] = l.needNumbers(1, 'the sample rate');
  const bins = l.shape(0)?.[2] ?? -1;
  if (bins < 2) throw l.refuse('the number of frequencies is unknown');
  const channels = l.count(l.attrs.int('filterbank_channel_count', 40), 'filterbank_channel_count');
  const count = l.count(l.attrs.int('dct_coefficient_count', 13), 'dct_coefficient_count');
  if (bins * channels > MOST || channels < 1) throw l.refuse(`${channels} triangles over ${bins} frequencies`);
  const f = new Calculator(l, 'float32');
  const bank = matrix(l, bins, channels, filterbank(l, bins, channels, rate));
  const held = l.emit('MatMul', [f.do('Sqrt', l.input(0)), bank], {}, CUBE);
  const loudness = f.do('Log', f.do('Max', held, scalar(l, 'float32', 1e-12)));
  const cosines = matrix(
    l,
    channels,
    count,
    (j, i) => Math.sqrt(2 / channels) * Math.cos(((i * Math.PI) / channels) * (j + 0.5)),
  );
  return l.emit('MatMul', [loudness, cosines], {}, l.outType());
}

export const AUDIO = { AudioSpectrogram: spectrogram, Mfcc: mfcc } satisfies Record<string, Lower>;
