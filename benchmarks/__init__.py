"""Gradsheet beside what a person would use instead: `python3 benchmarks`."""
