"""A pretrained body, a new head, and the training of both; `learner` brings all of it together."""
