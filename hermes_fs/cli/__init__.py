"""The command line: parse, call, render, map errors to exit codes. One file per command group, loaded on use."""
