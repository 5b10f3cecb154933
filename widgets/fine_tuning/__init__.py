"""The rooms of fine-tuning; each imports from those above it in this list, never the other way.

data       labelled pictures from a folder, checked; the digits that come along; the recipe
learning   a pretrained body, a new head, and their training: `learner` is where to start reading
takeaway   results as files, workbooks, and the first layer's filters
panel      the widget: jobs (one at a time), steps (what its buttons do), session (what it works on)
command    `gradsheet finetune` and more: the panel's work without it; panel and command are apart
front_end  the panel's page

Needs the extra `fine-tuning` (torch, transformers, safetensors, Pillow, regex); importing this
package alone loads none of them.
"""

import os

# The environment variable that names the folders which a page may use, with what parts PATH between
# them: see panel/allowed.py.
FOLDERS = "GRADSHEET_FOLDERS"

# Read when PyTorch is imported. Its threads wait for each other at every step; turning in a loop
# meanwhile, as is usual, they keep each other from their work as soon as anything else runs on the
# same cores, and seconds become minutes.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
