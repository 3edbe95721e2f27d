"""Cases of bfloat16 between casts; only ops that round nothing are exact."""
import numpy as np
import tensorflow as tf

from .registry import add, sample

half = lambda x: tf.cast(x, tf.bfloat16)
single = lambda x: tf.cast(x, tf.float32)
add("Cast", lambda p, r: single(half(p(sample(r, (5, 7), np.float32)))))
add("Cast", lambda p, r: single(tf.nn.relu(half(p(sample(r, (5, 7), np.float32))))))
add("Cast", lambda p, r: single(tf.reshape(tf.concat([half(p(sample(r, (2, 6), np.float32))), tf.constant([[1.0, 2.5, -3.0, 0, 0, 1]], tf.bfloat16)], 0), [3, 2, 3])))
add("Cast", lambda p, r: single(tf.maximum(half(p(sample(r, (4,), np.float32))), half(p(sample(r, (3, 1), np.float32))))))
add("Cast", lambda p, r: tf.while_loop(lambda i, a: i < 3, lambda i, a: (i + 1, tf.maximum(half(single(a) * 2), a)), [0, half(p(sample(r, (4,), np.float32)))])[0])
