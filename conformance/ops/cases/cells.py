"""Cases of recurrent cells that are one op, of sparse and of quantised tensors, and of decoding."""
import itertools

import numpy as np
import tensorflow as tf

from .registry import add, sample

raw = tf.raw_ops


def weights(p, r, size, units, fed):
    """Those of an LSTM: w, the peepholes, b."""
    given = p if fed else tf.constant
    values = [r.normal(0, 0.5, shape).astype(np.float32) for shape in ((size + units, 4 * units), (units,), (units,), (units,), (4 * units,))]
    names = ("w", "wci", "wcf", "wco", "b")
    return {name: given(value, dynamic=False) if fed else given(value) for name, value in zip(names, values)}


for peephole, clip, fed in itertools.product((False, True), (-1.0, 0.4), (False, True)):
    def cell(p, r, peephole=peephole, clip=clip, fed=fed):
        states = dict(x=p(sample(r, (3, 5), np.float32, -2, 2)), cs_prev=p(sample(r, (3, 4), np.float32, -1, 1)), h_prev=p(sample(r, (3, 4), np.float32, -1, 1)))
        return raw.LSTMBlockCell(**states, **weights(p, r, 5, 4, fed), forget_bias=0.7, cell_clip=clip, use_peephole=peephole)

    def layer(p, r, version="", steps=6, peephole=peephole, clip=clip, fed=fed):
        """Of i, f, o, ci and co nothing is said behind the steps that count."""
        bias = {"forget_bias": 0.7} if version == "" else {}
        states = dict(x=p(sample(r, (6, 3, 5), np.float32, -2, 2)), cs_prev=p(sample(r, (3, 4), np.float32, -1, 1)), h_prev=p(sample(r, (3, 4), np.float32, -1, 1)))
        result = getattr(raw, f"BlockLSTM{version}")(
            seq_len_max=p(np.int64(steps)), **states, **weights(p, r, 5, 4, fed), cell_clip=clip, use_peephole=peephole, **bias)
        return result if steps == 6 else (result.cs, result.h)

    add("LSTMBlockCell", cell)
    add("BlockLSTM", layer)
    add("BlockLSTM", lambda p, r, f=layer: f(p, r, steps=4))
    add("BlockLSTM", lambda p, r, f=layer: f(p, r, steps=0))
    add("BlockLSTMV2", lambda p, r, f=layer: f(p, r, "V2"))
    add("BlockLSTMV2", lambda p, r, f=layer: f(p, r, "V2", 2))
for fed in (False, True):
    def gru(p, r, fed=fed):
        given = (lambda *shape: p(sample(r, shape, np.float32, -1, 1), dynamic=False)) if fed else (lambda *shape: tf.constant(sample(r, shape, np.float32, -1, 1)))
        x, h = p(sample(r, (3, 5), np.float32)), p(sample(r, (3, 4), np.float32, -1, 1))
        return raw.GRUBlockCell(x=x, h_prev=h, w_ru=given(9, 8), w_c=given(9, 4), b_ru=given(8), b_c=given(4))

    add("GRUBlockCell", gru)

# Sparse tensors
INDICES = np.int64([[0, 0], [0, 2], [2, 1], [2, 3], [4, 0]])
for indices, shape, new in (
    (INDICES, [5, 4], [4, 5]), (INDICES, [5, 4], [2, -1]), (INDICES, [5, 4], [-1]), (INDICES, [5, 4], [2, 2, 5]),
    (np.int64([[0, 1, 2], [1, 2, 3]]), [2, 3, 4], [6, -1]), (np.int64([[0, 1, 2], [1, 2, 3]]), [2, 3, 4], [-1, 2, 2, 3]),
):
    for fed in (False, True):
        add("SparseReshape", lambda p, r, i=indices, s=shape, n=new, fed=fed: raw.SparseReshape(
            input_indices=p(i), input_shape=p(np.int64(s), dynamic=False), new_shape=p(np.int64(n), dynamic=False) if fed else np.int64(n)))
for indices, rows in ((INDICES, 5), (INDICES, 7), (INDICES[:0], 40), (INDICES[[4, 0, 3, 1, 2]], 6), (INDICES[[1, 0, 2, 4, 3]], 5)):
    for dtype in (np.int64, np.float32, np.int32, np.bool_):
        add("SparseFillEmptyRows", lambda p, r, i=indices, n=rows, d=dtype: raw.SparseFillEmptyRows(
            indices=p(i), values=p(sample(r, (len(i),), d)), dense_shape=p(np.int64([n, 4]), dynamic=False), default_value=p(d(1))))

# Decoding
for merged, blank, (steps, lengths) in itertools.product((False, True), (-1, 0, 2), ((9, [9, 4, 1]), (9, [0, 9, 9]), (20, [0, 0, 0]))):
    add("CTCGreedyDecoder", lambda p, r, m=merged, b=blank, t=steps, n=lengths: raw.CTCGreedyDecoder(
        inputs=p(sample(r, (t, 3, 4), np.float32, -1, 1), [None, None, 4]), sequence_length=p(np.int32(n)), merge_repeated=m, blank_index=b))

# Bytes that stand for numbers
for mode, (dtype, kind), (low, high), constant in itertools.product(
    ("MIN_COMBINED", "MIN_FIRST", "SCALED"), ((np.uint8, tf.quint8), (np.int8, tf.qint8), (np.int16, tf.qint16), (np.uint16, tf.quint16), (np.int32, tf.qint32)),
    ((-1.5, 2.25), (0.0, 6.0), (-3.0, 0.5), (0.3, 0.3)), (False, True),
):
    # With oneDNN, TensorFlow has no SCALED qint32.
    if (mode, kind) == ("SCALED", tf.qint32) or mode == "MIN_FIRST" and (low == high or kind not in (tf.quint8, tf.qint8)):
        continue

    def dequantize(p, r, m=mode, d=dtype, k=kind, low=low, high=high, constant=constant):
        info = np.iinfo(d)
        values = r.integers(info.min, info.max, (4, 5), endpoint=True).astype(d)
        given = tf.constant if constant else p
        return raw.Dequantize(input=tf.bitcast(given(values), k), min_range=given(np.float32(low)), max_range=given(np.float32(high)), mode=m)

    add("Dequantize", dequantize)
add("Dequantize", lambda p, r: raw.Dequantize(input=tf.bitcast(p(np.int16([-32768, -32767, 0, 32767])), tf.qint16), min_range=-2.0, max_range=1.0, mode="SCALED", narrow_range=True))
for given, wanted in itertools.permutations((np.int8, np.uint8), 2):
    add("Bitcast", lambda p, r, a=given, b=wanted: tf.bitcast(p(r.integers(np.iinfo(a).min, np.iinfo(a).max, (3, 4), endpoint=True).astype(a)), b))
for given, wanted in ((np.int16, np.uint16), (np.uint32, np.int32), (np.int64, np.uint64), (np.float32, np.float32)):
    add("Bitcast", lambda p, r, a=given, b=wanted: tf.bitcast(p(sample(r, (3, 4), a, 0 if "u" in a.__name__ else -5)), b))
add("Bitcast", lambda p, r: tf.bitcast(tf.constant([1.5, -2.0]), tf.int32) + p(np.int32(1)))
