"""Examples as a client has them: features by name, as a message and as the JSON of TensorFlow Serving's `:classify`."""
import base64

import tensorflow as tf


def serialized(features):
    return tf.train.Example(features=tf.train.Features(feature={name: feature(v) for name, v in features.items()})).SerializeToString()


def feature(values):
    values = values if isinstance(values, list) else [values]
    if not values:
        return tf.train.Feature()
    if all(isinstance(value, bytes) for value in values):
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
    if all(isinstance(value, float) for value in values):
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=values))


def as_json(features):
    def element(value):
        return {"b64": base64.b64encode(value).decode()} if isinstance(value, bytes) else value

    return {
        name: [element(value) for value in values] if isinstance(values, list) else element(values)
        for name, values in features.items()
    }
