"""Control flow of TensorFlow 2: AutoGraph's loops and branches, and generation that ends when every row has ended."""

import numpy as np
import tensorflow as tf
from case import normal, write_saved_model_case


def spec(shape, dtype, name):
    return tf.TensorSpec(shape, dtype, name)


class ControlFlow(tf.Module):
    """A loop whose length the request tells, with branches, a break and a switch inside."""

    def __init__(self):
        self.kernel = tf.Variable(normal(6, 6, seed=61, scale=0.5), name="kernel")
        self.rows = tf.Variable(normal(3, 6, seed=62), name="rows")

    @tf.function(
        input_signature=[spec([None, 6], tf.float32, "x"), spec([], tf.int32, "steps"), spec([], tf.int32, "kind")]
    )
    def serve(self, x, steps, kind):
        trace = tf.TensorArray(tf.float32, steps)
        for step in tf.range(steps):
            if step % 3 == 1:
                x = tf.tanh(x @ self.kernel)
            elif tf.reduce_mean(x) > 0.0:
                x = x - tf.gather(self.rows, step % 3)
            else:
                x = x * 1.25 + 0.1
            trace = trace.write(step, tf.reduce_mean(x))
        chosen = tf.switch_case(
            kind, [lambda: tf.nn.relu(x), lambda: tf.cumsum(x, 1), lambda: tf.sort(x, 1)], default=lambda: -x
        )
        halvings = tf.constant(0)
        size = tf.reduce_max(tf.abs(chosen))
        while size > 0.05:
            size /= 2.0
            halvings += 1
            if halvings >= 4:
                break
        return {"y": chosen, "trace": trace.stack(), "halvings": halvings, "size": size}


def control_flow(folder):
    model = ControlFlow()
    tf.saved_model.save(model, str(folder / "source"), signatures=model.serve)
    inputs = {"x": normal(3, 6, seed=63), "steps": np.int32(7), "kind": np.int32(2)}
    write_saved_model_case(folder, inputs, rows=False)


class Cond(tf.Module):
    """tf.cond nested in tf.cond, over values and shapes; tf.while_loop with several states of which one grows no more."""

    def __init__(self):
        self.kernel = tf.Variable(normal(5, 5, seed=64, scale=0.4), name="kernel")

    @tf.function(input_signature=[spec([None, 5], tf.float32, "x"), spec([], tf.bool, "fast")])
    def serve(self, x, fast):
        def slow():
            return tf.cond(tf.reduce_sum(x) > 0.0, lambda: tf.nn.softmax(x @ self.kernel), lambda: x @ self.kernel)

        start = tf.cond(fast, lambda: tf.nn.relu(x), slow)

        def go_on(step, value, _):
            return tf.logical_and(step < 20, tf.reduce_max(tf.abs(value)) > 0.5)

        def halve(step, value, total):
            value = (value @ self.kernel) * 0.7
            return step + 1, value, total + tf.reduce_sum(value, 1)

        steps, y, total = tf.while_loop(go_on, halve, (0, start, tf.zeros(tf.shape(x)[:1])), maximum_iterations=12)
        return {"start": start, "y": y, "total": total, "steps": steps}


def cond_while(folder):
    model = Cond()
    tf.saved_model.save(model, str(folder / "source"), signatures=model.serve)
    inputs = {"x": normal(3, 5, seed=65, scale=3.0), "fast": np.bool_(False)}
    write_saved_model_case(folder, inputs, rows=False)


class Generator(tf.Module):
    """A gated recurrent cell over embeddings, as the step of a generator of tokens; token 0 ends a row."""

    vocabulary, width, longest = 30, 16, 12

    def __init__(self):
        self.embedding = tf.Variable(normal(self.vocabulary, self.width, seed=66), name="embedding")
        self.gates = tf.Variable(normal(2 * self.width, 2 * self.width, seed=67, scale=0.5), name="gates")
        self.candidate = tf.Variable(normal(2 * self.width, self.width, seed=68, scale=0.6), name="candidate")
        self.out = tf.Variable(normal(self.width, self.vocabulary, seed=69, scale=2.0), name="out")

    def step(self, ids, state):
        """`ids` and `state` of equal leading dimensions; logarithms of probabilities and the next state."""
        x = tf.gather(self.embedding, ids)
        reset, update = tf.split(tf.sigmoid(tf.concat([x, state], -1) @ self.gates), 2, -1)
        fresh = tf.tanh(tf.concat([x, reset * state], -1) @ self.candidate)
        state = update * state + (1.0 - update) * fresh
        return tf.nn.log_softmax(state @ self.out), state


class Greedy(Generator):
    @tf.function(input_signature=[spec([None], tf.int32, "first"), spec([None, 16], tf.float32, "state")])
    def serve(self, first, state):
        batch = tf.shape(first)[0]
        written = tf.TensorArray(tf.int32, self.longest, element_shape=[None])
        ids, score, ended = first, tf.zeros([batch]), tf.zeros([batch], tf.bool)
        for place in tf.range(self.longest):
            logs, state = self.step(ids, state)
            best = tf.argmax(logs, -1, output_type=tf.int32)
            ids = tf.where(ended, 0, best)
            score += tf.where(ended, 0.0, tf.reduce_max(logs, -1))
            ended = tf.logical_or(ended, tf.equal(ids, 0))
            written = written.write(place, ids)
            if tf.reduce_all(ended):
                break
        return {"ids": tf.transpose(written.stack()), "score": score}


def greedy_decode(folder):
    model = Greedy()
    tf.saved_model.save(model, str(folder / "source"), signatures=model.serve)
    inputs = {"first": np.array([3, 17, 8, 25], np.int32), "state": normal(4, 16, seed=70)}
    write_saved_model_case(folder, inputs)


class Beam(Generator):
    beams = 3

    @tf.function(input_signature=[spec([None], tf.int32, "first"), spec([None, 16], tf.float32, "state")])
    def serve(self, first, state):
        batch, beams = tf.shape(first)[0], self.beams
        ids = tf.tile(first[:, None, None], [1, beams, 1])
        state = tf.tile(state[:, None], [1, beams, 1])
        # Beams start equal: only the first may be extended.
        scores = tf.tile(tf.constant([[0.0] + [-1e9] * (beams - 1)]), [batch, 1])

        def extend(place, ids, scores, state):
            logs, after = self.step(ids[:, :, -1], state)
            total = tf.reshape(scores[:, :, None] + logs, [batch, beams * self.vocabulary])
            scores, chosen = tf.math.top_k(total, beams)
            parent, token = chosen // self.vocabulary, chosen % self.vocabulary
            ids = tf.concat([tf.gather(ids, parent, batch_dims=1), token[:, :, None]], 2)
            return place + 1, ids, scores, tf.gather(after, parent, batch_dims=1)

        shapes = (tf.TensorShape([]), tf.TensorShape([None, beams, None]), tf.TensorShape([None, beams]), state.shape)
        loop = (0, ids, scores, state)
        _, ids, scores, _ = tf.while_loop(lambda place, *_: place < 6, extend, loop, shape_invariants=shapes)
        return {"ids": ids, "scores": scores}


def beam_search(folder):
    model = Beam()
    tf.saved_model.save(model, str(folder / "source"), signatures=model.serve)
    inputs = {"first": np.array([3, 17, 8, 25], np.int32), "state": normal(4, 16, seed=70)}
    write_saved_model_case(folder, inputs)


BUILDERS = {each.__name__: each for each in [control_flow, cond_while, greedy_decode, beam_search]}
