"""`gradsheet finetune`, `predict`, `look`, `bodies`: what the panel does, without the panel."""
