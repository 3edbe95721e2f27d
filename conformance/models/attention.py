"""Attention and what replaced or surrounds it: classifiers, encoders, decoders, pictures as patches."""

import keras
import tensorflow as tf
from case import normal, pictures, tokens
from keras import layers
from keras.layers import Dense, Dropout, Embedding, Input, LayerNormalization, MultiHeadAttention
from keras_case import seeded, write_keras_case


class Positions(keras.layers.Layer):
    """Adds the first rows of a learned table, as many as there are steps."""

    def __init__(self, most, width, **options):
        super().__init__(**options)
        self.supports_masking = True
        self.table = self.add_weight(shape=(most, width), initializer="normal", name="positions")

    def call(self, x):
        return x + self.table[: tf.shape(x)[1]]


class ClassToken(keras.layers.Layer):
    """Puts one learned row before the patches."""

    def build(self, shape):
        self.token = self.add_weight(shape=(1, 1, shape[-1]), initializer="normal", name="token")

    def call(self, x):
        return tf.concat([tf.tile(self.token, [tf.shape(x)[0], 1, 1]), x], 1)


class BertLayer(keras.layers.Layer):
    """Self-attention as BERT writes it: dense layers, heads by reshape and transpose, an additive mask of -10000."""

    def __init__(self, width, heads, **options):
        super().__init__(**options)
        self.heads, self.size = heads, width // heads
        self.query, self.key, self.value, self.out = (Dense(width) for _ in range(4))
        self.inner, self.outer = Dense(width * 4, activation="gelu"), Dense(width)
        self.norms = [LayerNormalization(epsilon=1e-12) for _ in range(2)]
        self.dropout = Dropout(0.1)

    def split(self, x):
        shape = tf.shape(x)
        return tf.transpose(tf.reshape(x, [shape[0], shape[1], self.heads, self.size]), [0, 2, 1, 3])

    def call(self, x, mask, training=False):
        query, key, value = (self.split(layer(x)) for layer in [self.query, self.key, self.value])
        scores = tf.matmul(query, key, transpose_b=True) / tf.sqrt(tf.cast(self.size, tf.float32))
        weights = tf.nn.softmax(scores + (1.0 - tf.cast(mask, tf.float32))[:, None, None, :] * -10000.0)
        context = tf.transpose(tf.matmul(weights, value), [0, 2, 1, 3])
        context = tf.reshape(context, [tf.shape(x)[0], tf.shape(x)[1], self.heads * self.size])
        x = self.norms[0](x + self.dropout(self.out(context), training=training))
        return self.norms[1](x + self.dropout(self.outer(self.inner(x)), training=training))


def bert(folder):
    """Three inputs (token ids, mask, segment ids) of any length; the sequence and a pooled output."""
    seeded()
    ids, mask, segments = (Input((None,), name=name, dtype="int32") for name in ["ids", "mask", "segments"])
    x = Embedding(200, 48)(ids) + Embedding(2, 48)(segments)
    x = LayerNormalization(epsilon=1e-12)(Positions(64, 48)(x))
    for _ in range(2):
        x = BertLayer(48, 4)(x, mask)
    pooled = Dense(48, activation="tanh", name="pooled")(x[:, 0])
    model = keras.Model([ids, mask, segments], {"sequence": x, "pooled": pooled})
    fed = tokens(4, 20, 200, seed=11)
    segment = (tokens(4, 20, 200, seed=12) > 90).astype("int32")
    write_keras_case(folder, model, {"ids": fed, "mask": (fed > 0).astype("int32"), "segments": segment})


def attention(folder):
    """A classifier with Keras's own multi-head attention, told of masked steps by the embedding."""
    seeded()
    ids = Input((24,), name="ids", dtype="int32")
    x = Embedding(80, 32, mask_zero=True)(ids)
    x = LayerNormalization()(x + MultiHeadAttention(4, 8)(x, x))
    x = layers.GlobalAveragePooling1D()(x)
    write_keras_case(folder, keras.Model(ids, Dense(6)(x)), {"ids": tokens(4, 24, 80, seed=13)}, logits=True)


