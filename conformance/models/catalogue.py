"""The models by name: what family each stands for, and the module that makes it. Imports nothing, so that the judge can list them at once.

One process makes all models of a module, since importing TensorFlow takes longer than making most of them; modules that need a mode
of TensorFlow of their own (TF1, Keras 2) are their own process thereby.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Model:
    name: str
    # Module in this folder whose BUILDERS has the name.
    module: str
    family: str
    note: str
    # Judged over every protocol and form, and served from the SavedModel as it is as well; others over V2 and REST once.
    thoroughly: bool = False


def _module(module, *rows):
    return [Model(name, module, family, note, name in THOROUGHLY) for name, family, note in rows]


THOROUGHLY = {"digits", "sharded", "mlp", "mobilenet_v2", "resnet50", "densenet121", "lstm", "bert", "ssd_combined_nms"}

MODELS = [
    *_module(
        "tf1",
        ("digits", "TF1 CNN, trained", "`Saver` checkpoint of `examples/digits`; dropout, `keep_prob`, inner tensors by name"),
        ("sharded", "TF1 CNN, sharded", "partitioned and renamed reference variables, moving averages, three shards"),
    ),
    *_module("mlp", ("mlp", "MLP", "`tf.Module`, two inputs and outputs, a signature of another name")),
    *_module(
        "applications",
        ("vgg16", "VGG16", "64 px"),
        ("resnet50", "ResNet50", "224 px"),
        ("resnet50_v2", "ResNet50V2", "96 px"),
        ("inception_v3", "InceptionV3", "224 px"),
        ("inception_resnet_v2", "InceptionResNetV2", "128 px"),
        ("xception", "Xception", "96 px"),
        ("mobilenet", "MobileNet", "96 px"),
        ("mobilenet_v2", "MobileNetV2", "224 px"),
        ("mobilenet_v3_small", "MobileNetV3Small", "96 px"),
        ("densenet121", "DenseNet121", "96 px"),
        ("nasnet_mobile", "NASNetMobile", "96 px"),
        ("efficientnet_b0", "EfficientNetB0", "224 px"),
        ("efficientnet_v2_b0", "EfficientNetV2B0", "96 px"),
        ("convnext_tiny", "ConvNeXtTiny", "96 px"),
    ),
    *_module(
        "recurrent",
        ("lstm", "LSTM", "any number of steps; sequence and both states"),
        ("gru", "GRU", "both reset gates, backwards"),
        ("bidirectional_lstm", "Bidirectional LSTM", "embedding, masked zeros, tagger and classifier"),
        ("stacked_rnn", "Stacked RNN", "encoder's states start a decoder; three cells in one loop"),
        ("simple_rnn", "SimpleRNN", "unrolled and looped"),
        ("conv_lstm", "ConvLSTM2D", "next frame of a film"),
    ),
    *_module(
        "attention",
        ("attention", "Multi-head attention", "classifier of masked token ids"),
        ("bert", "BERT-like encoder", "ids, mask and segments of any length"),
        ("decoder", "Causal decoder", "next-token logits through tied embeddings"),
        ("transformer", "Transformer", "encoder and decoder, cross-attention, masks"),
        ("vit", "ViT-like", "patches and a class token"),
        ("mlp_mixer", "MLP-Mixer-like", "dense layers over patches and channels"),
    ),
    *_module(
        "pictures_out",
        ("unet", "U-Net", "transposed convolution, any size"),
        ("unet_upsampling", "U-Net, upsampling", "nearest and bilinear, PReLU, cropping"),
        ("deeplab", "DeepLab-like", "atrous pyramid, resized to the input's size"),
        ("autoencoder", "Autoencoder", "code and picture"),
        ("gan_generator", "GAN generator", "DCGAN"),
    ),
    *_module(
        "networks",
        ("conv3d", "3D convolution", "pooling, transposed convolution, upsampling in three dimensions"),
        ("conv1d", "1D convolution", "depthwise and separable"),
        ("wavenet", "WaveNet-like", "causal dilated convolution with gates"),
        ("text_cnn", "Text CNN", "embedding, windows of three widths"),
        ("mixed_float16", "Mixed float16", "`mixed_float16` policy of Keras; within 1e-2"),
        ("mixed_bfloat16", "Mixed bfloat16", "`mixed_bfloat16` policy of Keras; within 2e-2"),
        ("trained_digits", "Keras CNN, trained", "trained on handwriting until it reads"),
    ),
    *_module(
        "audio",
        ("keyword_spotting", "Keyword spotter", "`tf.signal`: spectrogram, mel, MFCCs"),
        ("denoiser", "Denoiser", "a mask over the spectrum and back to samples, of any length"),
    ),
    *_module(
        "inside",
        ("preprocessing", "Preprocessing inside", "crops, kernels of resizing, colours and patches of uint8 pictures"),
        ("tabular", "Tabular, encoding layers", "normalised, bucketed, one-hot and multi-hot columns"),
        ("vae", "VAE encoder", "noise from the checkpoint's seed"),
    ),
    *_module(
        "modules",
        ("two_tower", "Two-tower recommender", "embeddings, masked mean, scores and best items"),
        ("wide_and_deep", "Wide and deep", "crossed, bucketed, one-hot and embedded columns"),
        ("einsum", "`tf.einsum`", "batched, broadcast, transposed, reduced, diagonal"),
    ),
    *_module(
        "control_flow",
        ("control_flow", "AutoGraph", "loops with branches, `break`, `switch_case`, TensorArray"),
        ("cond_while", "`tf.cond`, `tf.while_loop`", "nested, several states"),
        ("greedy_decode", "Greedy decoding", "until every row has ended"),
        ("beam_search", "Beam search", "`top_k` over beams, a growing state"),
    ),
    *_module(
        "detectors",
        ("ssd_combined_nms", "SSD-like, combined NMS", "`combined_non_max_suppression`, uint8 pictures"),
        ("ssd_nms_per_class", "SSD-like, NMS per class", "`map_fn`, `non_max_suppression_padded`"),
    ),
    *_module(
        "tf1_detector",
        ("ssd_tf1", "TF1 SSD-like detector", "frames, TensorArrays, preprocessing and post-processing inside, pictures of any size"),
    ),
    *_module(
        "tf1_recurrent",
        ("tf1_dynamic_rnn", "TF1 `dynamic_rnn`", "LSTM, `sequence_length`, `Saver` checkpoint"),
        ("tf1_bidirectional_rnn", "TF1 `bidirectional_dynamic_rnn`", "GRU cells, `reverse_sequence`"),
        ("tf1_static_rnn", "TF1 `static_rnn`", "stacked cells, dropout wrapper"),
    ),
    *_module(
        "keras2",
        ("keras2_cnn", "Keras 2 CNN", "saved by `model.save` with its training state"),
        ("keras2_lstm", "Keras 2 LSTM and GRU", "functions for each device, masked"),
    ),
]
