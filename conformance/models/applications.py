"""Models of keras.applications with random weights, calibrated so that answers depend on the picture.

With freshly initialised weights and statistics, signals of a deep network die out or explode and all inputs give one answer. So
batch norm's moving statistics are taken from data, and the last layer is scaled and centred to give clearly different logits.
"""

import keras
import numpy as np
import tensorflow as tf
from case import pictures, write_case

# name: (constructor, rows and columns, preprocess input). 96 pixels where the graph matters more than the size of the picture.
APPLICATIONS = {
    "mobilenet_v2": ("MobileNetV2", 224, keras.applications.mobilenet_v2.preprocess_input),
    "resnet50": ("ResNet50", 224, keras.applications.resnet50.preprocess_input),
    "densenet121": ("DenseNet121", 96, keras.applications.densenet.preprocess_input),
    "efficientnet_b0": ("EfficientNetB0", 224, keras.applications.efficientnet.preprocess_input),
    "inception_v3": ("InceptionV3", 224, keras.applications.inception_v3.preprocess_input),
    "nasnet_mobile": ("NASNetMobile", 96, keras.applications.nasnet.preprocess_input),
}


def build_application(name, folder):
    """Writes the case of one application: a SavedModel as Keras exports it, batch of any size."""
    constructor, size, preprocess = APPLICATIONS[name]
    keras.utils.set_random_seed(7)
    model = getattr(keras.applications, constructor)(weights=None, input_shape=(size, size, 3))
    images = preprocess(pictures(8, size, size).copy())
    calibrate_statistics(model, images)
    calibrate_logits(model, images)
    model.export(str(folder / "source"), verbose=False)
    signature = tf.saved_model.load(str(folder / "source")).signatures["serving_default"]
    [key] = signature.structured_input_signature[1]
    fed = images[:3]
    [(output, answer)] = signature(**{key: tf.constant(fed)}).items()
    expected = {output: answer.numpy()}
    assert len(set(expected[output].argmax(-1))) > 1, "all pictures get the same class"
    assert_well_conditioned(lambda row: signature(**{key: tf.constant(row)})[output].numpy(), fed, expected[output])
    write_case(folder, "source", {key: fed}, expected)


def assert_well_conditioned(answer, fed, expected, limit=5e-5):
    """TensorFlow has to agree with itself, row by row and all at once, far better than the judge asks of Floe.

    InceptionV3 at 96 pixels does not: random weights amplify rounding until TensorFlow differs from itself by 2e-4.
    """
    alone = np.concatenate([answer(fed[row : row + 1]) for row in range(len(fed))])
    difference = float(np.abs(alone - expected).max())
    assert difference <= limit, f"TensorFlow differs from itself by {difference:.1e}"


def calibrate_statistics(model, images):
    """One training pass with momentum 0 sets every moving mean and variance to the batch's own."""
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    kept = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0
    model(images, training=True)
    for layer, momentum in zip(norms, kept):
        layer.momentum = momentum


def calibrate_logits(model, images, spread=3.0):
    """Scales the last dense layer so that logits differ by `spread` (standard deviation) between pictures, and centres them."""
    last = model.layers[-1]
    features = keras.Model(model.input, last.input)(images, training=False).numpy()
    kernel = last.kernel.numpy()
    logits = features @ kernel
    scale = spread / max(float((logits - logits.mean(0)).std()), 1e-12)
    last.kernel.assign(kernel * scale)
    last.bias.assign(-logits.mean(0) * scale)
