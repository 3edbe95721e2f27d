"""Cases of colours, and of windows over an image as values of their own."""
import itertools

import numpy as np
import tensorflow as tf

from .registry import add, sample

raw = tf.raw_ops


def colours(r, shape, low=0.0, high=1.0):
    """Greys, blacks, pixels of two equal colours among them."""
    image = r.uniform(low, high, shape).astype(np.float32)
    image[..., 0, :] = image[..., 0, :1]
    image[..., 1, :] = 0
    image[..., 2, 1] = image[..., 2, 0]
    image[..., 3, 2] = image[..., 3, 1]
    return image


for shape, declared in (((2, 5, 6, 3), None), ((2, 5, 6, 3), [None] * 4), ((7, 3), None)):
    add("RGBToHSV", lambda p, r, s=shape, d=declared: raw.RGBToHSV(images=p(colours(r, s), d)))
    add("HSVToRGB", lambda p, r, s=shape, d=declared: raw.HSVToRGB(images=p(colours(r, s), d)))
add("RGBToHSV", lambda p, r: raw.RGBToHSV(images=p(colours(r, (4, 5, 3), -1.0, 1.0))))
add("RGBToHSV", lambda p, r: raw.RGBToHSV(images=p(colours(r, (4, 5, 3)).astype(np.float64))))
add("HSVToRGB", lambda p, r: raw.HSVToRGB(images=p(colours(r, (4, 5, 3)).astype(np.float64))))
for shape, declared in (((2, 5, 6, 3), None), ((4, 5, 3), [None] * 3)):
    for delta in (-0.9, -0.2, 0.0, 0.3, 1.0):
        add("AdjustHue", lambda p, r, s=shape, d=declared, by=delta: raw.AdjustHue(images=p(colours(r, s, -0.2, 1.0), d), delta=p(np.float32(by))))
    for scale in (0.0, 0.4, 1.0, 5.0):
        add("AdjustSaturation", lambda p, r, s=shape, d=declared, by=scale: raw.AdjustSaturation(images=p(colours(r, s), d), scale=p(np.float32(by))))
    add("AdjustContrastv2", lambda p, r, s=shape, d=declared: raw.AdjustContrastv2(images=p(colours(r, s), d), contrast_factor=p(np.float32(1.7))))
add("AdjustContrastv2", lambda p, r: raw.AdjustContrastv2(images=p(colours(r, (2, 3, 4, 5, 3))), contrast_factor=0.3))

WINDOWS = (([1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1]), ([1, 3, 2, 1], [1, 2, 3, 1], [1, 1, 1, 1]), ([1, 2, 3, 1], [1, 1, 2, 1], [1, 2, 3, 1]), ([1, 1, 1, 1], [1, 3, 2, 1], [1, 1, 1, 1]))
for (sizes, strides, rates), padding, declared in itertools.product(WINDOWS, ("SAME", "VALID"), (None, [None, None, None, 3])):
    add("ExtractImagePatches", lambda p, r, k=sizes, s=strides, q=rates, f=padding, d=declared: raw.ExtractImagePatches(images=p(sample(r, (2, 9, 8, 3), np.float32), d), ksizes=k, strides=s, rates=q, padding=f))
    add("Dilation2D", lambda p, r, k=sizes, s=strides, q=rates, f=padding, d=declared: raw.Dilation2D(input=p(sample(r, (2, 9, 8, 3), np.float32), d), filter=p(sample(r, (k[1], k[2], 3), np.float32), [*k[1:3], 3]), strides=s, rates=q, padding=f))
for dtype in (np.uint8, np.int32, np.int64):
    add("ExtractImagePatches", lambda p, r, t=dtype: raw.ExtractImagePatches(images=p(sample(r, (2, 5, 5, 3), t)), ksizes=[1, 2, 2, 1], strides=[1, 2, 2, 1], rates=[1, 1, 1, 1], padding="SAME"))
for padding, declared in itertools.product(("SAME", "VALID"), (None, [None, None, None, None, 2])):
    add("ExtractVolumePatches", lambda p, r, f=padding, d=declared: raw.ExtractVolumePatches(input=p(sample(r, (2, 5, 6, 7, 2), np.float32), d), ksizes=[1, 2, 3, 2, 1], strides=[1, 2, 2, 3, 1], padding=f))
for (size, stride), padding, declared, batch in itertools.product(((2, 2), (3, 2), (2, 3)), ("SAME", "VALID"), (None, [None, None, None, 3]), (False, True)):
    def pooled(p, r, k=size, s=stride, f=padding, d=declared, b=batch):
        # Few values, so that equal ones meet.
        image = np.round(r.uniform(-4, 1, (2, 7, 8, 3))).astype(np.float32)
        return list(raw.MaxPoolWithArgmax(input=p(image, d), ksize=[1, k, k, 1], strides=[1, s, s, 1], padding=f, include_batch_in_index=b))
    add("MaxPoolWithArgmax", pooled)
add("MaxPoolWithArgmax", lambda p, r: list(raw.MaxPoolWithArgmax(input=p(sample(r, (1, 4, 4, 2), np.float32)), ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="VALID", Targmax=np.int32)))
