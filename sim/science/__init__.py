"""Questions asked of the model: what fits, what decides, what tips, what works, and where."""
