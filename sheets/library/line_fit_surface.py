"""The loss of every line through the same points: a paraboloid, its curvature and its picture."""

from __future__ import annotations

import numpy as np

from .. import Sheet, column_index, row_index

# Of the picture, in which the start (-1, 1) and its mirror image in the truth (3, 8) lie.
LOWEST_A, HIGHEST_A = -3, 9
LOWEST_B, HIGHEST_B = -2, 18
GRID = 41  # of the loss surface, both ways
LEAST_LOSS = 1e-9  # the surface is drawn no lower, since its levels are powers of ten


def surface_shape(s: Sheet):
    """The loss over all points is a paraboloid in a and b: five means of the points tell it
    everywhere.
    """
    x, y = s["x"], s["y"]
    s.group(
        "What shapes the loss surface",
        "Means of the points; a and b do not move them",
        worksheet="Surface",
        folded=True,
    )
    mean_x = s.let("mean_x", x.mean(), format=".4f", note="mean of x")
    mean_y = s.let("mean_y", y.mean(), format=".4f", note="mean of y")
    s.let("variance_x", ((x - mean_x) ** 2).mean(), format=".4f", note="how far x spreads, squared")
    s.let("variance_y", ((y - mean_y) ** 2).mean(), format=".4f", note="how far y spreads, squared")
    s.let(
        "covariance", ((x - mean_x) * (y - mean_y)).mean(), format=".4f", note="how y goes with x"
    )
    s.let("spread", x.max() - x.min(), format=".4f", note="from the smallest x to the largest")
    s.let("point_count", x.shape[0], format="d", note="points in the table")
    s.let(
        "moved_points",
        s["moved"].sum(),
        format="d",
        note="points that are not where they would be drawn",
    )
    s.group(
        "How large a step can be",
        "The curvature of the mse: its Hessian matrix, the same for every a and b",
    )
    aa = s.let(
        "hessian_aa",
        2 * (x**2).mean(),
        format=".4f",
        note="how the gradient along a changes with a",
    )
    ab = s.let("hessian_ab", 2 * mean_x, format=".4f", note="how it changes with b")
    bb = s.let("hessian_bb", 2, format=".4f", note="how the gradient along b changes with b")
    across = np.sqrt(((aa - bb) / 2) ** 2 + ab**2)
    most = s.let(
        "largest_eigenvalue",
        (aa + bb) / 2 + across,
        format=".4f",
        symbol=r"\lambda_{\max}",
        note="where the mse bends most",
    )
    s.let(
        "smallest_eigenvalue",
        4 * s["variance_x"] / most,
        format=".4f",
        symbol=r"\lambda_{\min}",
        note="where it bends least",
    )
    limit = s.let(
        "largest_stable_rate",
        2 / most,
        role="parameter",
        format=".4f",
        note="2 / largest_eigenvalue: a larger rate runs away",
    )
    s.let(
        "share_of_limit",
        s["learning_rate"] / limit,
        format=".1%",
        note="learning_rate as a part of it",
    )


def drawn_surface(s: Sheet):
    """The mse on a grid of slopes across and intercepts down, for a chart's contour."""
    s.group(
        "The loss surface",
        "The mse of all points, for slopes a across and intercepts b down",
        worksheet="Surface",
        folded=True,
    )
    a = s.let(
        "surface_a",
        LOWEST_A + column_index(GRID) * ((HIGHEST_A - LOWEST_A) / (GRID - 1)),
        format=".2f",
        note="slopes",
    )
    b = s.let(
        "surface_b",
        LOWEST_B + row_index(GRID) * ((HIGHEST_B - LOWEST_B) / (GRID - 1)),
        format=".2f",
        note="intercepts",
    )
    around = s["variance_y"] - 2 * a * s["covariance"] + a**2 * s["variance_x"]
    mse = (a * s["mean_x"] + b - s["mean_y"]) ** 2 + around
    s.let(
        "surface",
        np.maximum(LEAST_LOSS, mse),
        role="loss",
        format=".3f",
        note=f"mse, drawn no lower than {LEAST_LOSS:g}",
    )
