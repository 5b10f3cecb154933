"""Down a valley on foot: Rosenbrock's banana and Beale's plateau, with momentum."""

import numpy as np

from sheets import Axis, Contour, Series, Sheet, backprop


def surface(which, x, y):
    rosenbrock = (1 - x) ** 2 + 100 * (y - x**2) ** 2
    beale = sum((c - x + x * y**k) ** 2 for k, c in ((1, 1.5), (2, 2.25), (3, 2.625)))
    return np.where(np.equal(which, 0), rosenbrock, beale)


def two_inputs() -> Sheet:
    s = Sheet("two_inputs", "Down a valley, on foot", "How does one get through a banana?")
    which = s.choice("surface", "Rosenbrock", ["Rosenbrock", "Beale"])
    rate = s.parameter("learning_rate", 0.001, 1e-5, 0.1, scale="log")
    beta = s.parameter("beta", 0, 0, 0.99, step=0.01)
    s.group("Place")
    at = s.input("place", [-1.5, 2], low=-4.5, high=4.5, role="weight", columns_named=["x", "y"])
    m = s.input("momentum", [0, 0], columns_named=["x", "y"])
    x, y = s.let("x", at[0, 0]), s.let("y", at[0, 1])
    loss = s.let("loss", surface(which, x, y), role="loss", format=".4f")
    new = s.let("momentum_next", beta * m + backprop(s, loss.arg, ["place"])["place"])
    s.carry(place=s.let("place_next", np.clip(at - rate * new, -4.5, 4.5)), momentum=new)
    s.group("Landscape", folded=True, worksheet="Landscape")
    across, up = (
        s.let("across", np.linspace(-2, 2, 61)),
        s.let("up", np.linspace(-1, 3, 61)[:, None]),
    )
    s.let("height", surface(which, across, up), format=".2f")
    path = [Series("x", "y", "path", steps=True, role="loss"), Series("x", "y", "here", "markers")]
    land = Contour("across", "up", "height", "height", levels="log")
    s.chart("The path", Axis("x", -2, 2), Axis("y", -1, 3), path, contour=land)
    s.say("At ({x:.3f}, {y:.3f}) the loss is {loss:.5f}.")
    return s
