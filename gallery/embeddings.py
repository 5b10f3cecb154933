"""An embedding is a look-up: a row of a table, or a one-hot row times the table."""

import numpy as np

from sheets import Sheet, backprop, match, normal

TEXT = ["I", "am", "Daniel", "I", "am", "Sam", "Sam", "I", "am", "That", "Sam", "I", "am"]
VOCABULARY = sorted(set(TEXT), key=str.lower)


def embeddings() -> Sheet:
    s = Sheet("embeddings", "An embedding is a look-up", "A row of a table, or a product?")
    s.group("Embedding", "a row for each word")
    noise = normal(s, "drawn", (len(VOCABULARY), 3), 1)
    e = s.input(
        "embedding", noise, role="weight", shown="heat", rows_named=VOCABULARY, format=".2f"
    )
    s.group("Text")
    word = s.input("word", TEXT, rows=True, choices=VOCABULARY)
    looked_up = s.let("looked_up", e[word], shown="heat", format=".2f")
    hot = s.let("one_hot", s.one_hot(word), format="d")
    product = s.let("product", hot @ e, shown="heat", format=".2f")
    s.group("The same?")
    s.let("largest_difference", np.abs(product - looked_up).max())
    s.let("loss", (product**2).sum() / 2, role="loss", format=".2f")
    backprop(s, "loss", ["embedding"])
    s.say("The look-up and the product differ by {largest_difference:.1f} at most.")
    return s


def films_in_a_list() -> Sheet:
    s = Sheet("films_in_a_list", "Ratings as a long list", "Who is where in the table of factors?")
    s.group("People and films", "two factors each, beside their numbers")
    person, film = (s.input(name, [[14], [29], [72]], format="d") for name in ("people", "films"))
    p = s.input("people_factors", [[0.2, 0.6], [0.3, 0.4], [0.8, 0.1]], role="weight")
    f = s.input("film_factors", [[0.7, 0.8], [0.9, 0.7], [0.1, 0.5]], role="weight")
    s.group("Ratings")
    who, what = (s.input(name, [29, 14, 72, 29], rows=True) for name in ("who", "what"))
    stars = s.input("stars", [4, 2, 5, 3.5], rows=True, role="target")
    guess = s.let("guess", (p[match(person, who)] * f[match(film, what)]).sum(axis=1), format=".2f")
    s.let("rmse", np.sqrt(((guess - stars) ** 2).mean()), role="loss", format=".4f")
    backprop(s, "rmse", ["people_factors", "film_factors"])
    s.say("Off by {rmse:.2f} stars.")
    return s