def feed_forward(x, width):
    inner = Dense(width, activation=lambda y: keras.activations.gelu(y, approximate=True))(LayerNormalization()(x))
    return x + Dense(x.shape[-1])(inner)


def decoder(folder):
    """A causal language model: logits of the next token at every step, through the transposed embedding."""
    seeded()
    ids = Input((None,), name="ids", dtype="int32")
    embedding = Embedding(90, 32)
    x = Positions(40, 32)(embedding(ids))
    for _ in range(2):
        h = LayerNormalization()(x)
        x = feed_forward(x + MultiHeadAttention(4, 8)(h, h, use_causal_mask=True), 64)
    logits = layers.Dot([2, 2])([LayerNormalization()(x), embedding(layers.Lambda(every_id, output_shape=(90,))(ids))])
    model = keras.Model(ids, {"logits": logits, "next": layers.Lambda(last_best, output_shape=())(logits)})
    write_keras_case(folder, model, {"ids": normal_ids(4, 18, 90)})


def every_id(ids):
    return tf.tile(tf.range(90)[None], [tf.shape(ids)[0], 1])


def last_best(logits):
    return tf.argmax(logits[:, -1], -1)


def normal_ids(count, length, vocabulary):
    return (abs(normal(count, length, seed=14)) * 20 % vocabulary).astype("int32")


def transformer(folder):
    """Encoder and decoder: self-attention masked on both sides, causal in the decoder, cross-attention between them."""
    seeded()
    source, target = (Input((None,), name=name, dtype="int32") for name in ["source", "target"])
    x = Positions(32, 32)(Embedding(70, 32, mask_zero=True)(source))
    y = Positions(32, 32)(Embedding(50, 32, mask_zero=True)(target))
    for _ in range(2):
        x = feed_forward(LayerNormalization()(x + MultiHeadAttention(2, 16)(x, x)), 64)
    for _ in range(2):
        y = LayerNormalization()(y + MultiHeadAttention(2, 16)(y, y, use_causal_mask=True))
        y = feed_forward(LayerNormalization()(y + MultiHeadAttention(2, 16)(y, x)), 64)
    inputs = {"source": tokens(4, 14, 70, seed=15), "target": tokens(4, 9, 50, seed=16)}
    write_keras_case(folder, keras.Model([source, target], Dense(50)(y)), inputs, logits=True)


def vit(folder):
    """A picture as patches, a class token before them, pre-norm blocks."""
    seeded()
    image = Input((32, 32, 3), name="image")
    x = layers.Conv2D(48, 8, strides=8)(layers.Rescaling(1 / 127.5, offset=-1)(image))
    x = Positions(17, 48)(ClassToken()(layers.Reshape((16, 48))(x)))
    for _ in range(2):
        h = LayerNormalization(epsilon=1e-6)(x)
        x = feed_forward(x + MultiHeadAttention(3, 16, dropout=0.1)(h, h), 96)
    x = LayerNormalization(epsilon=1e-6)(x)[:, 0]
    write_keras_case(folder, keras.Model(image, Dense(10)(x)), {"image": pictures(4, 32, 32)}, logits=True)


def mlp_mixer(folder):
    """Dense layers over patches and over channels in turn."""
    seeded()
    image = Input((32, 32, 3), name="image")
    x = layers.Reshape((16, 40))(layers.Conv2D(40, 8, strides=8)(layers.Rescaling(1 / 255)(image)))
    for _ in range(3):
        h = layers.Permute((2, 1))(LayerNormalization()(x))
        h = Dense(16)(Dense(24, activation="gelu")(h))
        x = feed_forward(x + layers.Permute((2, 1))(h), 80)
    x = layers.GlobalAveragePooling1D()(LayerNormalization()(x))
    write_keras_case(folder, keras.Model(image, Dense(10)(x)), {"image": pictures(4, 32, 32)}, logits=True)


BUILDERS = {each.__name__: each for each in [bert, attention, decoder, transformer, vit, mlp_mixer]}
