"""usage: python conformance/models NAME FOLDER     makes one case; without arguments prints the names, one a line"""

import pathlib
import sys

NAMES = [
    "digits",
    "sharded",
    "mlp",
    "mobilenet_v2",
    "resnet50",
    "densenet121",
    "efficientnet_b0",
    "inception_v3",
    "nasnet_mobile",
]


def build(name, folder):
    """Imports only what the case needs: TensorFlow's two modes do not mix well in one process."""
    folder.mkdir(parents=True)
    if name == "digits":
        from tf1 import build_digits as make
    elif name == "sharded":
        from tf1 import build_sharded as make
    elif name == "mlp":
        from mlp import build_mlp as make
    else:
        from applications import build_application

        return build_application(name, folder)
    return make(folder)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        print("\n".join(NAMES))
    else:
        build(sys.argv[1], pathlib.Path(sys.argv[2]))
