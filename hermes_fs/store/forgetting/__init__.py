"""Takes a text, or a session, out of a workspace: found everywhere, shown, and out of history where asked."""
