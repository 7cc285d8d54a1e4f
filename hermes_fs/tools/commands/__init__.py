"""What a command line can do, judged before it runs: parsed, classified, decided upon. Runs nothing, asks nobody."""
