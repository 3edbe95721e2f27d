"""Suppression of overlapping boxes."""
import numpy as np

from .family import family


def boxes_of(d, *shape):
    boxes = d.values((*shape, 4), 0, 1, edges=0, dtype=np.float32)
    return np.round(boxes, d.pick(1, 3)).astype(np.float32)


@family("NonMaxSuppression NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4 NonMaxSuppressionV5", rounds=8)
def suppression(d):
    version = int(d.op[-1]) if d.op[-1].isdigit() else 1
    count = d.pick(0, 1, 5, 20, 20)
    kind = d.dtype if version > 2 else np.float32
    boxes, scores = boxes_of(d, count).astype(kind), np.round(d.values((count,), -1, 1, edges=0, dtype=kind), 1)
    most, iou = d.parameter(d.integer(0, count + 2)), d.pick(0.0, 0.3, 0.5, 1.0)
    if version == 1:
        return d.call(d.tensor(boxes), d.tensor(scores), most, iou_threshold=iou)
    limits = [kind(iou), kind(d.pick(-np.inf, -0.5, 0.0, 0.45))][: 1 if version == 2 else 2]
    limits = [d.tensor(limit, constant=0.7) for limit in limits]
    soft = [d.tensor(kind(d.pick(0.0, 0.0, 0.5)), constant=0.95)] if version == 5 else []
    fill = {"pad_to_max_output_size": d.flip()} if version > 3 else {}
    return d.call(d.tensor(boxes), d.tensor(scores), most, *limits, *soft, **fill)


@family("CombinedNonMaxSuppression", rounds=20)
def combined(d):
    batch, count, classes = d.integer(1, 3), d.integer(1, 12), d.integer(1, 4)
    boxes = boxes_of(d, batch, count, d.pick(1, classes)) * d.pick(1.0, 1.4) - d.pick(0.0, 0.2)
    # Distinct scores: which of two equal ones comes first is not defined.
    scores = d.rng.permutation(batch * count * classes).reshape(batch, count, classes) / (batch * count * classes)
    limits = [d.parameter(d.integer(1, 5)), d.parameter(d.integer(1, 12)), d.tensor(np.float32(d.pick(0.0, 0.3, 0.7)), 0.7), d.tensor(np.float32(d.pick(0.0, 0.2)), 0.7)]
    return d.call(d.tensor(boxes.astype(np.float32)), d.tensor(scores.astype(np.float32)), *limits, pad_per_class=d.flip(), clip_boxes=d.flip())
