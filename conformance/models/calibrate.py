"""Random weights that make a good judge: no weight is neutral, and answers depend on the input.

With freshly initialised weights and statistics, signals of a deep network die out or explode and all inputs give one answer; biases
of zero and scales of one hide a mistake with either. So constant weights are moved off their value, batch norm's moving statistics
are taken from data, and the last layer is scaled and centred to give clearly different logits.
"""

import keras
import numpy as np


def randomise(model, seed=7, spread=0.1):
    """Moves every weight of one constant value (bias, scale, layer scale, position) off it; variances stay positive."""
    random = np.random.RandomState(seed)
    for weight in model.weights:
        value = np.asarray(weight)
        if value.dtype.kind != "f" or value.size < 2 or np.ptp(value) > 0:
            continue
        draw = random.uniform if "variance" in weight.path else random.normal
        weight.assign(value + draw(0, spread, value.shape))


def calibrate_statistics(model, inputs):
    """One training pass with momentum 0 sets every moving mean and variance to the batch's own."""
    norms = [layer for layer in model._flatten_layers() if isinstance(layer, keras.layers.BatchNormalization)]
    kept = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0
    model(inputs, training=True)
    for layer, momentum in zip(norms, kept):
        layer.momentum = momentum


def calibrate_logits(model, inputs, spread=3.0):
    """Scales the last layer that has a kernel (dense, or a 1x1 convolution) so that logits differ by `spread` (standard deviation)
    between rows, and centres them."""
    last = [layer for layer in model.layers if hasattr(layer, "kernel")][-1]
    kernel = np.asarray(last.kernel)
    flat = kernel.reshape(-1, kernel.shape[-1])
    features = np.asarray(keras.Model(model.inputs, last.input)(inputs, training=False)).astype(np.float32)
    logits = features.reshape(-1, len(flat)) @ flat
    scale = spread / max(float((logits - logits.mean(0)).std()), 1e-12)
    last.kernel.assign(kernel * scale)
    last.bias.assign(-logits.mean(0) * scale)
