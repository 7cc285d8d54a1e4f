"""The agent: the loop, what it records, what it is prompted with, how its context is kept short."""
