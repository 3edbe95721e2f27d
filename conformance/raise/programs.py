"""Graphs of TensorFlow 1 control flow: programs.py OUT writes each with inputs and TensorFlow's answers, as conformance/ops does."""
import pathlib
import sys

import keras
import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "ops"))
from cases.registry import sample  # noqa: E402
from written import write_case  # noqa: E402

v1 = tf.compat.v1
PROGRAMS = {}


def program(build):
    PROGRAMS[build.__name__] = build
    return build


def floats(p, r, *shape):
    return p(sample(r, shape, np.float32))


@program
def counted(p, r):
    return v1.while_loop(lambda i, x: i < 5, lambda i, x: (i + 1, x * 1.5 + 1), [0, floats(p, r, 3, 4)])


@program
def until_large(p, r):
    return v1.while_loop(lambda x: tf.reduce_sum(x) < 100, lambda x: x * x + 1, [floats(p, r, 3)])


@program
def swapped(p, r):
    return v1.while_loop(lambda i, a, b: i < 3, lambda i, a, b: (i + 1, b, a), [0, floats(p, r, 2), floats(p, r, 2)])


@program
def one_start_for_two(p, r):
    x = floats(p, r, 2)
    return v1.while_loop(lambda i, a, b: i < 3, lambda i, a, b: (i + 1, a + b, b * 2), [0, x, x])


@program
def captured(p, r):
    x, limit = floats(p, r, 2, 2), p(np.int32(4))
    return v1.while_loop(lambda i, y: i < limit, lambda i, y: (i + 1, tf.matmul(y, x) * 0.3), [0, x])


@program
def nested_loops(p, r):
    x = floats(p, r, 3, 3)

    def inner(i, y):
        return v1.while_loop(lambda j, z: j < i, lambda j, z: (j + 1, tf.matmul(z, x) * 0.1), [0, y])[1]

    return v1.while_loop(lambda i, y: i < 4, lambda i, y: (i + 1, inner(i, y)), [0, x])


@program
def growing(p, r):
    x = floats(p, r, 2, 3)
    return v1.while_loop(
        lambda i, y: i < 3, lambda i, y: (i + 1, tf.concat([y, x], 0)), [0, x],
        shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 3])])


@program
def branch_taken(p, r):
    x = floats(p, r, 3)
    return v1.cond(p(np.float32(2)) > 0, lambda: x + 1, lambda: x - 1)


@program
def branch_not_taken(p, r):
    x = floats(p, r, 3)
    return v1.cond(p(np.float32(-2)) > 0, lambda: (x + 1, tf.constant(3)), lambda: (x - 1, tf.constant(4)))


@program
def constant_branches(p, r):
    return v1.cond(p(np.float32(2)) > 0, lambda: tf.constant([1.0, 2.0]), lambda: tf.constant([3.0, 4.0]))


@program
def nested_branches(p, r):
    x, c = floats(p, r, 3), p(np.float32(3))
    return v1.cond(c > 0, lambda: v1.cond(c > 5, lambda: x, lambda: v1.cond(c > 2, lambda: -x, lambda: x * 3)), lambda: x * 2)


@program
def branches_in_a_row(p, r):
    x, c = floats(p, r, 3), p(np.float32(3))
    y = v1.cond(c > 0, lambda: x + 1, lambda: x - 1)
    z = v1.cond(c > 0, lambda: y * 2, lambda: y * 3)
    return v1.cond(tf.reduce_sum(z) > 0, lambda: z + y, lambda: z - y), y


@program
def sharing_branches(p, r):
    """Several results of one branch share what they are made from."""
    x, c = floats(p, r, 3), p(np.float32(3))

    def yes():
        y = tf.exp(x)
        return y + 1, y + 2, tf.reduce_sum(y)

    return v1.cond(c > 0, yes, lambda: (x, x, tf.constant(0.0)))


@program
def chosen_by_number(p, r):
    x, k = floats(p, r, 3), p(np.int32(1))
    return v1.case([(tf.equal(k, 0), lambda: x), (tf.equal(k, 1), lambda: x * 2)], default=lambda: -x, exclusive=False)


@program
def branch_in_loop(p, r):
    x = floats(p, r, 4)
    return v1.while_loop(
        lambda i, y: i < 6, lambda i, y: (i + 1, v1.cond(tf.equal(i % 2, 0), lambda: y + x, lambda: y * 0.5)), [0, x])


@program
def loop_in_branch(p, r):
    x, c = floats(p, r, 4), p(np.float32(2))
    loop = lambda: v1.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y + x), [0, x])[1]
    return v1.cond(c > 0, loop, lambda: x * 0.5)


@program
def everything_nested(p, r):
    x, c = floats(p, r, 4), p(np.float32(2))

    def body(i, y):
        z = v1.cond(c > tf.cast(i, tf.float32), lambda: v1.while_loop(lambda j, w: j < i, lambda j, w: (j + 1, w + y), [0, x])[1], lambda: y - x)
        return i + 1, v1.cond(tf.reduce_sum(z) > 0, lambda: z * 0.5, lambda: z + 1)

    return v1.while_loop(lambda i, y: i < 5, body, [0, x])


