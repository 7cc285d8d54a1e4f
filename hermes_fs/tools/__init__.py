"""What the model can do. Each tool is independent of the providers, backends and channels that are in use."""
