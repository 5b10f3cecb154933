"""The expression language: blocks, ops, cells, gradients. Knows no face."""
