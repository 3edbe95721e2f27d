"""The case of a Keras 3 model: calibrated, exported, and answered by its own SavedModel."""

import keras
from calibrate import calibrate_logits, calibrate_statistics, randomise
from case import TOLERANCE, write_saved_model_case


def write_keras_case(folder, model, inputs, *, logits=False, trained=False, tolerance=TOLERANCE):
    """`inputs` are numpy arrays by the names of the model's input layers. A model that is not `trained` is calibrated; `logits`
    calibrates a last dense layer too."""
    feeds = {tensor.name: inputs[tensor.name] for tensor in model.inputs}
    fed = feeds if len(feeds) > 1 else next(iter(feeds.values()))
    if not trained:
        randomise(model)
        calibrate_statistics(model, fed)
    if logits:
        calibrate_logits(model, fed)
    model.export(str(folder / "source"), verbose=False)
    write_saved_model_case(folder, feeds, tolerance=tolerance)


def seeded():
    """Equal weights whenever a model is made."""
    keras.utils.set_random_seed(7)
