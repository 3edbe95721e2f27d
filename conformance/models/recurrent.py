"""Recurrent layers of Keras 3: loops over time with tensor lists, steps of any number, masks, both directions, states between layers."""

import keras
import numpy as np
from case import normal, pictures, tokens
from keras_case import seeded, write_keras_case
from keras.layers import LSTM, GRU, Bidirectional, ConvLSTM2D, Dense, Embedding, Input, SimpleRNN


def lstm(folder):
    """Any number of steps; whole sequence and final states as outputs."""
    seeded()
    steps = Input((None, 12), name="steps")
    sequence, hidden, carry = LSTM(24, return_sequences=True, return_state=True, name="lstm")(steps)
    model = keras.Model(steps, {"sequence": sequence, "hidden": hidden, "carry": carry})
    write_keras_case(folder, model, {"steps": normal(4, 17, 12, seed=1)})


def gru(folder):
    """Both forms of the reset gate, the second reading backwards."""
    seeded()
    steps = Input((20, 10), name="steps")
    x = GRU(16, return_sequences=True)(steps)
    x = GRU(16, reset_after=False, go_backwards=True)(x)
    write_keras_case(folder, keras.Model(steps, Dense(5)(x)), {"steps": normal(4, 20, 10, seed=2)}, logits=True)


def bidirectional_lstm(folder):
    """Token ids whose zeros are masked; a tagger of each step and a class of the whole."""
    seeded()
    ids = Input((None,), name="ids", dtype="int32")
    x = Embedding(60, 16, mask_zero=True)(ids)
    x = Bidirectional(LSTM(12, return_sequences=True))(x)
    tags = Dense(4, activation="softmax", kernel_initializer=keras.initializers.RandomNormal(stddev=2.0, seed=9), name="tags")(x)
    whole = Bidirectional(LSTM(10), merge_mode="sum")(x)
    model = keras.Model(ids, {"tags": tags, "kind": Dense(3, name="kind")(whole)})
    write_keras_case(folder, model, {"ids": tokens(4, 15, 60, seed=3)})


def stacked_rnn(folder):
    """An encoder whose final states start a decoder, of three cells in one loop."""
    seeded()
    steps = Input((None, 8), name="steps")
    later = Input((None, 6), name="later")
    _, *states = LSTM(16, return_state=True)(steps)
    x = LSTM(16, return_sequences=True)(later, initial_state=states)
    cells = [keras.layers.LSTMCell(12), keras.layers.GRUCell(10), keras.layers.SimpleRNNCell(8)]
    x = keras.layers.RNN(cells, return_sequences=True)(x)
    inputs = {"steps": normal(3, 11, 8, seed=4), "later": normal(3, 7, 6, seed=5)}
    write_keras_case(folder, keras.Model([steps, later], Dense(4)(x)), inputs, logits=True)


def simple_rnn(folder):
    """Unrolled, then in a loop."""
    seeded()
    steps = Input((9, 7), name="steps")
    x = SimpleRNN(14, return_sequences=True, unroll=True)(steps)
    x = SimpleRNN(10, activation="relu")(x)
    write_keras_case(folder, keras.Model(steps, Dense(3)(x)), {"steps": normal(4, 9, 7, seed=6)}, logits=True)


def conv_lstm(folder):
    """Next frame of a film: convolutions inside the loop."""
    seeded()
    film = Input((None, 16, 16, 1), name="film")
    x = ConvLSTM2D(6, 3, padding="same", return_sequences=True)(film)
    x = keras.layers.BatchNormalization()(x)
    x = ConvLSTM2D(4, 3, padding="same", dilation_rate=1)(x)
    x = keras.layers.Conv2D(1, 3, padding="same", activation="sigmoid")(x)
    frames = pictures(2, 16, 16, 6, seed=8).transpose(0, 3, 1, 2)[..., np.newaxis] / 255
    write_keras_case(folder, keras.Model(film, x), {"film": frames})


BUILDERS = {each.__name__: each for each in [lstm, gru, bidirectional_lstm, stacked_rnn, simple_rnn, conv_lstm]}
