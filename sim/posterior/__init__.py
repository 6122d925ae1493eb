"""What all reported cases and general facts together say of the core's numbers, and how well that predicts.

``space`` says what is free, ``held`` what it is held against, ``runs`` lives both, ``emulator`` stands for the
runs, ``pooled`` finds the posterior, ``scores`` predicts each case from the others.
"""
