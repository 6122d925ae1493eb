"""The policy desk: a local page on which measures are compared by looking."""
