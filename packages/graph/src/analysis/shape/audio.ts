/** Spectrograms [channels, windows, frequencies] and what is made of them. */
import { UNKNOWN } from '../dims.ts';
import type { Typed } from '../facts.ts';
import type { InferTable, OpContext } from '../op-context.ts';

function spectrogram(op: OpContext): readonly Typed[] {
  const [time = UNKNOWN, channels = UNKNOWN] = op.ranked(0, 2);
  const [window, stride] = [op.attrs.int('window_size'), op.attrs.int('stride')];
  if (window < 2 || stride < 1) throw op.fail(`has windows of ${window} with a stride of ${stride}`);
  const windows = time < 0 ? UNKNOWN : Math.max(0, Math.floor((time - window) / stride) + 1);
  return [{ dtype: 'float32', dims: [channels, windows, 2 ** Math.ceil(Math.log2(window)) / 2 + 1] }];
}

function mfcc(op: OpContext): readonly Typed[] {
  const [channels = UNKNOWN, windows = UNKNOWN] = op.ranked(0, 3);
  return [{ dtype: 'float32', dims: [channels, windows, op.attrs.int('dct_coefficient_count', 13)] }];
}

export const audio: InferTable = { AudioSpectrogram: spectrogram, Mfcc: mfcc };
