"""Networks of other shapes: volumes, sequences by convolution, sentences, half precision, and one that is really trained."""

import pathlib

import keras
import numpy as np
from case import normal, pictures, tokens
from keras import layers
from keras.layers import BatchNormalization, Conv1D, Conv2D, Conv3D, Dense, Input
from keras_case import seeded, write_keras_case

DIGITS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "digits"


def conv3d(folder):
    """A film or a scan: convolution, batch norm and pooling over three dimensions, and up again by a transposed convolution."""
    seeded()
    volume = Input((8, 16, 16, 2), name="volume")
    x = layers.ReLU()(BatchNormalization()(Conv3D(8, 3, padding="same")(volume)))
    kept = layers.MaxPooling3D((1, 2, 2))(x)
    x = Conv3D(12, (3, 2, 2), strides=2, padding="same", activation="relu")(kept)
    x = layers.AveragePooling3D(2, padding="same")(x)
    features = Dense(6, name="kind")(layers.GlobalAveragePooling3D()(x))
    x = layers.Conv3DTranspose(4, 3, strides=2, padding="same")(x)
    x = layers.UpSampling3D((2, 2, 2))(x)
    mask = Conv3D(1, 1, activation="sigmoid", name="mask")(layers.Concatenate()([x, kept]))
    model = keras.Model(volume, {"kind": features, "mask": mask})
    write_keras_case(folder, model, {"volume": normal(3, 8, 16, 16, 2, seed=31)})


def conv1d(folder):
    """A classifier of signals: strides, pooling, depthwise and separable forms."""
    seeded()
    signal = Input((64, 3), name="signal")
    x = layers.MaxPooling1D(2)(Conv1D(12, 7, strides=2, padding="same", activation="relu")(signal))
    x = layers.SeparableConv1D(16, 3, padding="same", activation="relu")(x)
    x = layers.AveragePooling1D(2, padding="same")(BatchNormalization()(layers.DepthwiseConv1D(3)(x)))
    x = layers.GlobalMaxPooling1D()(layers.ZeroPadding1D(1)(Conv1D(16, 3, padding="valid", activation="silu")(x)))
    write_keras_case(folder, keras.Model(signal, Dense(5)(x)), {"signal": normal(4, 64, 3, seed=32)}, logits=True)


def wavenet(folder):
    """Causal dilated convolutions with gates, residues and skips, over any number of steps."""
    seeded()
    wave = Input((None, 1), name="wave")
    x = Conv1D(16, 2, padding="causal")(wave)
    skips = []
    for rate in (1, 2, 4, 8, 1, 2):
        gate = Conv1D(16, 2, padding="causal", dilation_rate=rate, activation="sigmoid")(x)
        signal = Conv1D(16, 2, padding="causal", dilation_rate=rate, activation="tanh")(x)
        h = layers.Multiply()([gate, signal])
        skips.append(Conv1D(20, 1)(h))
        x = layers.Add()([x, Conv1D(16, 1)(h)])
    x = Conv1D(20, 1, activation="relu")(layers.ReLU()(layers.Add()(skips)))
    write_keras_case(folder, keras.Model(wave, Dense(8)(x)), {"wave": normal(3, 50, 1, seed=33)}, logits=True)


def text_cnn(folder):
    """Sentences: windows of three widths over embeddings, the strongest answer of each."""
    seeded()
    ids = Input((30,), name="ids", dtype="int64")
    x = layers.SpatialDropout1D(0.2)(layers.Embedding(120, 24)(ids))
    x = layers.Concatenate()([layers.GlobalMaxPooling1D()(Conv1D(16, width, activation="relu")(x)) for width in (3, 4, 5)])
    model = keras.Model(ids, Dense(4)(layers.Dropout(0.5)(x)))
    write_keras_case(folder, model, {"ids": tokens(5, 30, 120, seed=34, dtype=np.int64)}, logits=True)


def mixed_float16(folder):
    """Layers that compute in half precision on float32 weights. Engines round halves at different places, hence the tolerance."""
    mixed(folder, "mixed_float16", tolerance=1e-2)


def mixed_bfloat16(folder):
    """The same with halves of eight bits, which TensorFlow rounds after every op."""
    mixed(folder, "mixed_bfloat16", tolerance=2e-2)


def mixed(folder, policy, tolerance):
    seeded()
    keras.mixed_precision.set_global_policy(policy)
    try:
        image = Input((24, 24, 3), name="image")
        x = Conv2D(12, 3, activation="relu")(layers.Rescaling(1 / 255)(image))
        x = layers.MaxPooling2D()(layers.Activation("relu")(BatchNormalization()(Conv2D(16, 3, padding="same")(x))))
        x = Dense(24, activation="relu")(layers.GlobalAveragePooling2D()(x))
        model = keras.Model(image, layers.Activation("softmax", dtype="float32")(Dense(5)(x)))
        write_keras_case(folder, model, {"image": pictures(4, 24, 24)}, tolerance=tolerance)
    finally:
        keras.mixed_precision.set_global_policy("float32")


def trained_digits(folder):
    """Trained until it reads handwriting: of the example's holdout pictures three quarters teach and the rest judge."""
    seeded()
    images = np.load(DIGITS / "holdout-images.npy")[..., np.newaxis].astype(np.float32)
    labels = np.load(DIGITS / "holdout-labels.npy").astype(np.int64)
    order = np.random.RandomState(35).permutation(len(images))
    images, labels = images[order], labels[order]
    stack = [
        Input((28, 28, 1), name="image"), layers.Rescaling(1 / 255),
        Conv2D(12, 3), BatchNormalization(), layers.ReLU(), layers.MaxPooling2D(),
        Conv2D(24, 3, activation="relu"), layers.MaxPooling2D(), layers.Flatten(), layers.Dropout(0.3),
        Dense(32, activation="relu"), Dense(10, activation="softmax"),
    ]  # fmt: skip
    model = keras.Sequential(stack)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images[:1500], labels[:1500], epochs=12, batch_size=32, verbose=0)
    accuracy = model.evaluate(images[1500:], labels[1500:], verbose=0)[1]
    assert accuracy > 0.93, f"the network hardly reads: {accuracy}"
    write_keras_case(folder, model, {model.inputs[0].name: images[1500::62]}, trained=True)


BUILDERS = {each.__name__: each for each in [conv3d, conv1d, wavenet, text_cnn, mixed_float16, mixed_bfloat16, trained_digits]}