@program
def mapped(p, r):
    return tf.map_fn(lambda row: tf.reduce_sum(row) * row, floats(p, r, 4, 3))


@program
def mapped_two(p, r):
    return tf.map_fn(lambda pair: (pair[0] + pair[1], tf.cast(pair[1] > 0, tf.int32)), (floats(p, r, 4, 3), floats(p, r, 4, 3)), dtype=(tf.float32, tf.int32))


@program
def scanned(p, r):
    return tf.scan(lambda total, row: total * 0.5 + row, floats(p, r, 5, 3))


@program
def folded(p, r):
    return tf.foldl(lambda total, row: total + row, floats(p, r, 5, 3)), tf.foldr(lambda total, row: total - row, floats(p, r, 5, 3))


@program
def array_of_any_size(p, r):
    x = floats(p, r, 6, 2)
    a = tf.TensorArray(tf.float32, 0, dynamic_size=True, element_shape=[2])
    a = v1.while_loop(lambda i, a: i < 4, lambda i, a: (i + 1, a.write(i, x[i] * 2)), [0, a])[1]
    return a.stack(), a.size()


@program
def array_scattered(p, r):
    a = tf.TensorArray(tf.float32, 6, element_shape=[2], clear_after_read=False).scatter([4, 0, 2, 1, 3, 5], floats(p, r, 6, 2))
    return a.stack(), a.gather([2, 0]), a.read(3)


@program
def array_concat(p, r):
    a = tf.TensorArray(tf.float32, 3).unstack(floats(p, r, 3, 2, 4))
    return a.concat()


@program
def array_larger_than_its_rows(p, r):
    array = tf.TensorArray(tf.float32, 5, element_shape=[2]).unstack(floats(p, r, 3, 2))
    return array.stack()


@program
def array_split(p, r):
    a = tf.TensorArray(tf.float32, 3, infer_shape=False).split(floats(p, r, 6, 4), [2, 2, 2])
    return a.read(1), a.size()


@program
def best_tags(p, r):
    """The best path of a conditional random field (Viterbi): forwards with the choices kept, then back along them."""
    scores, lengths, moves = p(sample(r, (4, 7, 5), np.float32)), p(np.int32([7, 3, 1, 5])), tf.constant(sample(r, (5, 5), np.float32))
    steps, numbers = tf.shape(scores)[1], tf.tile(tf.range(5)[None], [4, 1])

    def forwards(i, best, choices):
        through = tf.expand_dims(best, 2) + moves
        on = tf.tile((i < lengths)[:, None], [1, 5])
        choice = tf.where(on, tf.argmax(through, 1, tf.int32), numbers)
        return i + 1, tf.where(on, tf.reduce_max(through, 1) + scores[:, i], best), choices.write(i - 1, choice)

    def back(i, tag, tags):
        tag = tf.gather_nd(choices.read(i), tf.stack([tf.range(4), tag], 1))
        return i - 1, tag, tags.write(i, tag)

    kept = tf.TensorArray(tf.int32, steps - 1, element_shape=[4, 5])
    _, best, choices = v1.while_loop(lambda i, *_: i < steps, forwards, [1, scores[:, 0], kept])
    last = tf.argmax(best, 1, tf.int32)
    tags = tf.TensorArray(tf.int32, steps - 1, element_shape=[4])
    tags = v1.while_loop(lambda i, *_: i >= 0, back, [steps - 2, last, tags])[2]
    return tf.concat([tags.stack(), last[None]], 0), tf.reduce_max(best, 1)


@program
def beams(p, r):
    """The best three of all continuations, step by step until all have ended; then back along their parents."""
    start, weights = p(sample(r, (2, 6), np.float32)), tf.constant(r.normal(0, 1.5, (6, 9)).astype(np.float32))
    states = tf.reshape(tf.tile(start[:, None], [1, 3, 1]), [-1, 6])
    rows, offset = tf.range(2)[:, None] * 3, tf.range(2)[:, None] * 27
    ended = tf.one_hot([1], 9, on_value=0.0, off_value=-1e9)

    def step(t, state, total, over, words, parents):
        likely = tf.reshape(tf.nn.log_softmax(tf.matmul(state, weights)), [2, 3, 9])
        likely = tf.where(tf.tile(over[:, :, None], [1, 1, 9]), tf.tile(ended[None], [2, 3, 1]), likely)
        totals = tf.reshape(likely + total[:, :, None], [2, 27])
        _, chosen = tf.nn.top_k(totals / tf.pow((6.0 + tf.cast(t, tf.float32)) / 6.0, 0.6), 3)
        parent, word = chosen // 9, chosen % 9
        flat = tf.reshape(parent + rows, [-1])
        over = tf.logical_or(tf.reshape(tf.gather(tf.reshape(over, [-1]), flat), [2, 3]), tf.equal(word, 1))
        state = tf.tanh(tf.gather(state, flat) + tf.one_hot(tf.reshape(word, [-1]) % 6, 6))
        total = tf.gather(tf.reshape(totals, [-1]), chosen + offset)
        return t + 1, state, total, over, words.write(t, word), parents.write(t, parent)

    def back(i, at, words):
        return i - 1, v1.batch_gather(parents[i], at), words.write(i, v1.batch_gather(found[i], at))

    grows = lambda: tf.TensorArray(tf.int32, 0, dynamic_size=True, element_shape=[2, 3])
    first = [0, states, tf.constant([[0.0, -1e9, -1e9]] * 2), tf.zeros([2, 3], tf.bool), grows(), grows()]
    going = lambda t, state, total, over, *_: tf.logical_and(t < 6, tf.logical_not(tf.reduce_all(over)))
    _, _, total, _, words, parents = v1.while_loop(going, step, first)
    found, parents = words.stack(), parents.stack()
    length = tf.shape(found)[0]
    words = tf.TensorArray(tf.int32, length, element_shape=[2, 3])
    words = v1.while_loop(lambda i, *_: i >= 0, back, [length - 1, tf.tile(tf.range(3)[None], [2, 1]), words])[2]
    return words.stack(), total


