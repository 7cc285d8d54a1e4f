"""Where effects happen, behind the Backend port."""
