"""A model that runs on this machine without anybody's server: where its file comes from, who serves it, who uses it."""
