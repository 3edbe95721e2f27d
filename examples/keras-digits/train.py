"""A data scientist's own training: a whole Keras network on what users said, run by `floe worker` as a program.

    python3 train.py request.json

It reads paths and parameters from the request, says how it goes in lines of JSON, keeps a checkpoint after each epoch and goes on from
one that it finds, and leaves a SavedModel.
"""

import json
import pathlib
import sys

import numpy as np
import tensorflow as tf

request = json.loads(pathlib.Path(sys.argv[1]).read_text())
parameters = {"epochs": 8, "seed": 1, "learningRate": 1e-3, "batch": 64} | request["parameters"]
checkpoint = pathlib.Path(request["checkpoint"])
weights, done = checkpoint / "model.weights.h5", checkpoint / "epochs"
keras = tf.keras


def say(**what):
    print(json.dumps(what), flush=True)


def network():
    return keras.Sequential(
        [
            keras.layers.Input((28, 28, 1)),
            keras.layers.Conv2D(16, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Conv2D(32, 3, activation="relu"),
            keras.layers.MaxPooling2D(),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


def main():
    keras.utils.set_random_seed(parameters["seed"])
    data = np.load(pathlib.Path(request["dataset"]) / "examples.npz")
    learned = data["split"] == 0
    x, y = data["inputs/x"][learned], data["label"][learned]
    model = network()
    optimizer = keras.optimizers.Adam(parameters["learningRate"])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    first = 0
    if weights.exists():
        model.load_weights(weights)
        first = int(done.read_text())
        say(log=f"goes on after epoch {first}")
    for epoch in range(first, parameters["epochs"]):
        history = model.fit(x, y, batch_size=parameters["batch"], epochs=1, verbose=0).history
        say(metric={"epoch": epoch + 1, "loss": history["loss"][0], "accuracy": history["accuracy"][0]})
        say(progress=(epoch + 1) / parameters["epochs"])
        model.save_weights(weights)
        done.write_text(str(epoch + 1))
        say(checkpoint=True)
        # The folder stays as it is until the worker has carried it away.
        sys.stdin.readline()
    export(model, pathlib.Path(request["output"]) / "saved_model")
    say(result={"model": "saved_model"})


def export(model, folder):
    """Names inputs and outputs as the version does whose place this one takes."""

    @tf.function(input_signature=[tf.TensorSpec([None, 28, 28, 1], tf.float32, name="x")])
    def serve(x):
        probs = model(x, training=False)
        return {"probs": probs, "klass": tf.argmax(probs, axis=1)}

    tf.saved_model.save(model, str(folder), signatures={"serving_default": serve})


main()
