"""The graph that Floe compiled, in the engine that Floe runs, for the servers in this folder: one thread for each run."""

import os

import onnxruntime


class Session:
    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.name = self.session.get_inputs()[0].name
        #: Of a batch of one, as requests have it.
        self.shape = [1, *self.session.get_inputs()[0].shape[1:]]

    def run(self, batch):
        return self.session.run(None, {self.name: batch})[0]


def from_environment():
    """The session of $FLOE_BENCH_ONNX: servers that start processes of their own hand on what those need in this way."""
    return Session(os.environ["FLOE_BENCH_ONNX"])
