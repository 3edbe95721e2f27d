"""Cases of TensorFlow 2's control flow and tensor lists, as Keras, AutoGraph and tf.map_fn write them."""
import numpy as np
import tensorflow as tf

from .registry import add, sample

raw = tf.raw_ops


def floats(p, r, *shape):
    return p(sample(r, shape, np.float32))


# Loops
add("StatelessWhile", lambda p, r: tf.while_loop(lambda i, x: i < 5, lambda i, x: (i + 1, x * 1.5 + 1), [tf.constant(0), floats(p, r, 3, 4)]))
add("StatelessWhile", lambda p, r: tf.while_loop(lambda x: tf.reduce_sum(x) < 100, lambda x: [x * x + 1], [floats(p, r, 3)]))
add("StatelessWhile", lambda p, r: tf.while_loop(lambda i, n, x: i < n, lambda i, n, x: (i + 1, n, x + tf.cast(n, tf.float32)), [0, p(np.int32(4)), floats(p, r, 2, 2)]))
add("StatelessWhile", lambda p, r: tf.while_loop(lambda i, x: i < p0(x), lambda i, x: (i + 1, x), [0, floats(p, r, 3)], maximum_iterations=2))
add("StatelessWhile", lambda p, r: tf.while_loop(lambda i, a, b: i < 3, lambda i, a, b: (i + 1, b, a), [0, floats(p, r, 2), floats(p, r, 2)]))
add("StatelessWhile", lambda p, r: tf.while_loop(lambda i, x: i < 0, lambda i, x: (i + 1, x + 1), [tf.constant(0), floats(p, r, 3)]))


def p0(x):
    return tf.shape(x)[0]


def growing(p, r):
    x = floats(p, r, 2, 3)
    return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.concat([y, x], 0)), [0, x], shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 3])])


def nested(p, r):
    x = floats(p, r, 3, 3)

    def inner(i, y):
        return tf.while_loop(lambda j, z: j < i, lambda j, z: (j + 1, tf.matmul(z, x) * 0.1), [0, y])[1]

    return tf.while_loop(lambda i, y: i < 4, lambda i, y: (i + 1, inner(i, y)), [0, x])


def branching_loop(p, r):
    x = floats(p, r, 4)
    return tf.while_loop(lambda i, y: i < 6, lambda i, y: (i + 1, tf.cond(tf.equal(i % 2, 0), lambda: y + x, lambda: y * 0.5)), [0, x])


def image_loop(p, r):
    x = floats(p, r, 2, 6, 6, 3)
    kernel = tf.constant(sample(r, (3, 3, 3, 3), np.float32, -0.3, 0.3))
    bias = tf.constant(sample(r, (3,), np.float32))
    return tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(y, kernel, 1, "SAME"), bias))), [0, x])


def outer_layout(p, r):
    """A convolution's result is used inside a loop and a branch."""
    y = tf.nn.conv2d(floats(p, r, 2, 6, 6, 3), tf.constant(sample(r, (3, 3, 3, 4), np.float32)), 1, "SAME")
    z = tf.while_loop(lambda i, z: i < 2, lambda i, z: (i + 1, z + y), [0, tf.nn.relu(y)])[1]
    return tf.cond(tf.reduce_sum(y) > 0, lambda: tf.nn.max_pool2d(z, 2, 2, "VALID"), lambda: tf.nn.avg_pool2d(z * y, 2, 2, "VALID"))


for build in (growing, nested, branching_loop, image_loop, outer_layout):
    add("StatelessWhile", build)

# Branches
for value in (3.0, -3.0):
    add("StatelessIf", lambda p, r, v=value: tf.cond(p(np.float32(v)) > 0, lambda: tf.constant([1.0, 2.0]), lambda: tf.constant([3.0, 4.0])))
    add("StatelessIf", lambda p, r, v=value: (lambda x, c: tf.cond(c > 0, lambda: (x, tf.shape(x)), lambda: (x[:1] * 2, tf.shape(x) + 1)))(floats(p, r, 3, 2), p(np.float32(v))))
    add("StatelessIf", lambda p, r, v=value: (lambda x, c: tf.cond(c > 0, lambda: tf.cond(c > 5, lambda: x, lambda: -x), lambda: x * 2))(floats(p, r, 3), p(np.float32(v))))
