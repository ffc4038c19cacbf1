"""The initial data set: deterministic, invented, the same for the same size and day."""
