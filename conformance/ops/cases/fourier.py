"""Cases of complex numbers and Fourier transforms; only real tensors go in and come out."""
import itertools

import numpy as np
import tensorflow as tf

from .registry import add, sample

raw = tf.raw_ops


def real(p, r, *shape, declared=None, dtype=np.float32):
    return p(sample(r, shape, dtype), declared)


def pair(p, r, *shape, declared=None, dtype=np.float32):
    return tf.complex(real(p, r, *shape, declared=declared, dtype=dtype), real(p, r, *shape, declared=declared, dtype=dtype))


def both(value):
    return [tf.math.real(value), tf.math.imag(value)]



for n, length in ((16, 16), (15, 15), (16, 9), (20, 16), (700, 700), (720, 600), (1, 1)):
    add("RFFT", lambda p, r, n=n, k=length: both(raw.RFFT(input=real(p, r, 3, n), fft_length=[k])))
    add("IRFFT", lambda p, r, n=n, k=length: raw.IRFFT(input=pair(p, r, 3, n // 2 + 1), fft_length=[k]))
    add("FFT", lambda p, r, n=n: both(raw.FFT(input=pair(p, r, 3, n))))
    add("IFFT", lambda p, r, n=n: both(raw.IFFT(input=pair(p, r, 3, n))))
add("RFFT", lambda p, r: both(raw.RFFT(input=real(p, r, 3, 20, declared=[None, None]), fft_length=[16])))
add("RFFT", lambda p, r: both(raw.RFFT(input=real(p, r, 600), fft_length=[600])))
add("RFFT", lambda p, r: both(raw.RFFT(input=real(p, r, 2, 3, 1024, declared=[None, None, 1024]), fft_length=[1024])))
add("RFFT", lambda p, r: both(raw.RFFT(input=real(p, r, 16, dtype=np.float64), fft_length=[16], Tcomplex=tf.complex128)))
add("IRFFT", lambda p, r: raw.IRFFT(input=pair(p, r, 9), fft_length=[16]))
add("IRFFT", lambda p, r: raw.IRFFT(input=pair(p, r, 3, 9, declared=[None, None]), fft_length=[16]))
for op, rank, half in (("FFT2D", 2, False), ("FFT3D", 3, False), ("IFFT2D", 2, False), ("IFFT3D", 3, False)):
    for size in (4, 6, 5), (8, 3, 16):
        add(op, lambda p, r, o=op, s=size: both(getattr(raw, o)(input=pair(p, r, 2, *s))))
    add(op, lambda p, r, o=op: both(getattr(raw, o)(input=tf.cast(real(p, r, 2, 4, 6, 5), tf.complex64))))
for op, rank in (("RFFT2D", 2), ("RFFT3D", 3)):
    add(op, lambda p, r, o=op, k=rank: both(getattr(raw, o)(input=real(p, r, 2, 4, 6, 8), fft_length=[4, 6, 8][-k:])))
    add(op, lambda p, r, o=op, k=rank: both(getattr(raw, o)(input=real(p, r, 2, 4, 6, 8), fft_length=[3, 4, 6][-k:])))
for op, rank in (("IRFFT2D", 2), ("IRFFT3D", 3)):
    add(op, lambda p, r, o=op, k=rank: getattr(raw, o)(input=pair(p, r, 2, 4, 6, 5), fft_length=[4, 6, 8][-k:]))
    add(op, lambda p, r, o=op, k=rank: getattr(raw, o)(input=pair(p, r, 2, 4, 6, 5), fft_length=[4, 5, 6][-k:]))

z = lambda p, r: pair(p, r, 3, 4)
add("Complex", lambda p, r: both(tf.complex(real(p, r, 3, 1), real(p, r, 4))))
add("Real", lambda p, r: tf.math.real(z(p, r)))
add("Imag", lambda p, r: [tf.math.imag(z(p, r)), tf.math.imag(tf.cast(real(p, r, 3), tf.complex64))])
add("Conj", lambda p, r: both(tf.math.conj(z(p, r))))
add("Angle", lambda p, r: [tf.math.angle(z(p, r)), tf.math.angle(tf.cast(real(p, r, 3), tf.complex64)), tf.math.angle(raw.RFFT(input=real(p, r, 5, 16), fft_length=[16]))])
add("ComplexAbs", lambda p, r: [tf.abs(z(p, r)), tf.abs(tf.cast(real(p, r, 3), tf.complex64)), tf.abs(pair(p, r, 3, dtype=np.float64))])
ARITHMETIC = {
    "Mul": lambda a, b: a * b,
    "RealDiv": lambda a, b: a / b,
    "Sub": lambda a, b: a - b,
    "Exp": lambda a, b: tf.exp(a * 0.3),
    "Square": lambda a, b: tf.square(a) + b,
    "MatMul": lambda a, b: tf.matmul(a, b, transpose_b=True),
    "BatchMatMulV2": lambda a, b: tf.matmul(a[None], b[None], adjoint_b=True),
    "Const": lambda a, b: a * tf.complex(0.5, -2.0) + tf.constant([[1 + 2j, 3 - 1j, 0, 2j]] * 3, tf.complex64) * b,
    "ConcatV2": lambda a, b: tf.concat([a, tf.cast(tf.math.real(b), tf.complex64)], 0),
    "Pack": lambda a, b: tf.stack([a, b], 1)[:, 0, ::2],
    "Split": lambda a, b: tf.add_n([*tf.split(a, 2, 1), *tf.unstack(tf.reshape(b, [2, 3, 2]))]),
    "Pad": lambda a, b: tf.reverse(tf.pad(tf.transpose(a), [[1, 0], [0, 2]]), [0]),
    "Sum": lambda a, b: tf.reduce_sum(a, 0) - tf.reduce_mean(b, 0),
    "GatherV2": lambda a, b: tf.gather(tf.where(tf.math.real(a) > 0, a, b), [2, 0], axis=1),
    "Shape": lambda a, b: tf.reshape(a, tf.reverse(tf.shape(b), [0])),
}
for op, f in ARITHMETIC.items():
    add(op, lambda p, r, f=f: both(f(z(p, r), z(p, r))))
add("Cast", lambda p, r: tf.cast(tf.cast(real(p, r, 3), tf.complex64) * tf.complex(2.0, 1.0), tf.float32))
