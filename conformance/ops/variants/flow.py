"""Control flow and tensor lists."""
import numpy as np
import tensorflow as tf

from .family import family

raw = tf.raw_ops


@family("StatelessWhile", rounds=2)
def loop(d):
    """Counted by a feed or a constant; one value changes its sign or turns around, one is handed on, some loops join rows."""
    shape = d.shape(1, 3, empty=0)
    x, turns = d.tensor(d.values(shape), 0), d.parameter(d.integer(0, 5))
    if d.flip(0.3):
        body = lambda i, y: (i + 1, tf.concat([y, x], 0))
        return tf.while_loop(lambda i, y: i < turns, body, [0, x], shape_invariants=[tf.TensorShape([]), tf.TensorShape(None)])[1]
    return tf.while_loop(lambda i, y, z: i < turns, lambda i, y, z: (i + 1, tf.reverse(z, [0]), y), [0, x, x])


@family("StatelessIf", attr="Tcond", rounds=2)
def branch(d):
    x, condition = d.tensor(d.values(d.shape(1, 3), dtype=np.float32), 0), d.tensor(d.values(), 0.1)
    return tf.cond(tf.cast(condition, tf.bool), lambda: (x, tf.shape(x)), lambda: (x[:1] * 2, tf.shape(x) + 1))


@family("StatelessCase", rounds=6)
def case(d):
    x, index = d.tensor(d.values(d.shape(1, 3)), 0), d.parameter(d.integer(-1, 4))
    return tf.switch_case(index, [lambda: x, lambda: x * 2, lambda: x - 1])


def listed(d):
    """A list of tensors, how many and of which shape."""
    count, item = d.integer(1, 5), d.shape(0, 2, empty=0)
    handle = raw.TensorListFromTensor(tensor=d.tensor(d.values((count, *item))), element_shape=np.int32(item))
    return handle, count, item


def stacked(handle, d, item):
    return raw.TensorListStack(input_handle=handle, element_shape=np.int32(item), element_dtype=d.dtype)


@family("TensorListFromTensor TensorListStack", attr="element_dtype", rounds=1)
def whole(d):
    handle, _, item = listed(d)
    return stacked(handle, d, item)


@family("TensorListLength TensorListElementShape", attr="none", rounds=3)
def about(d):
    handle, _, _ = listed(d)
    return d.call(handle, **({"shape_type": d.pick(tf.int32, tf.int64)} if d.op.endswith("Shape") else {}))


@family("TensorListGetItem TensorListGather", attr="element_dtype", rounds=1)
def item_of(d):
    handle, count, item = listed(d)
    at = d.tensor(d.whole(() if d.op.endswith("Item") else (3,), 0, count - 1))
    return d.call(handle, at, np.int32(item), element_dtype=d.dtype)


@family("TensorListSetItem TensorListPushBack TensorListPopBack", attr="element_dtype", rounds=1)
@family("TensorListResize", attr="none", rounds=4)
def changed(d):
    handle, count, item = listed(d)
    if d.op == "TensorListPopBack":
        shorter, last = d.call(handle, np.int32(item), element_dtype=d.dtype)
        return stacked(shorter, d, item), last
    if d.op == "TensorListResize":
        return stacked(d.call(handle, d.parameter(d.integer(0, 7))), d, item)
    value = d.tensor(d.values(item), 0)
    at = [] if d.op == "TensorListPushBack" else [d.tensor(d.whole((), 0, count - 1))]
    return stacked(d.call(handle, *at, value), d, item)


@family("TensorListReserve EmptyTensorList", attr="element_dtype", rounds=1)
def fresh(d):
    item = d.shape(0, 2, empty=0)
    handle = d.call(np.int32(item), np.int32(3 if d.op == "TensorListReserve" else -1), element_dtype=d.dtype)
    value = d.tensor(d.values(item), 0)
    if d.op == "EmptyTensorList":
        return stacked(raw.TensorListPushBack(input_handle=handle, tensor=value), d, item)
    return stacked(raw.TensorListSetItem(input_handle=handle, index=d.tensor(d.whole((), 0, 2)), item=value), d, item)


@family("TensorListScatter TensorListScatterV2 TensorListScatterIntoExistingList", attr="element_dtype", rounds=1)
def scattered(d):
    count, item = d.integer(1, 4), d.shape(0, 2, empty=0)
    rows, at = d.tensor(d.values((count, *item)), 0), d.tensor(d.rng.permutation(count).astype(np.int32))
    if d.op == "TensorListScatterIntoExistingList":
        handle = raw.TensorListReserve(element_shape=np.int32(item), num_elements=5, element_dtype=d.dtype)
        return stacked(d.call(handle, rows, at), d, item)
    more = [d.pick(-1, 5)] if d.op == "TensorListScatterV2" else []
    return stacked(d.call(rows, at, np.int32(item), *more), d, item)


@family("TensorListConcat TensorListConcatV2", attr="element_dtype", rounds=1)
def joined(d):
    count, item = d.integer(1, 4), (d.integer(1, 3), *d.shape(0, 1, empty=0))
    handle = raw.TensorListFromTensor(tensor=d.tensor(d.values((count, *item)), 0), element_shape=np.int32(item))
    if d.op == "TensorListConcat":
        return d.call(handle, element_dtype=d.dtype, element_shape=item)
    return d.call(handle, np.int32(item), np.zeros(0, np.int64), element_dtype=d.dtype)[0]


@family("TensorListSplit", attr="element_dtype", rounds=1)
def split(d):
    count, size = d.integer(1, 4), d.integer(1, 3)
    handle = d.call(d.tensor(d.values((count * size, 2)), 0), np.int32([size, 2]), np.full(count, size, np.int64))
    return stacked(handle, d, (size, 2))
