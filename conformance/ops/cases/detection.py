"""Cases of what detectors end in: suppression of overlapping boxes, crops."""
import itertools

import numpy as np
import tensorflow as tf

from .registry import add, sample

raw = tf.raw_ops


def boxes_of(r, *shape):
    """Corners in any order, some boxes empty, some equal."""
    boxes = r.uniform(0, 1, (*shape, 4)).astype(np.float32)
    boxes[..., 1::5, 2:] = boxes[..., 1::5, :2]
    boxes[..., 2::5, :] = boxes[..., 3::5, :][..., : boxes[..., 2::5, :].shape[-2], :] if shape[-1] % 5 == 0 else boxes[..., 2::5, :]
    return boxes


def scores_of(r, *shape):
    """Some equal, some not a number, some infinite."""
    scores = np.round(r.uniform(-1, 1, shape), 1).astype(np.float32)
    scores[..., 7] = np.nan
    scores[..., 8] = -np.inf
    scores[..., 9] = np.inf
    return scores


N = 20
for most, iou in itertools.product((0, 3, 50), (0.0, 0.3, 1.0)):
    add("NonMaxSuppression", lambda p, r, m=most, i=iou: raw.NonMaxSuppression(boxes=p(boxes_of(r, N)), scores=p(scores_of(r, N)), max_output_size=m, iou_threshold=i))
    add("NonMaxSuppressionV2", lambda p, r, m=most, i=iou: raw.NonMaxSuppressionV2(boxes=p(boxes_of(r, N)), scores=p(scores_of(r, N)), max_output_size=m, iou_threshold=p(np.float32(i))))
    for low in (-np.inf, 0.0, 0.5):
        add("NonMaxSuppressionV3", lambda p, r, m=most, i=iou, s=low: raw.NonMaxSuppressionV3(boxes=p(boxes_of(r, N)), scores=p(scores_of(r, N)), max_output_size=m, iou_threshold=i, score_threshold=s))
    for padded in (False, True):
        add("NonMaxSuppressionV4", lambda p, r, m=most, i=iou, f=padded: list(raw.NonMaxSuppressionV4(boxes=p(boxes_of(r, N)), scores=p(scores_of(r, N)), max_output_size=m, iou_threshold=i, score_threshold=-0.5, pad_to_max_output_size=f)))
        add("NonMaxSuppressionV5", lambda p, r, m=most, i=iou, f=padded: list(raw.NonMaxSuppressionV5(boxes=p(boxes_of(r, N)), scores=p(scores_of(r, N)), max_output_size=m, iou_threshold=i, score_threshold=-0.5, soft_nms_sigma=0.0, pad_to_max_output_size=f)))
add("NonMaxSuppressionV3", lambda p, r: raw.NonMaxSuppressionV3(boxes=p(boxes_of(r, N)), scores=p(scores_of(r, N)), max_output_size=p(np.int32(4)), iou_threshold=p(np.float32(0.4)), score_threshold=p(np.float32(0.1))))
add("NonMaxSuppressionV3", lambda p, r: raw.NonMaxSuppressionV3(boxes=p(np.zeros((0, 4), np.float32)), scores=p(np.zeros((0,), np.float32)), max_output_size=4, iou_threshold=0.4, score_threshold=0.1))
add("NonMaxSuppressionV4", lambda p, r: list(raw.NonMaxSuppressionV4(boxes=p(np.zeros((0, 4), np.float32)), scores=p(np.zeros((0,), np.float32)), max_output_size=4, iou_threshold=0.4, score_threshold=0.1, pad_to_max_output_size=True)))
add("NonMaxSuppressionV3", lambda p, r: raw.NonMaxSuppressionV3(boxes=p(boxes_of(r, N).astype(np.float16)), scores=p(scores_of(r, N).astype(np.float16)), max_output_size=6, iou_threshold=np.float16(0.4), score_threshold=np.float16(0.1)))


def combined(p, r, own, pad_per_class, clip, batch=2, classes=3, most=4, total=9):
    boxes = boxes_of(r, batch, classes if own else 1, N).transpose(0, 2, 1, 3) * 1.4 - 0.2
    scores = r.permutation(batch * N * classes).reshape(batch, N, classes).astype(np.float32) / (batch * N * classes)
    result = raw.CombinedNonMaxSuppression(boxes=p(boxes), scores=p(scores), max_output_size_per_class=most, max_total_size=total, iou_threshold=0.3, score_threshold=0.2, pad_per_class=pad_per_class, clip_boxes=clip)
    return list(result)


for own, pad_per_class, clip in itertools.product((False, True), repeat=3):
    add("CombinedNonMaxSuppression", lambda p, r, o=own, q=pad_per_class, c=clip: combined(p, r, o, q, c))
add("CombinedNonMaxSuppression", lambda p, r: combined(p, r, False, False, True, total=200))
add("CombinedNonMaxSuppression", lambda p, r: combined(p, r, True, True, True, most=1, total=2))
add("CombinedNonMaxSuppression", lambda p, r: combined(p, r, False, False, True, batch=1, classes=1, most=50, total=50))

for method, dtype, size in itertools.product(("bilinear", "nearest"), (np.float32, np.uint8), ([3, 4], [1, 1], [5, 2])):
    def crop(p, r, method=method, dtype=dtype, size=size):
        boxes = r.uniform(-0.2, 1.2, (5, 4)).astype(np.float32)
        boxes[0] = [0, 0, 1, 1]
        boxes[1] = [1, 1, 0, 0]
        return raw.CropAndResize(image=p(sample(r, (2, 6, 7, 3), dtype, 0, 9)), boxes=p(boxes), box_ind=p(np.int32([0, 1, 1, 0, 1])), crop_size=size, method=method, extrapolation_value=0.5)
    add("CropAndResize", crop)
add("CropAndResize", lambda p, r: raw.CropAndResize(image=p(sample(r, (2, 6, 7, 3), np.float32), [None, None, None, 3]), boxes=p(np.zeros((0, 4), np.float32)), box_ind=p(np.zeros((0,), np.int32)), crop_size=[2, 2]))

for fill, interpolation in itertools.product(("CONSTANT", "REFLECT", "WRAP", "NEAREST"), ("BILINEAR", "NEAREST")):
    def seen(p, r, fill=fill, interpolation=interpolation, dtype=np.float32, each=True):
        numbers = np.float32([[1.1, 0.2, -3, 0.1, 0.9, 2, 0.01, 0.02], [0.8, -0.3, 9, 0.4, 1.2, -7, 0, 0]])
        images = p(sample(r, (2, 8, 7, 3), dtype, 0, 9), [None, None, None, 3])
        return raw.ImageProjectiveTransformV3(images=images, transforms=p(numbers if each else numbers[:1]), output_shape=[9, 11], interpolation=interpolation, fill_mode=fill, fill_value=0.5)
    add("ImageProjectiveTransformV3", seen)
    add("ImageProjectiveTransformV3", lambda p, r, seen=seen: seen(p, r, dtype=np.uint8, each=False))
add("ImageProjectiveTransformV2", lambda p, r: raw.ImageProjectiveTransformV2(images=p(sample(r, (2, 6, 7, 3), np.float32)), transforms=p(np.float32([[1, 0, 1.5, 0, 1, -0.5, 0, 0]])), output_shape=[6, 7], interpolation="BILINEAR"))
