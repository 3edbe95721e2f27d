"""Cases of resizing by weights: cubic, by area, and with the kernels of ScaleAndTranslate."""
import itertools

import numpy as np
import tensorflow as tf

from .registry import add, sample

raw = tf.raw_ops

SIZES = ([8, 10], [24, 20], [1, 1], [7, 33])
for size, (corners, centres), known in itertools.product(SIZES, ((False, False), (True, False), (False, True)), (True, False)):
    declared = None if known else [None] * 4
    image = lambda p, r, d=declared, t=np.float32: p(sample(r, (2, 9, 14, 3), t, 0, 9), d)
    add("ResizeBicubic", lambda p, r, s=size, c=corners, h=centres, x=image: raw.ResizeBicubic(images=x(p, r), size=s, align_corners=c, half_pixel_centers=h))
    if not centres:
        add("ResizeArea", lambda p, r, s=size, c=corners, x=image: raw.ResizeArea(images=x(p, r), size=s, align_corners=c))
add("ResizeBicubic", lambda p, r: raw.ResizeBicubic(images=p(sample(r, (1, 5, 6, 2), np.uint8, 0, 255)), size=p(np.int32([3, 11])), half_pixel_centers=True))
add("ResizeArea", lambda p, r: raw.ResizeArea(images=p(sample(r, (1, 5, 6, 2), np.uint8, 0, 255), [None, None, None, None]), size=p(np.int32([3, 11]))))
add("ResizeArea", lambda p, r: raw.ResizeArea(images=p(sample(r, (2, 1, 1, 3), np.float32)), size=[3, 2]))

KERNELS = ("lanczos1", "lanczos3", "lanczos5", "gaussian", "box", "triangle", "keyscubic", "mitchellcubic")
for kernel, size, smooth in itertools.product(KERNELS, ([8, 10], [24, 20]), (True, False)):
    def resize(p, r, k=kernel, s=size, a=smooth):
        scale = np.float32(s) / np.float32([9, 14])
        return raw.ScaleAndTranslate(images=p(sample(r, (2, 9, 14, 3), np.float32, 0, 9)), size=s, scale=scale, translation=[0.0, 0.0], kernel_type=k, antialias=a)
    add("ScaleAndTranslate", resize)
for kernel, known in itertools.product(("triangle", "lanczos3"), (True, False)):
    def moved(p, r, k=kernel, known=known):
        images = p(sample(r, (2, 9, 14, 3), np.int32, 0, 9), None if known else [None] * 4)
        return raw.ScaleAndTranslate(images=images, size=p(np.int32([6, 12])), scale=p(np.float32([0.5, 1.3])), translation=p(np.float32([3.7, -6.2])), kernel_type=k, antialias=True)
    add("ScaleAndTranslate", moved)
