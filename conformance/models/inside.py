"""Models with their preprocessing inside, and one that draws random numbers from a seed."""

import keras
import numpy as np
import tensorflow as tf
from case import normal, pictures, write_saved_model_case
from keras import Input, layers, ops
from keras.layers import Conv2D, Dense
from keras_case import seeded, write_keras_case


def preprocessing(folder):
    """Pictures of any size as bytes: cropped, resized by several kernels, patches and colours taken out of them."""
    seeded()
    image = Input((None, None, 3), name="image", dtype="uint8")
    x = layers.CenterCrop(24, 28)(layers.Rescaling(1 / 255)(image))
    small = layers.Resizing(12, 14, interpolation="bicubic", antialias=True)(x)
    large = layers.Resizing(30, 20, interpolation="lanczos3")(x)
    hues = layers.Lambda(lambda t: tf.image.rgb_to_hsv(tf.image.adjust_saturation(tf.image.adjust_contrast(t, 1.3), 0.8)))(x)
    patches = layers.Lambda(lambda t: tf.image.extract_patches(t, [1, 4, 4, 1], [1, 4, 4, 1], [1, 1, 1, 1], "VALID"))(hues)
    parts = [Conv2D(6, 3, activation="relu")(small), Conv2D(6, 3, strides=2, activation="relu")(large), Dense(6, activation="relu")(patches)]
    pooled = layers.Concatenate()([layers.GlobalAveragePooling2D()(part) for part in parts])
    model = keras.Model(image, Dense(5)(pooled))
    write_keras_case(folder, model, {"image": pictures(4, 31, 35).astype(np.uint8)}, logits=True)


def tabular(folder):
    """Columns as people have them: normalised, put into buckets, one-hot, several at once."""
    seeded()
    age, kind, tags = Input((1,), name="age"), Input((1,), name="kind", dtype="int64"), Input((4,), name="tags", dtype="int64")
    columns = [
        layers.Normalization(mean=40.0, variance=90.0)(age),
        layers.Discretization([18.0, 30.0, 50.0], output_mode="one_hot")(age),
        layers.CategoryEncoding(6, output_mode="one_hot")(kind),
        layers.CategoryEncoding(9, output_mode="multi_hot")(tags),
    ]
    model = keras.Model([age, kind, tags], Dense(3)(Dense(12, activation="relu")(layers.Concatenate()(columns))))
    random = np.random.RandomState(86)
    inputs = {
        "age": random.uniform(10, 80, (6, 1)).astype(np.float32),
        "kind": random.randint(0, 6, (6, 1)).astype(np.int64),
        "tags": random.randint(0, 9, (6, 4)).astype(np.int64),
    }
    write_keras_case(folder, model, inputs, logits=True)


class Sampling(layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.seeds = keras.random.SeedGenerator(87)

    def call(self, inputs):
        mean, spread = inputs
        return mean + ops.exp(0.5 * spread) * keras.random.normal(ops.shape(mean), seed=self.seeds)


def vae(folder):
    """The encoder of a variational autoencoder: its noise follows from the seed that the checkpoint holds, as TensorFlow's first."""
    seeded()
    image = Input((16, 16, 1), name="image")
    x = layers.Flatten()(Conv2D(8, 3, strides=2, activation="relu")(image))
    mean, spread = Dense(3, name="mean")(x), Dense(3, name="spread")(x)
    model = keras.Model(image, {"mean": mean, "spread": spread, "code": Sampling()([mean, spread])})
    model.export(str(folder / "source"), verbose=False)
    write_saved_model_case(folder, {"image": normal(4, 16, 16, 1, seed=88)}, rows=False)


BUILDERS = {each.__name__: each for each in [preprocessing, tabular, vae]}
