"""The rooms of fine-tuning: pictures with labels, pretrained bodies, training, and what to look at
afterwards.

Only `panel` is a widget.

pictures, labels, files, reading   labelled pictures from a folder, checked; digits: the ones that come along
bodies, network                    a pretrained body, and the same with a new head
pixels, features, augmentation     what the network sees; the frozen body's features, computed once
schedules, training, lr_find       one cycle, the loop, the learning-rate finder; trainees: what learns from what
learner                            all of it together: start here
results, excitement                what to look at; exports, head_sheets, recordings: what to take away
chance, memory, machine            seeds; a device whose memory is used up; what it is called
distributed, command               several processes (torchrun); `gradsheet finetune`

panel                              the widget over them: jobs (one at a time), steps (what its buttons do), session (what it works on, kept
                                   in its place), opening, choosing, allowed (which pictures and body, from where), saying and showing
                                   (what the page is told), downloads, shelf (the recordings at hand)

Needs the extra `fine-tuning` (torch, transformers, safetensors, Pillow, regex); importing this
package alone loads none of them.
"""

import os

# Read when PyTorch is imported. Its threads wait for each other at every step; turning in a loop
# meanwhile, as is usual, they keep each
# other from their work as soon as anything else runs on the same cores, and seconds become minutes.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
