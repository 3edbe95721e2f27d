"""Cases of spectrograms and MFCCs as TensorFlow 1 spells them."""
import itertools

import numpy as np
import tensorflow as tf

from .registry import add, sample

raw = tf.raw_ops

for (window, stride), squared, declared in itertools.product(((64, 32), (50, 20), (400, 7)), (False, True), (None, [None, None])):
    add("AudioSpectrogram", lambda p, r, w=window, s=stride, q=squared, d=declared: raw.AudioSpectrogram(input=p(sample(r, (300, 2), np.float32, -1, 1), d), window_size=w, stride=s, magnitude_squared=q))
for bins, options in itertools.product((33, 257), ({}, dict(upper_frequency_limit=3000.0, lower_frequency_limit=100.0, filterbank_channel_count=12, dct_coefficient_count=10))):
    add("Mfcc", lambda p, r, b=bins, o=options: raw.Mfcc(spectrogram=p(sample(r, (1, 5, b), np.float32, 0, 9), [None, None, b]), sample_rate=8000, **o))
add("Mfcc", lambda p, r: raw.Mfcc(spectrogram=raw.AudioSpectrogram(input=p(sample(r, (4000, 1), np.float32, -1, 1)), window_size=480, stride=160, magnitude_squared=True), sample_rate=16000, dct_coefficient_count=40))
