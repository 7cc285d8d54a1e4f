"""Evals: tasks with checkers that say whether a skill helps. See docs/evals.md."""
