from hermes_fs.cli.output import print_json, print_table, print_text


def test_columns_are_aligned_also_with_wide_characters(capsys):
    print_table(["id", "what"], [["1", "one"], ["日本", "two"], ["xyz", "x" * 300]])
    assert capsys.readouterr().out.splitlines() == [
        "id    what",
        "1     one",
        "日本  two",
        f"xyz   {'x' * 300}",
    ]


def test_an_empty_table_prints_nothing(capsys):
    print_table(["id"], [])
    assert capsys.readouterr().out == ""


def test_what_is_printed_cannot_drive_the_terminal(capsys):
    print_table(["a"], [["x\x1b[2J\ny"]])
    print_text("t\x1b]0;owned\x07")
    print_json({"a": "\x1b\u202e"})
    assert capsys.readouterr().out == 'a\nx y\nt\n{\n  "a": "\\u001b\\u202e"\n}\n'
