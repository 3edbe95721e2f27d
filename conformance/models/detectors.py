"""Detectors of TensorFlow 2: two maps of anchors over a small convolutional network, and suppression of overlapping boxes inside."""

import numpy as np
import tensorflow as tf
from case import normal, pictures, write_saved_model_case

SIZE, CLASSES = 64, 4


def anchors():
    """Boxes [n, 4] as y, x, height, width in 0..1: three for each cell of an 8x8 and a 4x4 map."""
    boxes = []
    for cells, scale in [(8, 0.2), (4, 0.45)]:
        centres = (np.arange(cells) + 0.5) / cells
        for y in centres:
            for x in centres:
                boxes += [[y, x, scale, scale], [y, x, scale * 1.4, scale * 0.7], [y, x, scale * 0.7, scale * 1.4]]
    return np.array(boxes, np.float32)


class Ssd(tf.Module):
    def __init__(self):
        self.kernels = [
            tf.Variable(normal(3, 3, a, b, seed=80 + i, scale=(2 / (9 * a)) ** 0.5))
            for i, (a, b) in enumerate([(3, 12), (12, 16), (16, 24), (24, 24)])
        ]
        self.heads = [tf.Variable(normal(3, 3, 24, 3 * (4 + CLASSES), seed=90 + i, scale=0.12)) for i in range(2)]
        self.anchors = anchors()

    def raw(self, image):
        """Boxes [batch, n, 4] as y1, x1, y2, x2 and scores [batch, n, classes]."""
        x = tf.cast(image, tf.float32) / 127.5 - 1.0
        maps = []
        for kernel in self.kernels:
            x = tf.nn.relu6(tf.nn.conv2d(x, kernel, 2, "SAME"))
            maps.append(x)
        heads = [tf.nn.conv2d(x, head, 1, "SAME") for x, head in zip(maps[2:], self.heads)]
        flat = tf.concat([tf.reshape(head, [tf.shape(image)[0], -1, 4 + CLASSES]) for head in heads], 1)
        return self.decode(flat[..., :4]), tf.sigmoid(flat[..., 4:])

    def decode(self, codes):
        ty, tx, th, tw = tf.unstack(codes, axis=-1)
        y, x, height, width = tf.unstack(tf.constant(self.anchors), axis=-1)
        y, x = y + ty * 0.1 * height, x + tx * 0.1 * width
        height, width = height * tf.exp(th * 0.2) / 2.0, width * tf.exp(tw * 0.2) / 2.0
        return tf.clip_by_value(tf.stack([y - height, x - width, y + height, x + width], -1), 0.0, 1.0)


IMAGE = tf.TensorSpec([None, SIZE, SIZE, 3], tf.uint8, "image")


class Combined(Ssd):
    @tf.function(input_signature=[IMAGE])
    def serve(self, image):
        boxes, scores = self.raw(image)
        found = tf.image.combined_non_max_suppression(
            boxes[:, :, None], scores, max_output_size_per_class=8, max_total_size=20, iou_threshold=0.45, score_threshold=0.75
        )
        return dict(zip(["boxes", "scores", "classes", "count"], found))


class PerClass(Ssd):
    """A picture at a time, a class at a time, results of one size."""

    @tf.function(input_signature=[IMAGE])
    def serve(self, image):
        out = (tf.float32, tf.float32, tf.int32)
        boxes, scores, classes = tf.map_fn(self.of_picture, self.raw(image), fn_output_signature=out)
        return {"boxes": boxes, "scores": scores, "classes": classes}

    def of_picture(self, raw):
        boxes, scores = raw
        found = []
        for k in range(CLASSES):
            chosen, count = tf.image.non_max_suppression_padded(
                boxes, scores[:, k], 6, iou_threshold=0.45, score_threshold=0.3, pad_to_max_output_size=True
            )
            there = tf.range(6) < count
            score = tf.where(there, tf.gather(scores[:, k], chosen), 0.0)
            found.append((tf.gather(boxes, chosen) * tf.cast(there, tf.float32)[:, None], score, tf.where(there, k + 1, 0)))
        boxes, scores, classes = (tf.concat(part, 0) for part in zip(*found))
        scores, order = tf.math.top_k(scores, 12)
        return tf.gather(boxes, order), scores, tf.gather(classes, order)


def write(folder, model):
    tf.saved_model.save(model, str(folder / "source"), signatures=model.serve)
    write_saved_model_case(folder, {"image": pictures(3, SIZE, SIZE, seed=97).astype(np.uint8)})


def ssd_combined_nms(folder):
    write(folder, Combined())


def ssd_nms_per_class(folder):
    write(folder, PerClass())


BUILDERS = {each.__name__: each for each in [ssd_combined_nms, ssd_nms_per_class]}
