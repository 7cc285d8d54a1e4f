"""hermes-fs: an AI agent whose whole mind is a git repository."""

__version__ = "0.1.0"
