"""Keeps a workspace and its remotes the same: what comes is judged and merged, what is here is pushed, never forced."""