@program
def detections(p, r):
    """What detectors end in: for each picture boxes over a threshold, the best of those that overlap, and zeros behind them."""
    corners = r.uniform(0, 0.7, (3, 12, 2))
    boxes = p(np.concatenate([corners, corners + r.uniform(0.1, 0.3, (3, 12, 2))], -1).astype(np.float32))
    scores = p(np.float32([r.uniform(0, 1, 12), r.uniform(0, 0.4, 12), r.uniform(0.3, 1, 12)]))

    def padded(x):
        x = tf.slice(x, tf.zeros_like(tf.shape(x)), tf.concat([[tf.minimum(tf.shape(x)[0], 5)], tf.shape(x)[1:]], 0))
        return tf.pad(x, [[0, 5 - tf.shape(x)[0]]] + [[0, 0]] * (x.shape.ndims - 1))

    def of_picture(given):
        box, score = given
        over = tf.cast(tf.reshape(v1.where(score > 0.5), [-1]), tf.int32)
        box, score = tf.gather(box, over), tf.gather(score, over)
        with tf.control_dependencies([v1.assert_equal(tf.shape(box)[0], tf.size(score))]):
            some = lambda: tf.image.non_max_suppression(box, score, tf.minimum(5, tf.size(score)), 0.4)
        kept = v1.cond(tf.size(score) > 0, some, lambda: tf.zeros([0], tf.int32))
        return padded(tf.gather(box, kept)), padded(tf.gather(score, kept)), tf.size(kept)

    return tf.map_fn(of_picture, (boxes, scores), dtype=(tf.float32, tf.float32, tf.int32))


def random_program(seed):
    """Loops and branches in each other, three deep, from a seed."""
    def build(p, r):
        x, c = floats(p, r, 3), p(np.float32(r.uniform(-2, 2)))

        def expression(y, z, depth):
            kind = r.integers(0, 6 if depth > 0 else 3)
            if kind == 0:
                return y * 0.5 + z
            if kind == 1:
                return tf.tanh(y) - z
            if kind == 2:
                return y + c
            if kind == 3:
                limit, threshold = int(r.integers(0, 4)), r.uniform(-1, 1)
                return v1.while_loop(lambda i, w: tf.logical_and(i < limit, tf.reduce_sum(w) < 50 + threshold), lambda i, w: (i + 1, expression(w, z, depth - 1)), [0, y])[1]
            threshold = r.uniform(-2, 2)
            left, right = (lambda: expression(y, z, depth - 1)), (lambda: expression(z, y, depth - 1))
            return v1.cond(tf.reduce_sum(y) > threshold if kind == 4 else c > threshold, left, right)

        return expression(x, x * 0.1, 3), expression(x + 1, x, 3)
    build.__name__ = f"random_{seed}"
    return build


for seed in range(20):
    program(random_program(seed))


def lowered_layer(out, name, make):
    """A recurrent layer whose loop TensorFlow itself has turned into frames."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((7, 5)), make()])
    spec = tf.TensorSpec([None, 7, 5], tf.float32, name="x")
    concrete = tf.function(lambda x: model(x, training=False)).get_concrete_function(spec)
    frozen = convert_variables_to_constants_v2(concrete, lower_control_flow=True).graph.as_graph_def()
    [fetch] = [tensor.name for tensor in concrete.outputs]
    write_case(out, name, lambda p, r: tf.import_graph_def(frozen, {"x": floats(p, r, 3, 7, 5)}, [fetch], name="net"))


LAYERS = {
    "lstm": lambda: keras.layers.LSTM(6, return_sequences=True),
    "gru": lambda: keras.layers.GRU(6),
    "both_ways": lambda: keras.layers.Bidirectional(keras.layers.LSTM(4)),
}


def main():
    out = pathlib.Path(sys.argv[1])
    for name, make in LAYERS.items():
        lowered_layer(out, f"layer_{name}", make)
    v1.disable_control_flow_v2()
    for name, build in PROGRAMS.items():
        write_case(out, name, build)


main()
