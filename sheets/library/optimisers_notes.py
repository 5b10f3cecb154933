"""What who teaches needs to know at each optimiser's own sheet: the opening, then each preset in its order."""

NOTES = {
    "sgd": (
        "One row of the sheet is one step. Walk through the first one cell by cell, once. Five minutes.",
        "Play to step 29: the slope is learned, the intercept is not, at {slope:.2f} and {intercept:.2f} now.\n"
        "Point at est de/db beside de/db: trying and calculus agree.",
        "Usual wrong answer: one update more a pass must end closer. Here it ends a little further away.\nThe error is {rmse:.2f} now.",
        "Step to the row with x = 99. It is thrown nearly three times as far to the other side.\n"
        "Land it: the largest x decides the learning rate, which is one reason to normalise inputs.",
    ),
    "momentum": (
        "Only two columns differ from SGD's sheet, direction and divisor. Ask which of them changed. Five minutes.",
        "Usual wrong answer: smoother must be closer. The valley holds it up as it holds up SGD.\n"
        "Point at the start: m is not 0 at step 0, because the course's Reset warms it up.",
        "Ask for the factor between a sum and an average of this memory: 1 / (1 - beta). So the rate must be as much smaller.\n"
        "Land it: the same word, two definitions.",
        "Play, and say nothing. The error is {rmse:g} now.\nLand it: copy a learning rate, and copy the definition with it.",
        "Usual wrong answer: none of them. Without memory it is plain SGD. One minute.",
    ),
    "rmsprop": (
        "Point at the divisor, the root of an average of squared gradients. Ask what it makes of a row with x = 99. Five minutes.",
        "A little: each parameter is divided by its own usual gradient, so both steps are about as long as the rate, {learning_rate:g}.\n"
        "Point at the intercept: {intercept:.2f}.",
        "Press Step once. v has seen only a small part of the first square, so the divisor is small and the step long.\n"
        "Ask who corrects for that: Adam.",
        "Closer, yes, but watch it swing from row to row.\nLand it: a step of fixed length cannot come to rest.",
    ),
    "adam": (
        "Momentum above the line, RMSprop below it. Ask for one sentence on each half before you start. Five minutes.",
        "Drag to step 145: the intercept is at {intercept:.2f}. Usual wrong answer: as slow as the others.\n"
        "There is no bias correction here: the course's Reset warms m and v up instead.",
        "Press Step once. Both parameters move by the rate itself, {learning_rate:g}.\n"
        "Land it: the correction makes the first average the first gradient.",
        "Hands up for smoother, then for wilder. Play five passes: the error is {rmse:.2f} now.\n"
        "Land it: a long memory still runs when it should turn.",
    ),
    "adagrad": (
        "It adds up squares and forgets nothing. Ask what that does to the steps in the long run. Five minutes.",
        "Press Step once: the first step is the whole rate, {learning_rate:g}, because g divided by the root of its square is 1 or -1.\n"
        "Then play, and watch the steps shorten.",
        "Usual wrong answer: some digit on the screen. The epsilon only guards against a division by 0. Half a minute.",
        "Play five passes: the intercept is at {intercept:.2f}, and it crawls.\nLand it: what only ever shrinks must start large.",
    ),
}
