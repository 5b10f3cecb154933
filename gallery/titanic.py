"""Who survived the Titanic? 712 passengers: the course's linear model, and a network of two ReLUs.

The passengers are those of titanic.xlsx of https://github.com/fastai/course22 (Apache-2.0).
"""

import csv
from pathlib import Path

import numpy as np

from sheets import Axis, Series, Sheet, backprop

FILE = Path(__file__).with_name("titanic.csv")
COLUMNS = ["age", "fare", "first", "second", "S", "C", "male", "sibsp", "parch", "constant"]


def linear_model() -> Sheet:
    return titanic("titanic", "One linear model", np.full((10, 1), 0.1), lambda x, w: x @ w)


def network() -> Sheet:
    start = np.full((10, 2), 0.1) * [1, -1]
    relus = lambda x, w: np.maximum(0, x @ w).sum(axis=1)
    return titanic("titanic_network", "Two ReLUs", start, relus)


def titanic(name: str, summary: str, start: np.ndarray, model) -> Sheet:
    with FILE.open(encoding="utf-8") as file:
        passengers = {key: column for key, *column in zip(*csv.reader(file), strict=True)}
    numbers = lambda key: np.array(passengers[key], dtype=float)
    s = Sheet(name, "Who survived the Titanic?", summary)
    rate = s.parameter("learning_rate", 0.1, 0.001, 2, scale="log")
    s.group("Weights")
    w = s.input("w", start, role="weight", rows_named=COLUMNS, format=".3f")
    s.group("Passengers")
    y = s.input("survived", numbers("survived")[:, None], role="target", format="d")
    port = s.input("port", [[p] for p in passengers["port"]], choices=("S", "C", "Q"))
    sex = s.input("sex", [[x] for x in passengers["sex"]], choices=("female", "male"))
    others = ("pclass", "age", "fare", "sibsp", "parch")
    c = {key: s.input(key, numbers(key)[:, None], format="g") for key in others}
    age, fare = c["age"] / c["age"].max(), np.log10(c["fare"] + 1)
    tests = [
        np.equal(c["pclass"], 1),
        np.equal(c["pclass"], 2),
        np.equal(port, "S"),
        np.equal(port, "C"),
    ]
    columns = [age, fare, *tests, sex, c["sibsp"], c["parch"], np.ones((712, 1))]
    x = s.let("x", np.hstack(columns), columns_named=COLUMNS, format="g")
    s.group("Model")
    p = s.let("prediction", model(x, w), format=".3f")
    loss = s.let("loss", ((p - y) ** 2).mean(), role="loss", format=".5f")
    s.let("accuracy", np.equal(p > 0.5, y).mean(), format=".1%")
    s.carry(w=s.let("w_next", w - rate * backprop(s, loss.arg, ["w"])["w"], format=".3f"))
    s.chart(
        "Loss",
        Axis("step", 0, 200),
        Axis("loss", 0.1, 0.4),
        [Series("step", "loss", "loss", steps=True)],
    )
    s.say("Loss {loss:.5f}, accuracy {accuracy:.1%}.")
    return s