add("StatelessIf", lambda p, r: (lambda x: tf.cond(tf.shape(x)[0] > 2, lambda: x + 1, lambda: x - 1))(floats(p, r, 3)))
add("StatelessIf", lambda p, r: (lambda x: tf.cond(tf.constant(True), lambda: x + 1, lambda: x - 1))(floats(p, r, 3)))
for index in (0, 1, 2, 3, -1, 7):
    add("StatelessCase", lambda p, r, i=index: (lambda x, k: tf.switch_case(k, [lambda: x, lambda: x * 2, lambda: x - 1, lambda: tf.zeros_like(x)]))(floats(p, r, 3), p(np.int32(i))))
add("StatelessCase", lambda p, r: (lambda x: tf.switch_case(tf.constant(1), [lambda: x, lambda: x * 2]))(floats(p, r, 3)))


# Tensor lists
def map_rows(p, r):
    return tf.map_fn(lambda row: tf.reduce_sum(row) * row, floats(p, r, 4, 3))


def scanned(p, r):
    return tf.scan(lambda total, row: total * 0.5 + row, floats(p, r, 5, 3))


def folded(p, r):
    return tf.foldl(lambda total, row: total + row, floats(p, r, 5, 3))


def array(p, r, size, dynamic, indices, shape=None):
    x = floats(p, r, 6, 2)
    a = tf.TensorArray(tf.float32, size, dynamic_size=dynamic, element_shape=shape)
    for at in indices:
        a = a.write(at, x[at] * 2)
    return a.stack(), a.size(), a.read(indices[0])


def reversed_loop(p, r):
    """Writes from the end: not at the counter itself."""
    x = floats(p, r, 4, 2)
    a = tf.TensorArray(tf.float32, 4, element_shape=[2])
    return tf.while_loop(lambda i, a: i < 4, lambda i, a: (i + 1, a.write(3 - i, x[i])), [0, a])[1].stack()


def late_loop(p, r):
    """Begins behind the first items and ends before the last."""
    x = floats(p, r, 6, 2)
    a = tf.TensorArray(tf.float32, 6, element_shape=[2])
    return tf.while_loop(lambda i, a: i < 4, lambda i, a: (i + 1, a.write(i, x[i])), [1, a])[1].stack()


def unknown_width(p, r):
    x = p(sample(r, (4, 3), np.float32), [None, None])
    a = tf.TensorArray(tf.float32, tf.shape(x)[0])
    return tf.while_loop(lambda i, a: i < tf.shape(x)[0], lambda i, a: (i + 1, a.write(i, tf.cond(i > 1, lambda: x[i], lambda: -x[i]))), [0, a])[1].stack()


def written_sometimes(p, r):
    x = floats(p, r, 5, 3)
    a = tf.TensorArray(tf.float32, 5, element_shape=[3])
    return tf.while_loop(lambda i, a: i < 5, lambda i, a: (i + 1, tf.cond(tf.equal(i % 2, 0), lambda: a.write(i, x[i]), lambda: a)), [0, a])[1].stack()


def read_back(p, r):
    """Reads what the turn before has written."""
    x = floats(p, r, 5, 3)
    a = tf.TensorArray(tf.float32, 5, element_shape=[3], clear_after_read=False).write(0, x[0])
    return tf.while_loop(lambda i, a: i < 5, lambda i, a: (i + 1, a.write(i, a.read(i - 1) * 0.5 + x[i])), [1, a])[1].stack()


def pushed(p, r):
    x = floats(p, r, 3, 2)
    handle = raw.EmptyTensorList(element_shape=[2], max_num_elements=-1, element_dtype=tf.float32)
    for at in range(3):
        handle = raw.TensorListPushBack(input_handle=handle, tensor=x[at])
    shorter, last = raw.TensorListPopBack(input_handle=handle, element_shape=[2], element_dtype=tf.float32)
    stack = lambda h: raw.TensorListStack(input_handle=h, element_shape=[2], element_dtype=tf.float32)
    return stack(handle), stack(shorter), last, raw.TensorListLength(input_handle=shorter)


