"""What TensorFlow makes of images: decoded and resized, each value rounded to a thousandth. Usage: make.py [FOLDER]"""

import io
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from PIL import Image
from tensorflow import keras

OUT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
HEIGHT, WIDTH = 37, 52


def picture(channels):
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    planes = [128 + 110 * np.sin(x / 7 + y / 5), 128 + 110 * np.cos(x / 3 - y / 9), (x * 255 / WIDTH + y * 255 / HEIGHT) / 2]
    noise = np.random.default_rng(7).normal(0, 12, (HEIGHT, WIDTH, channels))
    return np.clip(np.stack(planes[:channels], -1) + noise, 0, 255).astype(np.uint8)


def with_alpha(image):
    alpha = np.linspace(0, 255, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH, 1).astype(np.uint8)
    return np.concatenate([image, alpha], -1)


def cmyk(image):
    file = io.BytesIO()
    Image.fromarray(with_alpha(image), "CMYK").save(file, "jpeg", quality=85)
    return file.getvalue()


def resized(image, size, fit, antialias):
    image = tf.cast(image, tf.float32)
    if fit == "contain":
        return tf.image.resize_with_pad(image, *size, antialias=antialias)
    if fit == "cover":
        height, width = image.shape[:2]
        crop_height = min(height, int(float(width * size[0]) / size[1]))
        crop_width = min(width, int(float(height * size[1]) / size[0]))
        top, left = int(float(height - crop_height) / 2), int(float(width - crop_width) / 2)
        cropped = image[top : top + crop_height, left : left + crop_width]
        result = tf.image.resize(cropped, size, antialias=antialias)
        if not antialias:
            same = keras.preprocessing.image.smart_resize(image.numpy(), size)
            np.testing.assert_allclose(result, same, atol=1e-3)
        return result
    return tf.image.resize(image, size, antialias=antialias)


def decode(data, channels):
    # libjpeg's accurate transform, which sharp takes too; TensorFlow's default is the fast one, up to 3 levels away.
    if data[:2] == b"\xff\xd8":
        return tf.io.decode_jpeg(data, channels=channels, dct_method="INTEGER_ACCURATE")
    return tf.io.decode_png(data, channels=channels)


colour = picture(3)
FILES = {
    "colour.jpg": tf.io.encode_jpeg(colour, quality=85).numpy(),
    "cmyk.jpg": cmyk(colour),
    "grey.jpg": tf.io.encode_jpeg(picture(1), quality=85).numpy(),
    "small.png": tf.io.encode_png(colour[:4, :5]).numpy(),
    "colour.png": tf.io.encode_png(colour).numpy(),
    "alpha.png": tf.io.encode_png(with_alpha(colour)).numpy(),
    "deep.png": tf.io.encode_png(colour.astype(np.uint16) * 257 + 77).numpy(),
}
CASES = [
    ("colour.jpg", (11, 17), "fill", 3),
    ("small.png", (11, 9), "fill", 3),
    ("small.png", (4, 5), "fill", 3),
    ("small.png", (4, 11), "contain", 3),
    ("colour.jpg", (16, 16), "contain", 3),
    ("colour.jpg", (16, 9), "cover", 3),
    ("colour.jpg", (9, 31), "cover", 3),
    ("colour.jpg", (1, 1), "fill", 3),
    ("colour.jpg", (11, 17), "fill", 1),
    ("cmyk.jpg", (11, 17), "fill", 3),
    ("grey.jpg", (11, 17), "fill", 3),
    ("grey.jpg", (11, 17), "fill", 1),
    ("colour.png", (13, 20), "fill", 3),
    ("alpha.png", (13, 20), "fill", 3),
    ("deep.png", (13, 20), "fill", 3),
]

expected = []
for file, size, fit, channels in CASES:
    for antialias in (False, True):
        values = resized(decode(FILES[file], channels), size, fit, antialias).numpy()
        assert values.shape == (*size, channels)
        resize = "tf-antialias" if antialias else "tf-bilinear"
        rounded = [round(float(value), 3) for value in values.ravel()]
        expected.append({"file": file, "size": size, "fit": fit, "channels": channels, "resize": resize, "values": rounded})

for name, data in FILES.items():
    (OUT / name).write_bytes(data)
lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in expected)
(OUT / "expected.json").write_text(f"[\n{lines}\n]\n")
