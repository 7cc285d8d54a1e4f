"""Does gated learning help? See docs/benchmarks.md; run with `python -m benchmarks.learning`."""
