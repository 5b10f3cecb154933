"""Labelled pictures, from the files of a folder or from the digits that come along."""
