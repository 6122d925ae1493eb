"""The world in declared tables, and how compiled rules reach it (the gate of issue 18, beside the old house)."""
