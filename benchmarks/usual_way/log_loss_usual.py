"""The log-loss lesson the usual way: ipywidgets for the controls, plotly's FigureWidget for the
charts, numpy in the kernel.

This file is the code cell of that notebook; the text around it is the lesson's own. It is written
as its libraries advise: charts are built whole before they are shown, traces are changed in place
inside one `batch_update`, the table is one HTML widget.
"""

import ipywidgets as widgets
import numpy as np
import plotly.graph_objects as go

TOP = 10
curve_p = 0.5 - 0.5 * np.cos(np.arange(101) * np.pi / 100)
curve_c = np.exp(np.linspace(np.log(1e-5), np.log(0.5), 101))

five_cats, five_predictions = np.array([1, 0, 1, 0, 1]), np.array([0.98, 0.1, 0.5, 0.9, 0.02])
story_cats = np.repeat([1, 0], 20)
honest = np.array(
    [0.97, 0.99, 0.92, 0.98, 0.88, 0.95, 0.99, 0.85, 0.96, 0.93] * 2
    + [0.02, 0.05, 0.01, 0.1, 0.04, 0.03, 0.08, 0.02, 0.12, 0.06] * 2
)
honest[12] = 0.3
certain = np.round(honest)
presets = {
    "Five rows": (five_cats, five_predictions, 1e-4),
    "Honest predictions": (story_cats, honest, 1e-4),
    "What if I submit 1s and 0s?": (story_cats, certain, 0),
    "Kaggle's 0.0001": (story_cats, certain, 1e-4),
    "Clip at 0.05": (story_cats, certain, 0.05),
    "Clip at 0.02": (story_cats, certain, 0.02),
    "Clip at 0.025": (story_cats, certain, 0.025),
}
rows = {"cat": five_cats, "p": five_predictions}


def losses(cat, p, clip):
    """Clipped predictions, loss by the product form, loss by the IF form."""
    q = np.clip(p, clip, 1 - clip)
    with np.errstate(divide="ignore", invalid="ignore"):
        product = -(np.where(cat == 1, np.log(q), 0) + np.where(cat == 0, np.log(1 - q), 0))
        return q, product, np.where(cat == 1, -np.log(q), -np.log(1 - q))


def slope(cat, p, clip):
    held = (p < clip) | (p > 1 - clip)
    with np.errstate(divide="ignore"):
        return np.where(held, 0, np.where(cat == 1, -1 / p, 1 / (1 - p))) / len(cat)


def expected(accuracy, c):
    with np.errstate(divide="ignore"):
        return -(accuracy * np.log(1 - c) + (1 - accuracy) * np.log(c))


style = {"description_width": "120px"}
wide = widgets.Layout(width="450px")
clip_on = widgets.Checkbox(value=True, description="clip the predictions", style=style)
clip_slider = widgets.FloatLogSlider(
    value=1e-4,
    min=-6,
    max=np.log10(0.4),
    step=(np.log10(0.4) + 6) / 200,
    description="clip",
    readout_format=".3g",
    style=style,
    layout=wide,
)
accuracy_slider = widgets.FloatSlider(
    value=0.975,
    min=0.5,
    max=0.999,
    step=0.001,
    description="model accuracy",
    readout_format=".1%",
    style=style,
    layout=wide,
)
nudge_slider = widgets.FloatLogSlider(
    value=1e-4,
    min=-7,
    max=-2,
    step=0.025,
    description="nudge",
    readout_format=".3g",
    style=style,
    layout=wide,
)


def line(x, y, name, colour, dash="solid"):
    return go.Scatter(
        x=x, y=y, name=name, mode="lines", line={"color": colour, "width": 3, "dash": dash}
    )


def points(x, y, name, colour, symbol="circle"):
    return go.Scatter(
        x=x, y=y, name=name, mode="markers", marker={"color": colour, "size": 13, "symbol": symbol}
    )


def axes(title, x_title, x_range, y_title, y_range, x_type="linear"):
    return go.Layout(
        title=title,
        xaxis={"title": x_title, "range": x_range, "type": x_type},
        yaxis={"title": y_title, "range": y_range},
        width=500,
        height=420,
        legend={"orientation": "h"},
    )


def curves(clip):
    """The loss of one answer, for a cat and for a non-cat, drawn up to TOP."""
    q = np.clip(curve_p, clip, 1 - clip)
    return -np.log(np.maximum(np.exp(-TOP), q)), -np.log(np.maximum(np.exp(-TOP), 1 - q))


def present_clip():
    return clip_slider.value if clip_on.value else 0.0


