"""Models of keras.applications with random weights, calibrated so that answers depend on the picture."""

import functools

import keras
import numpy as np
from calibrate import calibrate_logits, calibrate_statistics, randomise
from case import pictures, write_saved_model_case

apps = keras.applications
# name: (constructor, rows and columns, preprocess input). 96 pixels or less where the graph matters more than the size of the picture.
APPLICATIONS = {
    "mobilenet_v2": ("MobileNetV2", 224, apps.mobilenet_v2.preprocess_input),
    "resnet50": ("ResNet50", 224, apps.resnet50.preprocess_input),
    "densenet121": ("DenseNet121", 96, apps.densenet.preprocess_input),
    "efficientnet_b0": ("EfficientNetB0", 224, apps.efficientnet.preprocess_input),
    "inception_v3": ("InceptionV3", 224, apps.inception_v3.preprocess_input),
    "nasnet_mobile": ("NASNetMobile", 96, apps.nasnet.preprocess_input),
    "vgg16": ("VGG16", 64, apps.vgg16.preprocess_input),
    "resnet50_v2": ("ResNet50V2", 96, apps.resnet_v2.preprocess_input),
    "inception_resnet_v2": ("InceptionResNetV2", 128, apps.inception_resnet_v2.preprocess_input),
    "xception": ("Xception", 96, apps.xception.preprocess_input),
    "mobilenet": ("MobileNet", 96, apps.mobilenet.preprocess_input),
    "mobilenet_v3_small": ("MobileNetV3Small", 96, apps.mobilenet_v3.preprocess_input),
    "efficientnet_v2_b0": ("EfficientNetV2B0", 96, apps.efficientnet_v2.preprocess_input),
    "convnext_tiny": ("ConvNeXtTiny", 96, apps.convnext.preprocess_input),
}


def build_application(name, folder):
    """Writes the case of one application: a SavedModel as Keras exports it, batch of any size."""
    constructor, size, preprocess = APPLICATIONS[name]
    keras.utils.set_random_seed(7)
    model = getattr(apps, constructor)(weights=None, input_shape=(size, size, 3))
    images = preprocess(pictures(8, size, size).copy())
    randomise(model)
    calibrate_statistics(model, images)
    calibrate_logits(model, images)
    model.export(str(folder / "source"), verbose=False)
    classes = np.asarray(model(images[:3])).argmax(-1)
    assert len(set(classes)) > 1, "all pictures get the same class"
    write_saved_model_case(folder, {"image": images[:3]})


BUILDERS = {name: functools.partial(build_application, name) for name in APPLICATIONS}
