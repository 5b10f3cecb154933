"""One file a demo; SHEETS in catalogue.py names them all."""
