"""The mind on the disk: files, git, the door, history, transcripts and the search index."""
