"""Models of Keras 2 (the package tf-keras), saved as it saves them: a SavedModel with training state, losses and metrics beside it."""

import numpy as np
import tensorflow as tf
import tf_keras
from case import normal, pictures, write_saved_model_case
from tf_keras import layers


def save(folder, model, inputs, labels):
    """Some steps of training first, so that optimizer slots are saved and statistics moved."""
    fed = inputs if len(inputs) > 1 else next(iter(inputs.values()))
    model.compile("adam", "mse")
    model.fit(fed, labels, epochs=30, verbose=0)
    model.save(str(folder / "source"), save_format="tf")
    write_saved_model_case(folder, inputs)


def keras2_cnn(folder):
    tf_keras.utils.set_random_seed(7)
    stack = [
        layers.Input((20, 20, 3)), layers.Rescaling(1 / 255),
        layers.Conv2D(8, 3), layers.BatchNormalization(), layers.ReLU(), layers.MaxPooling2D(),
        layers.SeparableConv2D(12, 3, activation="relu"), layers.GlobalAveragePooling2D(),
        layers.Dropout(0.2), layers.Dense(4),
    ]  # fmt: skip
    save(folder, tf_keras.Sequential(stack), {"image": pictures(6, 20, 20)}, normal(6, 4, seed=101))


def keras2_lstm(folder):
    """Its LSTM and GRU are functions with an implementation for each device, of which only the portable one is traced for a CPU."""
    tf_keras.utils.set_random_seed(8)
    steps, fixed = layers.Input((None, 6), name="steps"), layers.Input((3,), name="fixed")
    x = layers.Bidirectional(layers.LSTM(8, return_sequences=True))(steps)
    x = layers.Concatenate()([layers.GRU(8)(layers.Masking()(x)), fixed])
    inputs = {"steps": normal(5, 9, 6, seed=102), "fixed": normal(5, 3, seed=103)}
    save(folder, tf_keras.Model([steps, fixed], layers.Dense(3)(x)), inputs, normal(5, 3, seed=104))


BUILDERS = {each.__name__: each for each in [keras2_cnn, keras2_lstm]}
