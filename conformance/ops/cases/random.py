"""Cases of random numbers: stateless ones number by number, others by what holds of all of them."""
import itertools

import numpy as np
import tensorflow as tf

from .registry import add, sample

raw = tf.raw_ops


def even(value, low, high):
    mean = (low + high) / 2
    near = tf.abs(tf.reduce_mean(value) - mean) < 0.1 * (high - low)
    return [tf.shape(value), tf.reduce_all((value >= low) & (value < high)), near]


def normal(value, limit):
    spread = tf.math.reduce_std(value)
    return [tf.shape(value), tf.reduce_all(tf.abs(value) <= limit), tf.abs(tf.reduce_mean(value)) < 0.1, (spread > 0.8) & (spread < 1.1)]


SHAPE = np.int32([40, 50])
add("RandomUniform", lambda p, r: even(raw.RandomUniform(shape=p(SHAPE), dtype=tf.float32), 0.0, 1.0))
add("RandomStandardNormal", lambda p, r: normal(raw.RandomStandardNormal(shape=p(SHAPE), dtype=tf.float32), 9.0))
add("TruncatedNormal", lambda p, r: normal(raw.TruncatedNormal(shape=p(SHAPE), dtype=tf.float32), 2.0))
for dtype in (np.int32, np.int64):
    add("RandomUniformInt", lambda p, r, t=dtype: even(tf.cast(raw.RandomUniformInt(shape=p(SHAPE), minval=p(t(-3)), maxval=t(12)), tf.float32), -3.0, 12.0))
add("RandomShuffle", lambda p, r: tf.sort(raw.RandomShuffle(value=p(sample(r, (9,), np.int32))), 0))
add("RandomShuffle", lambda p, r: tf.reduce_sum(raw.RandomShuffle(value=p(sample(r, (9, 2), np.int32))), 0))
add("Multinomial", lambda p, r: raw.Multinomial(logits=p(np.float32([[0, 99, 0], [99, 0, 0]])), num_samples=5))
add("Multinomial", lambda p, r: even(tf.cast(raw.Multinomial(logits=p(np.zeros((4, 10), np.float32)), num_samples=p(np.int32(500)), output_dtype=tf.int32), tf.float32), 0.0, 10.0)[:2])

for seed, shape in itertools.product(([1, 2], [123456789, -7], [0, 0]), ([5], [3, 4], [2, 3, 5], [])):
    add("StatelessRandomUniformV2", lambda p, r, s=seed, n=shape: tf.random.stateless_uniform(p(np.int32(n)), s))
    add("StatelessRandomNormalV2", lambda p, r, s=seed, n=shape: tf.random.stateless_normal(p(np.int32(n)), s))
    add("StatelessRandomUniformIntV2", lambda p, r, s=seed, n=shape: tf.random.stateless_uniform(p(np.int32(n)), s, -5, 17, tf.int32))
    add("StatelessRandomUniform", lambda p, r, s=seed, n=shape: raw.StatelessRandomUniform(shape=p(np.int32(n)), seed=s))
    add("StatelessRandomNormal", lambda p, r, s=seed, n=shape: raw.StatelessRandomNormal(shape=p(np.int32(n)), seed=s))
    add("StatelessRandomUniformInt", lambda p, r, s=seed, n=shape: raw.StatelessRandomUniformInt(shape=p(np.int32(n)), seed=s, minval=3, maxval=p(np.int32(9))))
