"""The core month in several frameworks; the rules are in benchmarks/README.md."""