def pushed_in_loop(p, r):
    x = floats(p, r, 4, 2)
    handle = raw.EmptyTensorList(element_shape=-1, max_num_elements=-1, element_dtype=tf.float32)
    _, handle = tf.while_loop(lambda i, h: i < 4, lambda i, h: (i + 1, raw.TensorListPushBack(input_handle=h, tensor=x[i] * 2)), [0, handle])
    return raw.TensorListStack(input_handle=handle, element_shape=[2], element_dtype=tf.float32)


def resized(p, r, size):
    handle = raw.TensorListFromTensor(tensor=floats(p, r, 3, 2), element_shape=[2])
    handle = raw.TensorListResize(input_handle=handle, size=size)
    return raw.TensorListStack(input_handle=handle, element_shape=[2], element_dtype=tf.float32)


def array_scattered(p, r):
    a = tf.TensorArray(tf.float32, 6, element_shape=[2]).scatter([4, 0, 2], floats(p, r, 3, 2))
    return a.stack(), a.gather([2, 0])


def array_concat(p, r):
    a = tf.TensorArray(tf.float32, 3).unstack(floats(p, r, 3, 2, 4))
    return a.concat()


def array_split(p, r):
    a = tf.TensorArray(tf.float32, 3, infer_shape=False).split(floats(p, r, 6, 4), [2, 2, 2])
    return a.read(1), a.size()


def scattered_list(p, r, count):
    handle = raw.TensorListScatterV2(tensor=floats(p, r, 2, 3), indices=p(np.int32([3, 1])), element_shape=[3], num_elements=count)
    return raw.TensorListStack(input_handle=handle, element_shape=[3], element_dtype=tf.float32)


for build in (map_rows, scanned, folded, reversed_loop, late_loop, unknown_width, written_sometimes, read_back):
    add("TensorListSetItem", build)
add("TensorListSetItem", lambda p, r: array(p, r, 6, False, [5, 0, 1, 2, 3, 4]))
add("TensorListSetItem", lambda p, r: array(p, r, 6, False, [4, 1], [2]))
add("TensorListSetItem", lambda p, r: array(p, r, 0, True, [0, 1, 3], [2]))
add("TensorListPushBack", pushed)
add("TensorListPushBack", pushed_in_loop)
for size in (2, 3, 5):
    add("TensorListResize", lambda p, r, s=size: resized(p, r, s))
add("TensorListScatterIntoExistingList", array_scattered)
for count in (-1, 6):
    add("TensorListScatterV2", lambda p, r, c=count: scattered_list(p, r, c))
add("TensorListConcatV2", array_concat)
add("TensorListSplit", array_split)
add("TensorListElementShape", lambda p, r: raw.TensorListElementShape(input_handle=raw.TensorListFromTensor(tensor=floats(p, r, 3, 2), element_shape=[2]), shape_type=tf.int32))


def older_forms(p, r):
    """Ops of lists that TensorFlow's own functions no longer write."""
    x = floats(p, r, 3, 2)
    scattered = raw.TensorListScatter(tensor=x, indices=[2, 0, 1], element_shape=[2])
    items = raw.TensorListFromTensor(tensor=floats(p, r, 3, 2, 4), element_shape=[2, 4])
    joined, lengths = raw.TensorListConcat(input_handle=items, element_dtype=tf.float32, element_shape=[2, 4])
    return raw.TensorListStack(input_handle=scattered, element_shape=[2], element_dtype=tf.float32), joined, lengths


def stateful_forms(p, r):
    """While, If and Case where TensorFlow writes the stateless ones."""
    x = floats(p, r, 3)
    spec = [tf.TensorSpec(x.shape, tf.float32)]
    define = lambda f: tf.function(f, input_signature=spec).get_concrete_function()
    small, doubled, negated = define(lambda y: tf.reduce_sum(y) < 50), define(lambda y: tf.abs(y) * 2 + 1), define(lambda y: -y)
    [looped] = raw.While(input=[x], cond=small, body=doubled)
    [chosen] = raw.If(cond=looped[0] > 0, input=[looped], Tout=[tf.float32], then_branch=doubled, else_branch=negated)
    [picked] = raw.Case(branch_index=p(np.int32(1)), input=[chosen], Tout=[tf.float32], branches=[doubled, negated])
    return looped, chosen, picked


add("TensorListScatter", older_forms)
add("While", stateful_forms)
