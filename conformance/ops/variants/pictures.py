"""Colours, windows over an image as values of their own, and resizing by weights."""
import numpy as np

from .family import family
from .windows import image, spread


def colours(d):
    return np.abs(d.values((*d.shape(0, 3, empty=0), 3), 0, 1, edges=0))


@family("RGBToHSV HSVToRGB")
def spaces(d):
    return d.call(d.tensor(colours(d)))


@family("AdjustHue AdjustSaturation", rounds=4)
def adjusted(d):
    low, high = (-1, 1) if d.op == "AdjustHue" else (0, 3)
    pixels = d.values((*d.shape(2, 3, empty=0), 3), 0, 1, edges=0)
    return d.call(d.tensor(pixels), d.tensor(np.float32(d.rng.uniform(low, high)), 0.6))


@family("AdjustContrastv2", rounds=4)
def contrast(d):
    pixels = d.values((*d.shape(2, 3, empty=0), 3), 0, 1, edges=0)
    return d.call(d.tensor(pixels), d.tensor(np.float32(d.rng.uniform(0, 3)), 0.6))


@family("ExtractImagePatches ExtractVolumePatches", rounds=3)
def patches(d):
    spatial = 2 if "Image" in d.op else 3
    x = d.tensor(d.values(image(d, spatial, d.integer(1, 3), False, least=5, empty=0), edges=0))
    sizes, strides = [[d.integer(1, 3) for _ in range(spatial)] for _ in range(2)]
    rates = {"rates": spread(2, False, [d.integer(1, 2), d.integer(1, 2)])} if spatial == 2 else {}
    return d.call(x, ksizes=spread(spatial, False, sizes), strides=spread(spatial, False, strides), padding=d.pick("SAME", "VALID"), **rates)


@family("Dilation2D", rounds=4)
def dilation(d):
    channels, kernel = d.integer(1, 3), [d.integer(1, 3), d.integer(1, 3)]
    x = d.tensor(d.values(image(d, 2, channels, False, least=5, empty=0), edges=0))
    w = d.tensor(d.values((*kernel, channels), edges=0), 0.7)
    strides, rates = (spread(2, False, [d.integer(1, 2), d.integer(1, 2)]) for _ in range(2))
    return d.call(x, w, strides=strides, rates=rates, padding=d.pick("SAME", "VALID"))


@family("MaxPoolWithArgmax", rounds=4)
def places_of_maxima(d):
    size, stride = d.integer(1, 3), d.integer(1, 3)
    x = d.tensor(d.values(image(d, 2, d.integer(1, 3), False, least=4, empty=0), edges=0))
    attrs = {"padding": d.pick("SAME", "VALID"), "include_batch_in_index": d.flip(), "Targmax": d.pick("int32", "int64")}
    return d.call(x, ksize=spread(2, False, [size] * 2), strides=spread(2, False, [stride] * 2), **attrs)


@family("ResizeBicubic ResizeArea", rounds=3)
def weighted(d):
    align, half = d.pick((False, False), (True, False), (False, True))
    centres = {"half_pixel_centers": half} if d.op == "ResizeBicubic" else {}
    x = d.tensor(d.values(image(d, 2, d.integer(1, 3), False, least=2, empty=0), 0, 9, edges=0))
    return d.call(x, d.parameter([d.integer(1, 12), d.integer(1, 12)]), align_corners=align, **centres)


@family("ScaleAndTranslate", rounds=4)
def scaled(d):
    x = d.tensor(d.values(image(d, 2, d.integer(1, 3), False, empty=0), 0, 9, edges=0))
    pair = lambda low, high: d.tensor(d.rng.uniform(low, high, 2).astype(np.float32), 0.7)
    kernel = d.pick("lanczos1", "lanczos3", "lanczos5", "gaussian", "box", "triangle", "keyscubic", "mitchellcubic")
    return d.call(x, d.parameter([d.integer(1, 9), d.integer(1, 9)]), pair(0.4, 2), pair(-3, 3), kernel_type=kernel, antialias=d.flip())
