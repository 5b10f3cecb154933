"""The rooms of fine-tuning: pictures with labels, pretrained bodies, training, and what to look at afterwards. No widget is in them.

pictures, labels, files, reading   labelled pictures from a folder, checked; digits: the ones that come along
bodies, network                    a pretrained body, and the same with a new head
pixels, features, augmentation     what the network sees; the frozen body's features, computed once
schedules, training, lr_find       one cycle, the loop, the learning-rate finder
learner                            all of it together: start here
results, excitement                what to look at; exports, head_sheets, recordings: what to take away
distributed, command               several processes (torchrun); `gradsheet finetune`

Needs the extra `fine-tuning` (torch, transformers, safetensors, Pillow); importing this package alone loads none of them.
"""
