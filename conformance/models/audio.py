"""Models that hear: the way from samples to a spectrogram is part of the graph."""

import numpy as np
import tensorflow as tf
from case import write_saved_model_case

RATE = 8000


def sounds(count, length, seed):
    """Chords that rise or fall, with noise."""
    random = np.random.RandomState(seed)
    time = np.arange(length) / RATE
    tones = [np.sin(2 * np.pi * (random.uniform(100, 1500, (count, 1)) * time + random.uniform(-400, 400, (count, 1)) * time**2)) for _ in range(3)]
    return (sum(tones) / 3 + random.normal(0, 0.05, (count, length))).astype(np.float32)


def weights(random, *shape):
    return tf.Variable(random.normal(0, np.prod(shape[:-1]) ** -0.5, shape).astype(np.float32))


class Keyword(tf.Module):
    """Mel spectrogram and MFCCs into a convolution, as small keyword spotters do."""

    def __init__(self):
        random = np.random.RandomState(81)
        self.mel = tf.signal.linear_to_mel_weight_matrix(24, 129, RATE, 60.0, 3600.0)
        self.filters = weights(random, 3, 3, 1, 6)
        self.dense = weights(random, 6 + 10, 4)

    @tf.function(input_signature=[tf.TensorSpec([None, 2000], tf.float32, name="samples")])
    def serve(self, samples):
        spectrum = tf.abs(tf.signal.stft(samples, frame_length=200, frame_step=80, fft_length=256))
        mel = tf.math.log(tf.tensordot(spectrum, self.mel, 1) + 1e-3)
        features = tf.reduce_mean(tf.signal.mfccs_from_log_mel_spectrograms(mel)[..., :10], 1)
        x = tf.nn.relu(tf.nn.conv2d(mel[..., None], self.filters, 2, "SAME"))
        pooled = tf.concat([tf.reduce_mean(x, [1, 2]), features], 1)
        return {"logits": tf.matmul(pooled, self.dense), "mel": mel}


def keyword_spotting(folder):
    model = Keyword()
    tf.saved_model.save(model, str(folder / "source"), signatures=model.serve)
    write_saved_model_case(folder, {"samples": sounds(4, 2000, seed=82)})


class Denoiser(tf.Module):
    """A mask over the spectrum by what is in it, and back to samples."""

    def __init__(self):
        random = np.random.RandomState(83)
        self.first, self.second = weights(random, 65, 32), weights(random, 32, 65)

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="samples")])
    def serve(self, samples):
        spectrum = tf.signal.stft(samples, 128, 64, pad_end=True)
        loudness = tf.math.log1p(tf.abs(spectrum))
        mask = tf.sigmoid(tf.tensordot(tf.nn.relu(tf.tensordot(loudness, self.first, 1)), self.second, 1))
        kept = spectrum * tf.cast(mask, tf.complex64)
        window = tf.signal.inverse_stft_window_fn(64)
        return {"samples": tf.signal.inverse_stft(kept, 128, 64, window_fn=window), "phase": tf.math.cos(tf.math.angle(kept[:, :, 3]))}


def denoiser(folder):
    model = Denoiser()
    tf.saved_model.save(model, str(folder / "source"), signatures=model.serve)
    write_saved_model_case(folder, {"samples": sounds(3, 640, seed=84)})


BUILDERS = {each.__name__: each for each in [keyword_spotting, denoiser]}
