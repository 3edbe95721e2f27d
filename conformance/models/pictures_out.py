"""Models whose answer is a picture: segmentation, autoencoders, generators."""

import keras
import tensorflow as tf
from case import normal, pictures
from keras import layers
from keras.layers import BatchNormalization, Conv2D, Conv2DTranspose, Dense, Input, MaxPooling2D, UpSampling2D
from keras_case import seeded, write_keras_case


# Wide enough that what is said in few numbers still tells pictures apart.
WIDE = keras.initializers.RandomNormal(stddev=0.4, seed=9)


def double(x, width):
    for _ in range(2):
        x = layers.Activation("relu")(BatchNormalization()(Conv2D(width, 3, padding="same", use_bias=False)(x)))
    return x


def unet(folder):
    """Up by transposed convolutions; pictures of any size that four divides."""
    seeded()
    image = Input((None, None, 3), name="image")
    first = double(layers.Rescaling(1 / 255)(image), 8)
    second = double(MaxPooling2D()(first), 16)
    x = double(MaxPooling2D()(second), 24)
    for width, skip in [(16, second), (8, first)]:
        x = layers.Concatenate()([Conv2DTranspose(width, 2, strides=2, padding="same")(x), skip])
        x = double(x, width)
    mask = Conv2D(1, 1, activation="sigmoid")(x)
    write_keras_case(folder, keras.Model(image, mask), {"image": pictures(3, 48, 32)})


def unet_upsampling(folder):
    """Up by repetition and by interpolation, 5x5 transposed convolution with overlap, leaky units, cropping."""
    seeded()
    image = Input((40, 40, 3), name="image")
    first = double(layers.Rescaling(1 / 255)(image), 8)
    second = layers.LeakyReLU(negative_slope=0.2)(Conv2D(16, 3, strides=2, padding="same")(first))
    x = double(layers.AveragePooling2D(2)(second), 24)
    x = layers.Concatenate()([UpSampling2D(2)(x), second])
    x = layers.Concatenate()([UpSampling2D(2, interpolation="bilinear")(double(x, 12)), first])
    x = layers.PReLU(shared_axes=[1, 2])(Conv2DTranspose(6, 5, strides=2, padding="valid", dilation_rate=1)(x))
    mask = layers.Softmax()(Conv2D(3, 3)(layers.Cropping2D(((1, 2), (2, 1)))(x)))
    write_keras_case(folder, keras.Model(image, mask), {"image": pictures(3, 40, 40)})


class ResizeLike(keras.layers.Layer):
    """Bilinear, to the size of another tensor, which only the request tells."""

    def call(self, x, like):
        return tf.image.resize(x, tf.shape(like)[1:3])


def deeplab(folder):
    """Atrous convolutions at three rates and pooled context side by side, then back to the size of the input."""
    seeded()
    image = Input((None, None, 3), name="image")
    x = layers.ReLU(6)(BatchNormalization()(Conv2D(16, 3, strides=2, padding="same")(layers.Rescaling(1 / 127.5, -1)(image))))
    low = layers.SeparableConv2D(20, 3, padding="same", activation="relu")(x)
    x = layers.SeparableConv2D(24, 3, strides=2, padding="same", activation="relu")(low)
    x = layers.DepthwiseConv2D(3, padding="same", dilation_rate=2)(x)
    branches = [Conv2D(12, 1, activation="relu")(x)]
    branches += [Conv2D(12, 3, padding="same", dilation_rate=rate, activation="relu")(x) for rate in (2, 3, 6)]
    pooled = Conv2D(12, 1, activation="relu")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    branches.append(ResizeLike()(pooled, x))
    x = ResizeLike()(Conv2D(16, 1)(layers.Concatenate()(branches)), low)
    x = layers.SeparableConv2D(16, 3, padding="same", activation="relu")(layers.Concatenate()([x, low]))
    logits = ResizeLike()(Conv2D(5, 1)(x), image)
    write_keras_case(folder, keras.Model(image, logits), {"image": pictures(3, 65, 49)})


def autoencoder(folder):
    """To a code and back; both are outputs."""
    seeded()
    image = Input((28, 28, 1), name="image")
    x = Conv2D(8, 3, strides=2, padding="same", activation="elu")(layers.Rescaling(1 / 255)(image))
    x = Conv2D(16, 3, strides=2, padding="same", activation="selu")(x)
    code = Dense(12, name="code")(layers.Flatten()(x))
    x = layers.Reshape((7, 7, 16))(Dense(7 * 7 * 16, activation="swish", kernel_initializer=WIDE)(code))
    x = Conv2DTranspose(8, 3, strides=2, padding="same", activation="relu")(x)
    x = Conv2DTranspose(1, 3, strides=2, padding="same", activation="sigmoid", kernel_initializer=WIDE, name="again")(x)
    model = keras.Model(image, {"code": code, "again": x})
    write_keras_case(folder, model, {"image": pictures(4, 28, 28, 1)})


def gan_generator(folder):
    """A picture from noise, as DCGAN draws it."""
    seeded()
    noise = Input((32,), name="noise")
    x = layers.Reshape((4, 4, 32))(Dense(4 * 4 * 32, use_bias=False)(noise))
    for width in (24, 16):
        x = Conv2DTranspose(width, 5, strides=2, padding="same", use_bias=False)(x)
        x = layers.LeakyReLU()(BatchNormalization()(x))
    x = Conv2DTranspose(3, 5, strides=2, padding="same", activation="tanh")(x)
    write_keras_case(folder, keras.Model(noise, x), {"noise": normal(4, 32, seed=21)})


BUILDERS = {each.__name__: each for each in [unet, unet_upsampling, deeplab, autoencoder, gan_generator]}
