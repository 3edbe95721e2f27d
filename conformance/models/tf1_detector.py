"""A detector of the classic object-detection kind: everything from the picture's bytes to the list of boxes is in one TF1 graph.

Preprocessing resizes each picture in a `map_fn`; anchors are made by the graph from the maps' shapes; boxes are decoded, suppressed
and sorted per picture in another `map_fn` with a loop over classes inside. All loops are TF1's frames of Enter, Switch, Merge and
NextIteration over TensorArrays.
"""

import numpy as np
import tensorflow as tf
from case import pictures, write_saved_model_case

tf1 = tf.compat.v1
SIZE, CLASSES, PER_CLASS, TOTAL = 64, 3, 6, 10


def ssd_tf1(folder):
    with tf.Graph().as_default():
        tf1.disable_control_flow_v2()
        tf1.disable_resource_variables()
        tf1.set_random_seed(23)
        image = tf1.placeholder(tf.uint8, [None, None, None, 3], "image_tensor")
        outputs = detect(preprocess(image))
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            tf1.saved_model.simple_save(session, str(folder / "source"), {"inputs": image}, outputs)
            variables = {v.op.name: [v.op.name, None] for v in tf1.global_variables()}
    images = pictures(3, 80, 72, seed=121).astype(np.uint8)
    write_saved_model_case(folder, {"inputs": images}, variables=variables)


def preprocess(image):
    def resized(picture):
        picture = tf1.image.resize_images(tf1.to_float(picture), [SIZE, SIZE], align_corners=False)
        return tf.reshape(picture, [SIZE, SIZE, 3])

    with tf1.name_scope("Preprocessor"):
        return tf1.map_fn(resized, image, dtype=tf.float32, parallel_iterations=4) * (2.0 / 255.0) - 1.0


def detect(images):
    maps = features(images)
    codes, scores, boxes = [], [], []
    for i, (x, scale) in enumerate(zip(maps, [0.25, 0.5])):
        with tf1.variable_scope(f"BoxPredictor_{i}"):
            codes.append(predict(x, "BoxEncoding", 3 * 4, 4))
            scores.append(predict(x, "ClassPredictor", 3 * (CLASSES + 1), CLASSES + 1))
        boxes.append(anchors(x, scale))
    decoded = decode(tf.concat(codes, 1), tf.concat(boxes, 0))
    scores = tf.sigmoid(tf.concat(scores, 1))[:, :, 1:]
    with tf1.name_scope("Postprocessor"):
        dtypes = (tf.float32, tf.float32, tf.float32, tf.float32)
        boxes, scores, classes, count = tf1.map_fn(of_picture, (decoded, scores), dtype=dtypes, back_prop=False)
    names = ["detection_boxes", "detection_scores", "detection_classes", "num_detections"]
    return {name: tf.identity(value, name) for name, value in zip(names, [boxes, scores, classes + 1.0, count])}


def features(x):
    """Maps of 8x8 and 4x4 cells."""
    maps = []
    for i, width in enumerate([12, 16, 24, 24]):
        with tf1.variable_scope(f"FeatureExtractor/conv_{i}"):
            x = conv(x, width, 3, 2)
            x = tf.nn.relu6(norm(x))
            maps.append(x)
    return maps[2:]


def conv(x, width, size, stride):
    deviation = (2 / (size * size * x.shape[-1])) ** 0.5
    initial = tf1.truncated_normal_initializer(stddev=deviation)
    return tf.nn.conv2d(x, tf1.get_variable("weights", [size, size, x.shape[-1], width], initializer=initial), stride, "SAME")


def norm(x):
    with tf1.variable_scope("BatchNorm"):
        shape, near = [x.shape[-1]], tf1.random_uniform_initializer
        gamma, beta = tf1.get_variable("gamma", shape, initializer=near(0.8, 1.2)), tf1.get_variable("beta", shape, initializer=near(-0.1, 0.1))
        mean = tf1.get_variable("moving_mean", shape, initializer=near(-0.1, 0.1), trainable=False)
        variance = tf1.get_variable("moving_variance", shape, initializer=near(1.0, 1.5), trainable=False)
        return tf1.nn.fused_batch_norm(x, gamma, beta, mean, variance, epsilon=0.001, is_training=False)[0]


