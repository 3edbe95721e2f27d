"""SavedModels whose graphs take Examples and strings, as estimators exported them and as tf.function makes them."""
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1
WORDS = tf.lookup.TextFileIndex


def vocabulary(path, buckets):
    """Words of a file to their line numbers, those that it does not have into buckets."""
    lines = tf.lookup.TextFileInitializer(str(path), tf.string, WORDS.WHOLE_LINE, tf.int64, WORDS.LINE_NUMBER)
    return tf.lookup.StaticVocabularyTable(lines, buckets)


def names(*values):
    keys = tf.range(len(values), dtype=tf.int64)
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, tf.constant(values)), "?")


def estimator(path, words):
    """A classifier and regressor with sparse words, an embedding, class names and signatures of every method."""
    with v1.Graph().as_default(), v1.Session() as session:
        serialized = v1.placeholder(tf.string, [None], name="input_example_tensor")
        parsed = v1.parse_example(serialized, {
            "x": tf.io.FixedLenFeature([4], tf.float32),
            "age": tf.io.FixedLenFeature([1], tf.int64, default_value=[7]),
            "colour": tf.io.VarLenFeature(tf.string),
        })
        table = vocabulary(words, 2)
        colour = parsed["colour"]
        ids = tf.SparseTensor(colour.indices, table.lookup(colour.values), colour.dense_shape)
        weights = v1.get_variable("embedding", initializer=np.arange(15, dtype=np.float32).reshape(5, 3) / 10)
        embedded = v1.nn.safe_embedding_lookup_sparse(weights, ids, combiner="mean")
        hidden = tf.concat([parsed["x"], tf.cast(parsed["age"], tf.float32) / 10, embedded], 1)
        kernel = v1.get_variable("kernel", initializer=(np.arange(24, dtype=np.float32).reshape(8, 3) - 10) / 7)
        logits = tf.matmul(hidden, kernel)
        scores = tf.nn.softmax(logits)
        classes = tf.tile(tf.expand_dims(tf.as_string(tf.range(3)), 0), [tf.shape(scores)[0], 1])
        best = tf.argmax(logits, 1)
        best_name = names("cat", "dog", "bird").lookup(best)
        value = tf.reduce_sum(logits, 1, keepdims=True)
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        utils = v1.saved_model.signature_def_utils
        signatures = {
            "serving_default": utils.classification_signature_def(serialized, classes, scores),
            "scores": utils.classification_signature_def(serialized, None, scores),
            "classes": utils.classification_signature_def(serialized, classes, None),
            "regression": utils.regression_signature_def(serialized, value),
            "predict": utils.predict_signature_def(
                {"examples": serialized},
                {"class": best_name, "class_id": tf.as_string(best), "scores": scores, "age": parsed["age"]}),
        }
        builder = v1.saved_model.builder.SavedModelBuilder(str(path))
        builder.add_meta_graph_and_variables(
            session, ["serve"], signature_def_map=signatures, main_op=v1.tables_initializer(),
            assets_collection=v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS))
        builder.save()


class Functions(tf.Module):
    """The same with tf.function: dense, padded, sparse and ragged features, lookups at both ends, texts and numbers."""

    def __init__(self, words):
        super().__init__()
        self.kernel = tf.Variable(np.arange(12, dtype=np.float32).reshape(4, 3) / 5)
        self.words = vocabulary(words, 3)
        self.names = names("zero", "one", "two")

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def parse(self, examples):
        parsed = tf.io.parse_example(examples, {
            "x": tf.io.FixedLenFeature([4], tf.float32),
            "c": tf.io.FixedLenFeature([], tf.string, default_value="red"),
            "r": tf.io.RaggedFeature(tf.int64),
            "s": tf.io.FixedLenSequenceFeature([], tf.float32, allow_missing=True, default_value=0.5),
            "v": tf.io.VarLenFeature(tf.float32),
        })
        ids = self.words.lookup(parsed["c"])
        logits = tf.matmul(parsed["x"], self.kernel) + tf.cast(ids, tf.float32)[:, None]
        return {
            "scores": tf.nn.softmax(logits),
            "class": self.names.lookup(tf.argmax(logits, 1)),
            "ids": ids,
            "lengths": parsed["r"].row_lengths(),
            "sum": tf.reduce_sum(parsed["s"], 1),
            "dense": tf.sparse.to_dense(parsed["v"], default_value=-1.0),
        }

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="words")])
    def look_up(self, words):
        """Nothing here needs an engine."""
        ids = self.words.lookup(tf.strings.lower(tf.strings.strip(words)))
        return {"ids": ids, "names": self.names.lookup(ids), "known": tf.not_equal(words, ""),
                "joined": tf.strings.join([words, tf.strings.as_string(ids)], "/")}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="texts")])
    def numbers(self, texts):
        values = tf.strings.to_number(texts)
        return {"values": values * 2.0, "texts": tf.strings.as_string(values / 3.0, precision=3)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="sentences")])
    def tokens(self, sentences):
        """What layers that read texts do: words without their signs, looked up, and the mean of what they stand for."""
        plain = tf.strings.regex_replace(tf.strings.lower(sentences), r"[!\"#$%&()\*\+,-\./:;<=>?@\[\\\]^_`{|}~\']", "")
        words = tf.strings.split(plain)
        ids = tf.ragged.map_flat_values(self.words.lookup, words)
        question = tf.strings.regex_full_match(sentences, r".*\?\s*")
        return {"ids": ids.to_tensor(-1), "mean": tf.reduce_mean(tf.cast(ids, tf.float32), axis=1), "is_question": question,
                "start": tf.strings.substr(sentences, 0, 3, unit="UTF8_CHAR")}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="raw")])
    def raw(self, raw):
        pixels = tf.io.decode_raw(raw, tf.uint8)
        return {"mean": tf.reduce_mean(tf.cast(tf.reshape(pixels, [-1, 6]), tf.float32), 1)}

    @tf.function(input_signature=[tf.TensorSpec([], tf.string, name="image")])
    def picture(self, image):
        pixels = tf.cast(tf.io.decode_png(image, channels=3), tf.float32)
        return {"mean": tf.reduce_mean(pixels, [0, 1])[None]}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x"), tf.TensorSpec([None], tf.string, name="c")])
    def mixed(self, x, c):
        return {"y": x * 2.0 + tf.cast(self.words.lookup(c), tf.float32)}


def functions(path, words):
    module = Functions(words)
    tf.saved_model.save(module, str(path), signatures={
        "serving_default": module.parse, "look_up": module.look_up, "numbers": module.numbers, "tokens": module.tokens,
        "raw": module.raw, "picture": module.picture, "mixed": module.mixed})
