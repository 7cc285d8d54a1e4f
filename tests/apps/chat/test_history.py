from hermes_fs.apps.chat.history import KEPT, History


def history(path) -> History:
    return History(path, lambda text: text.replace("hunter2", "[redacted]"))


def test_lines_come_back_in_order_also_those_of_several_lines(tmp_path):
    first = history(tmp_path / "h")
    first.add("one")
    first.add("two\nlines — ü")
    assert history(tmp_path / "h").load() == ["one", "two\nlines — ü"]


def test_secrets_never_reach_the_file_and_nobody_else_may_read_it(tmp_path):
    history(tmp_path / "h").add("my password is hunter2")
    assert "hunter2" not in (tmp_path / "h").read_text()
    assert (tmp_path / "h").stat().st_mode & 0o777 == 0o600


def test_torn_and_foreign_lines_are_left_out(tmp_path):
    (tmp_path / "h").write_text('"ok"\n{"x": 1}\n"torn\n')
    assert history(tmp_path / "h").load() == ["ok"]


def test_the_file_does_not_grow_for_ever(tmp_path):
    path = tmp_path / "h"
    path.write_text("".join(f'"{number}"\n' for number in range(5 * KEPT)))
    assert history(path).load()[-1] == str(5 * KEPT - 1)
    assert path.read_text().count("\n") == KEPT


def test_where_it_cannot_be_written_there_is_no_history(tmp_path):
    lost = history(tmp_path / "missing" / "h")
    lost.add("x")
    assert lost.load() == []


def test_a_link_planted_in_its_place_is_not_followed(tmp_path):
    (tmp_path / "target").write_text("keep")
    (tmp_path / "h").symlink_to(tmp_path / "target")
    history(tmp_path / "h").add("x")
    assert (tmp_path / "target").read_text() == "keep"