def predict(x, name, width, values):
    with tf1.variable_scope(name):
        x = conv(x, width, 1, 1)
        x = tf.nn.bias_add(x * 2.0, tf1.get_variable("biases", [width], initializer=tf1.random_normal_initializer(stddev=0.1)))
        batch = tf.shape(x)[0]
        return tf.reshape(x, tf.stack([batch, -1, values]))


def anchors(x, scale):
    """Boxes [cells * 3, 4] as y centre, x centre, height, width, from the map's shape as the graph knows it."""
    with tf1.name_scope("MultipleGridAnchorGenerator"):
        rows, columns = tf.unstack(tf.shape(x)[1:3])
        ys = (tf1.to_float(tf.range(rows)) + 0.5) / tf1.to_float(rows)
        xs = (tf1.to_float(tf.range(columns)) + 0.5) / tf1.to_float(columns)
        ratios = tf.sqrt(tf.constant([1.0, 2.0, 0.5]))
        x_grid, y_grid = tf.meshgrid(xs, ys)
        x_centre, widths = tf.meshgrid(tf.reshape(x_grid, [-1]), ratios * scale, indexing="ij")
        y_centre, heights = tf.meshgrid(tf.reshape(y_grid, [-1]), scale / ratios, indexing="ij")
        stacked = tf.stack([y_centre, x_centre, heights, widths], axis=2)
        return tf.reshape(stacked, [-1, 4])


def decode(codes, priors):
    """Faster R-CNN's coder: [batch, n, 4] as y1, x1, y2, x2."""
    with tf1.name_scope("Decode"):
        batch = tf.shape(codes)[0]
        tiled = tf.reshape(tf.tile(tf.expand_dims(priors, 0), [batch, 1, 1]), [-1, 4])
        y, x, height, width = tf.unstack(tf.transpose(tiled))
        ty, tx, th, tw = tf.unstack(tf.transpose(tf.reshape(codes, [-1, 4])))
        h, w = tf.exp(th / 5.0) * height, tf.exp(tw / 5.0) * width
        y, x = ty / 10.0 * height + y, tx / 10.0 * width + x
        corners = tf.transpose(tf.stack([y - h / 2.0, x - w / 2.0, y + h / 2.0, x + w / 2.0]))
        return tf.reshape(corners, tf.stack([batch, -1, 4]))


def of_picture(raw):
    """Boxes [TOTAL, 4], scores, classes from 0, and how many there are; the rest is zeros."""
    boxes, scores = raw
    found = []
    for k in range(CLASSES):
        chosen, values = suppressed(boxes, scores[:, k])
        found.append((chosen, values, tf.fill(tf.shape(values), float(k))))
    boxes, scores, classes = (tf.concat(parts, 0) for parts in zip(*found))
    boxes = clipped(boxes)
    kept = tf.minimum(tf.size(scores), TOTAL)
    scores, order = tf.nn.top_k(scores, kept)
    boxes, classes = tf.gather(boxes, order), tf.gather(classes, order)
    return padded(boxes, 2), padded(scores, 1), padded(classes, 1), tf1.to_float(kept)


def suppressed(boxes, scores):
    """Only what is over the threshold is looked at, if there is any."""
    over = tf1.to_int32(tf.reshape(tf1.where(scores > 0.7), [-1]))
    boxes, scores = tf.gather(boxes, over), tf.gather_nd(scores, over[:, tf.newaxis])

    def some():
        chosen = tf.image.non_max_suppression(boxes, scores, PER_CLASS, iou_threshold=0.5)
        return tf.gather(boxes, chosen), tf.gather(scores, chosen)

    return tf1.cond(tf.greater(tf.size(scores), 0), some, lambda: (tf.zeros([0, 4]), tf.zeros([0])))


def clipped(boxes):
    y1, x1, y2, x2 = tf.split(boxes, 4, axis=1)
    low = [tf.maximum(tf.minimum(side, 1.0), 0.0) for side in (y1, x1, y2, x2)]
    return tf.concat(low, 1)


def padded(x, rank):
    missing = tf.maximum(TOTAL - tf.shape(x)[0], 0)
    x = tf.pad(x, [[0, missing]] + [[0, 0]] * (rank - 1))
    return tf.reshape(x, [TOTAL, 4] if rank == 2 else [TOTAL])


BUILDERS = {"ssd_tf1": ssd_tf1}