if_cat, if_not = curves(present_clip())
first_loss = losses(rows["cat"], rows["p"], present_clip())[2]
one_answer = go.FigureWidget(
    [
        line(curve_p, if_cat, "a cat", "#0072b2"),
        line(curve_p, if_not, "not a cat", "#d55e00", "dash"),
        points(rows["p"], first_loss, "this class", "#000000", "square"),
    ],
    axes(
        "Loss of one row against its prediction",
        "prediction (probability of a cat)",
        [0, 1],
        "loss",
        [0, TOP],
    ),
)
best = 1 - accuracy_slider.value
whole_class = go.FigureWidget(
    [
        line(curve_c, expected(accuracy_slider.value, curve_c), "expected loss", "#000000"),
        points(
            [best],
            [expected(accuracy_slider.value, best)],
            "least, at c = 1 - A",
            "#009e73",
            "diamond",
        ),
        points(
            [clip_slider.value],
            [expected(accuracy_slider.value, clip_slider.value)],
            "clip now",
            "#d55e00",
            "square",
        ),
    ],
    axes(
        "Expected loss against c",
        "c (log scale)",
        [-5, np.log10(0.5)],
        "expected loss",
        [0, 0.8],
        "log",
    ),
)
results = widgets.HTML()
table = widgets.HTML()


def results_html(cat, p, q, loss, clip):
    accuracy, mean = np.mean((p >= 0.5) == cat), loss.mean()
    held = int(((p < clip) | (p > 1 - clip)).sum())
    numbers = {
        "mean log loss": f"<b class='mean'>{mean:.4f}</b>",
        "accuracy": f"{accuracy:.1%}",
        "worst loss": f"{loss.max():.4f}",
        "predictions held by the clip": f"{held} of {len(cat)}",
        "best clip": f"{1 - accuracy_slider.value:.3f}",
        "least expected loss": f"{expected(accuracy_slider.value, 1 - accuracy_slider.value):.4f}",
        "expected loss at this clip": f"{expected(accuracy_slider.value, clip):.4f}",
    }
    return (
        "<table>"
        + "".join(f"<tr><th>{name}</th><td>{number}</td></tr>" for name, number in numbers.items())
        + "</table>"
    )


def table_html(cat, p, q, product, loss, clip):
    nudge = nudge_slider.value
    with np.errstate(invalid="ignore"):
        difference = np.where(product == loss, 0, product - loss)
        above, below = losses(cat, p + nudge, clip)[2], losses(cat, p - nudge, clip)[2]
        finite = (above - below) / (2 * nudge) / len(cat)
    columns = {
        "is_cat": [f"{x:d}" for x in cat],
        "prediction": [f"{x:.4g}" for x in p],
        "clipped": [f"{x:.4g}" for x in q],
        "loss (product)": [f"{x:.4f}" for x in product],
        "loss (IF)": [f"{x:.4f}" for x in loss],
        "difference": [f"{x:.4g}" for x in difference],
        "slope": [f"{x:.4g}" for x in slope(cat, p, clip)],
        "finite difference": [f"{x:.4g}" for x in finite],
    }
    head = "".join(f"<th>{name}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{text}</td>" for text in row) + "</tr>"
        for row in zip(*columns.values(), strict=True)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def update(change=None):
    cat, p, clip, accuracy = rows["cat"], rows["p"], present_clip(), accuracy_slider.value
    q, product, loss = losses(cat, p, clip)
    if_cat, if_not = curves(clip)
    with one_answer.batch_update():
        one_answer.data[0].y = if_cat
        one_answer.data[1].y = if_not
        one_answer.data[2].x = p
        one_answer.data[2].y = np.minimum(TOP, loss)
    with whole_class.batch_update():
        whole_class.data[0].y = expected(accuracy, curve_c)
        whole_class.data[1].x, whole_class.data[1].y = (
            [1 - accuracy],
            [expected(accuracy, 1 - accuracy)],
        )
        whole_class.data[2].x, whole_class.data[2].y = (
            [max(1e-5, clip)],
            [min(0.8, expected(accuracy, max(1e-5, clip)))],
        )
    results.value = results_html(cat, p, q, loss, clip)
    table.value = table_html(cat, p, q, product, loss, clip)


controls = [clip_slider, clip_on, accuracy_slider, nudge_slider]


def choose(name):
    """Set a preset's rows and controls, and draw once."""
    rows["cat"], rows["p"], clip = presets[name]
    for control in controls:
        control.unobserve(update, "value")
    clip_on.value = clip > 0
    clip_slider.value = clip or clip_slider.value
    accuracy_slider.value = 0.975
    for control in controls:
        control.observe(update, "value")
    update()


buttons = [
    widgets.Button(description=name, layout=widgets.Layout(width="auto")) for name in presets
]
for button in buttons:
    button.on_click(lambda pressed: choose(pressed.description))
for control in controls:
    control.observe(update, "value")
update()
# Changed after they were made, and about to stand in a box: without this Voila would show them as
# they were made.
one_answer._repr_mimebundle_()
whole_class._repr_mimebundle_()

settings = widgets.VBox([*controls, results], layout=widgets.Layout(flex="0 0 auto"))
widgets.VBox([widgets.HBox(buttons), widgets.HBox([settings, one_answer, whole_class]), table])
