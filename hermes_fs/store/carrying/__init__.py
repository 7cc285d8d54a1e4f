"""A whole mind in one file, and what other agents and folders kept as a part of this one."""
