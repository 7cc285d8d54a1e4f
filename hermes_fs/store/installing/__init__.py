"""Bringing skills from elsewhere: sources, archives, what is in them, the lock. Commits only through the door."""
