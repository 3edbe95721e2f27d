"""Graphs that nobody made of layers: tf.Module with variables of its own, a recommender, products by tf.einsum."""

import numpy as np
import tensorflow as tf
from case import normal, tokens, write_saved_model_case


def spec(shape, dtype, name):
    return tf.TensorSpec(shape, dtype, name)


class TwoTower(tf.Module):
    """Users and items as embeddings: the score of a pair, and the best items of all for the user."""

    def __init__(self):
        self.users = tf.Variable(normal(40, 16, seed=41), name="users")
        self.items = tf.Variable(normal(90, 16, seed=42), name="items")
        self.kernel = tf.Variable(normal(32, 16, seed=43, scale=0.3), name="kernel")
        self.bias = tf.Variable(normal(16, seed=44), name="bias")

    def user(self, user, history):
        """`history`: item ids filled up with zeros; their mean leaves the zeros out."""
        there = tf.cast(history > 0, tf.float32)[:, :, tf.newaxis]
        seen = tf.nn.embedding_lookup(self.items, history) * there
        mean = tf.math.divide_no_nan(tf.reduce_sum(seen, 1), tf.reduce_sum(there, 1))
        both = tf.concat([tf.gather(self.users, user), mean], -1)
        return tf.math.l2_normalize(tf.nn.relu(both @ self.kernel + self.bias), -1)

    @tf.function(
        input_signature=[spec([None], tf.int64, "user"), spec([None, None], tf.int64, "history"), spec([None], tf.int32, "item")]
    )
    def serve(self, user, history, item):
        vector = self.user(user, history)
        score = tf.reduce_sum(vector * tf.gather(self.items, item), 1)
        best = tf.math.top_k(tf.matmul(vector, self.items, transpose_b=True), 5)
        return {"score": tf.sigmoid(score), "best": best.indices, "scores": best.values}


def two_tower(folder):
    model = TwoTower()
    tf.saved_model.save(model, str(folder / "source"), signatures=model.serve)
    random = np.random.RandomState(45)
    users, items = random.randint(0, 40, 6).astype(np.int64), random.randint(1, 90, 6).astype(np.int32)
    history = tokens(6, 8, 90, seed=46, dtype=np.int64)
    write_saved_model_case(folder, {"user": users, "history": history, "item": items})


class WideAndDeep(tf.Module):
    """Crossed and one-hot columns beside embeddings and buckets, as tabular models have them."""

    def __init__(self):
        self.wide = tf.Variable(normal(36, 1, seed=47), name="wide")
        self.embedding = tf.Variable(normal(9, 6, seed=48), name="embedding")
        self.first = tf.Variable(normal(14, 12, seed=49, scale=0.5), name="first")
        self.second = tf.Variable(normal(12, 1, seed=50, scale=0.5), name="second")

    @tf.function(input_signature=[spec([None, 4], tf.float32, "numbers"), spec([None], tf.int32, "kind"), spec([None], tf.int32, "day")])
    def serve(self, numbers, kind, day):
        crossed = tf.one_hot(tf.math.floormod(kind * 7 + day, 36), 36)
        bucket = tf.cast(tf.reduce_sum(tf.cast(numbers[:, :1] > [-0.5, 0.0, 0.5], tf.int32), 1), tf.int32)
        deep = tf.concat([numbers, tf.one_hot(bucket, 4), tf.gather(self.embedding, kind)], 1)
        hidden = tf.nn.relu(tf.matmul(deep, self.first))
        logit = tf.matmul(hidden, self.second) + tf.matmul(crossed, self.wide)
        return {"probability": tf.squeeze(tf.sigmoid(logit), 1), "bucket": bucket}


def wide_and_deep(folder):
    model = WideAndDeep()
    tf.saved_model.save(model, str(folder / "source"), signatures=model.serve)
    random = np.random.RandomState(51)
    kind, day = random.randint(0, 9, 8).astype(np.int32), random.randint(0, 7, 8).astype(np.int32)
    write_saved_model_case(folder, {"numbers": normal(8, 4, seed=52), "kind": kind, "day": day})


class Einsum(tf.Module):
    """Batched, broadcast, transposed, reduced and diagonal products."""

    def __init__(self):
        self.heads = tf.Variable(normal(12, 3, 4, seed=53, scale=0.4), name="heads")
        self.out = tf.Variable(normal(3, 4, 12, seed=54, scale=0.4), name="out")
        self.core = tf.Variable(normal(12, 5, 12, seed=55, scale=0.2), name="core")

    @tf.function(input_signature=[spec([None, None, 12], tf.float32, "x")])
    def serve(self, x):
        heads = tf.einsum("bsd,dhk->bhsk", x, self.heads)
        weights = tf.nn.softmax(tf.einsum("bhqk,bhsk->bhqs", heads, heads))
        mixed = tf.einsum("bhqs,bhsk,hkd->bqd", weights, heads, self.out)
        bilinear = tf.einsum("...d,dke,...e->...k", x, self.core, mixed)
        trace = tf.einsum("bhqq->bh", weights)
        outer = tf.einsum("bk,bl->bkl", trace, tf.reduce_mean(bilinear, 1))
        return {"mixed": mixed, "bilinear": bilinear, "trace": trace, "outer": outer, "sum": tf.einsum("bsd->b", mixed)}


def einsum(folder):
    model = Einsum()
    tf.saved_model.save(model, str(folder / "source"), signatures=model.serve)
    write_saved_model_case(folder, {"x": normal(4, 7, 12, seed=56)})


BUILDERS = {each.__name__: each for each in [two_tower, wide_and_deep, einsum]}
