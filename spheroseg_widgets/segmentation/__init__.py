"""ResUNet: network, checkpoints and registry, prediction, training, synthetic images."""
