"""The command line: parse, call, render, map errors to exit codes. One file per command group, loaded on use.

A new command is a row in `table.py` and a module with an `app` made by `app.single()` or `app.group()`. Each command
has `epilog=example("hermes …")`, takes `context: typer.Context` for the global flags (`context.obj` is an
`Invocation`), and raises the errors of `core.errors`.
"""
