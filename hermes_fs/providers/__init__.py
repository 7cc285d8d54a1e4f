"""Model providers, independent of one another, behind the Provider port."""
