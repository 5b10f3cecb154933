"""One head of attention, and the smallest language model that has one."""

import numpy as np

from sheets import (
    Axis,
    Series,
    Sheet,
    backprop,
    column_index,
    log_softmax,
    normal,
    row_index,
    softmax,
)

WORDS = ["I", "do", "not", "like", "green", "eggs", "and", "ham"]
TOKENS, NUMBERS = 6, 4


def normed(x):
    """Layer norm: mean 0 and variance 1 in each row."""
    return (x - x.mean(axis=1)) / np.sqrt(np.var(x, axis=1) + 1e-5)


def looks(q, k, temperature=1):
    """Who looks at whom: a token sees itself and what stands before it."""
    seen = row_index(TOKENS) >= column_index(TOKENS)
    return softmax(np.where(seen, q @ k.T / NUMBERS**0.5 / temperature, -np.inf))


def attention_head() -> Sheet:
    s = Sheet("attention_head", "One head of attention", "Six tokens. Who looks at whom?")
    temperature = s.parameter("temperature", 1, 0.1, 10, scale="log")
    seed = s.parameter("seed", 1, 0, 10_000, whole=True)
    s.group("Tokens", "four numbers each")
    drawn = normal(s, "drawn", (TOKENS, NUMBERS), seed)
    x = s.input("x", drawn, rows_named=WORDS[:TOKENS], format=".2f")
    s.group("Weights")
    w = {}
    for name in ("W_Q", "W_K", "W_V"):
        noise = normal(s, f"drawn_{name}", (NUMBERS, NUMBERS), seed)
        w[name] = s.input(name, noise / 2**0.5, role="weight", shown="heat", format=".2f")
    s.group("Attention")
    q, k, v = (s.let(name[-1], normed(x) @ w[name], format=".2f") for name in w)
    a = s.let("attention", looks(q, k, temperature), shown="grey", format=".2f")
    s.let("output", x + a @ v, format=".2f")
    loss = s.let("loss", (s["output"] ** 2).mean(), role="loss", format=".4f")
    backprop(s, loss.arg, list(w))
    s.say("not looks at I by {attention[not, I]:.0%}, at itself by {attention[not, not]:.0%}.")
    return s


def language_model() -> Sheet:
    s = Sheet("language_model", "A language model of eight words", "What comes after eggs?")
    rate = s.parameter("learning_rate", 0.5, 0.001, 10, scale="log")
    s.group("Text")
    read = s.input("read", [[w] for w in WORDS[:TOKENS]], choices=WORDS)
    wanted = s.input("next", [[w] for w in WORDS[1:7]], choices=WORDS, role="target")
    shapes = {"embedding": (8, NUMBERS), "position": (TOKENS, NUMBERS), "W_out": (NUMBERS, 8)}
    shapes |= dict.fromkeys(("W_Q", "W_K", "W_V"), (NUMBERS, NUMBERS))
    w = {}
    for name, shape in shapes.items():
        s.group(name)
        named = {"embedding": {"rows_named": WORDS}, "W_out": {"columns_named": WORDS}}.get(
            name, {}
        )
        noise = normal(s, f"drawn_{name}", shape, 1)
        w[name] = s.input(name, noise / 2, role="weight", shown="heat", format=".2f", **named)
    s.group("What it says")
    x = s.let("x", w["embedding"][read] + w["position"], format=".2f")
    q, k, v = (s.let(name[-1], normed(x) @ w[name], format=".2f") for name in ("W_Q", "W_K", "W_V"))
    a = s.let("attention", looks(q, k), shown="grey", format=".2f")
    log_p = s.let("log_p", log_softmax((x + a @ v) @ w["W_out"]), format=".2f")
    s.let("p", np.exp(log_p), shown="grey", format=".2f")
    loss = s.let("loss", -(s.one_hot(wanted) * log_p).sum(axis=1).mean(), role="loss", format=".4f")
    d = backprop(s, loss.arg, list(w))
    s.carry(**{name: s.let(f"{name}_next", w[name] - rate * d[name], format=".2f") for name in w})
    s.chart(
        "Loss",
        Axis("step", 0, 60),
        Axis("loss", 0, 3),
        [Series("step", "loss", "loss", steps=True)],
    )
    s.introduce("Play, and see who looks at whom.", pictures=["attention", "p"], charts=[1])
    s.say("Loss {loss:.4f}; a guess among eight words has 2.0794.")
    return s
