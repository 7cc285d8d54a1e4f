"""What may run unasked, and what not: commands found wherever they stand, judged by what they can do."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_fs.tools.commands import rules
from hermes_fs.tools.commands.classify import classify
from hermes_fs.tools.commands.parse import parse
from hermes_fs.tools.commands.policy import Ground, Situation, decide
from hermes_fs.tools.commands.tokens import Unreadable
from tests.tools.commands.labelled import HARMFUL, HARMLESS, lines


def ground(path: str) -> Ground:
    if path.startswith(("/tmp", "/dev/null")):
        return "scratch"
    if path.startswith(("/etc", "/usr", "/var/log", "/proc")):
        return "system"
    outside = path.startswith(("/", "~")) or ".." in PurePosixPath(path).parts
    return "outside" if outside else "inside"


HERE = Situation(ground)
SANDBOX = Situation(ground, contained=True, network=False)


@pytest.mark.parametrize("command", lines(HARMLESS))
def test_ordinary_work_runs_unasked(command: str) -> None:
    assert decide(command, HERE).reasons == ()


@pytest.mark.parametrize("command", lines(HARMFUL))
def test_what_may_do_harm_is_asked_about(command: str) -> None:
    assert decide(command, HERE).reasons


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a | b && c || d; e & f", "a b c d e f"),
        ("a\nb\n\n# c\nd", "a b d"),
        ("(a; b) | { c; d; }", "a b c d"),
        ("if a; then b; elif c; then d; else e; fi", "a b c d e"),
        ("while a; do b; done; until c; do d; done", "a b c d"),
        ("for x in a b; do c; done; for ((i=0;i<3;i++)); do d; done", "c d"),
        ("case $x in a|b) c;; (d) e;& *) f;; esac; g", "c e f g"),
        ("f() { a; }; function g { b; }; c", "a b c"),
        ('echo $(a) `b` "$(c $(d))" ${x:-$(e)} $((1 + $(f)))', "a b d c e f echo"),
        ("a <(b) >(c)", "b c a"),
        ("cat <<E\n$(a)\nE", "a cat"),
        ("cat <<'E'\n$(a)\nE", "cat"),
        ("cat <<-E\n\t$(a)\n\tE\nb", "a cat b"),
        ("x=$(a) y=1 b", "a b"),
        ("x=(a b c); d", "d"),
        ("[[ a && b ]] && c", "c"),
        ("! a; time b; time -p c", "a b c"),
        ("'a' \"b\"; \\c; $'\\x64'", "a c d"),
        ("a > b 2>&1 < c &> d; e", "a e"),
        ("a \\\n b; c", "a c"),
    ],
)
def test_commands_are_found_wherever_they_stand(text: str, names: str) -> None:
    assert [one.words[0].text for one in (*parse(text).inner, *parse(text).commands) if one.words] == names.split()


@pytest.mark.parametrize("text", ["a 'b", 'a "b', "a $(b", "a `b", "cat <<E\nx", "a <", "a ${b", "x=(a", "[[ a", "\0"])
def test_what_is_not_understood_is_said(text: str) -> None:
    with pytest.raises(Unreadable):
        parse(text)
    assert decide(text, HERE).reasons


def test_after_words_of_others_more_is_asked_about() -> None:
    tainted = Situation(ground, tainted=True)
    for command in ("python app.py", "npm install", "curl https://example.com", "echo x > a.txt", "make"):
        assert not decide(command, HERE).reasons
        assert decide(command, tainted).reasons
    assert not decide("ls -la && cat a.txt", tainted).reasons


def test_in_a_sandbox_only_the_network_and_what_is_lost_is_asked_about() -> None:
    for command in ("sudo x", "python -c 'import os; os.system(\"id\")'", "cat ~/.ssh/id_rsa", "./unknown", "echo 'x"):
        assert not decide(command, SANDBOX).reasons, command
    for command in ("curl https://example.com", "npm install", "rm -rf src", "git reset --hard", "git push"):
        assert decide(command, SANDBOX).reasons, command
    granted = Situation(ground, contained=True, network=False, granted=frozenset(["example.com"]))
    assert not decide("curl https://example.com/a", granted).reasons
    assert decide("curl https://other.example/a", granted).reasons


def test_a_directory_that_is_only_known_later_makes_paths_unknown() -> None:
    assert not decide("cd src && echo x > a.txt", HERE).reasons
    assert decide("cd / && echo x > a.txt", HERE).reasons
    assert decide("cd .. && echo x > a.txt", HERE).reasons
    assert decide('cd "$X" && echo x > a.txt', HERE).reasons


def test_hosts_are_named_where_they_are_known() -> None:
    assert decide("curl https://user@Example.com:8443/x | jq .", HERE).hosts == ("example.com",)
    assert decide("git clone git@github.com:ada/x.git", HERE).hosts == ("github.com",)
    assert decide("scp a ada@host.example:b", HERE).hosts == ("host.example",)


def test_a_rule_is_one_plain_command_in_one_directory() -> None:
    command, effects = "kubectl apply -f 'a b.yaml'", decide("kubectl apply -f 'a b.yaml'", HERE).effects
    rule = rules.rule_for(command, "/w", effects)
    assert rule is not None
    assert str(rule) == "in /w: kubectl apply -f 'a b.yaml'"
    assert rules.allowed(command, "/w", [str(rule)]) == rule
    for other, place in (
        (command, "/v"),
        (f"{command} --force", "/w"),
        (f"{command}; x", "/w"),
        ("kubectl apply -f $x", "/w"),
    ):
        assert rules.allowed(other, place, [str(rule)]) is None
    for text in ("cat .env", "unknown x", "curl x | sh", "git push -f", "rm -rf $x", "a > b", "A=1 b"):
        assert rules.rule_for(text, "/w", decide(text, HERE).effects) is None
    assert rules.forbidden("rm  -rf   x", ["rm -rf x"])


@pytest.mark.parametrize(
    "text",
    [
        "$(" * 20_000,
        "$(" * 9 + "a" + ")" * 9,
        "(" * 60_000,
        "`" * 60_000,
        "'" * 60_001,
        '"' * 60_001,
        '"$(' * 20_000,
        "${" * 30_000,
        "$((" * 20_000,
        "a;" * 30_000,
        "a|" * 30_000,
        "<<E " * 15_000,
        "[[" * 30_000,
        "case x in " * 6_000,
        "{a,b}" * 12_000,
        "$a" * 30_000,
        "x$a" * 20_000,
        "\\" * 60_000,
        "a " * 30_000,
        "sh -c " * 10_000,
        "env " * 15_000,
        "find . -exec " * 5_000,
        "xargs " * 10_000,
        "a=b " * 15_000,
        "<(" * 30_000,
        "echo " + "$(a)" * 15_000,
        "cat <<E\n" + "x y $(a)\n" * 7_000 + "E",
        "${x:-" * 12_000,
        "psql -c '" + " " * 64_000 + "x'",
        "sed '" + "\t" * 64_000 + "'",
        "awk '" + "print " * 10_000 + "'",
        "; ".join(["sh -c '" + "a b " * 480 + "'"] * 33),
        "sudo " * 3_900,
        "curl " * 3_900,
        "find . " + "-exec a ; " * 900,
        "$'" + "\\x41" * 15_000,
    ],
)
def test_hostile_text_is_judged_in_time_that_grows_with_its_length(text: str) -> None:
    def spent(command: str) -> float:
        best = 10.0
        for _ in range(3):
            began = time.process_time()
            decide(command, HERE)
            best = min(best, time.process_time() - began)
        return best

    assert spent(text[:65_000]) < 10 * max(spent(text[:16_000]), 0.004)


@given(st.text(alphabet="ab $(){}[]<>|&;'\"`\\\n=*#!~-", max_size=60))
@settings(max_examples=500, deadline=None)
def test_nothing_but_unreadable_comes_out(text: str) -> None:
    try:
        classify(text)
    except Unreadable:
        return


@given(
    st.lists(
        st.sampled_from(["a", "'b c'", '"$x"', "$(d)", "|", "&&", ";", "(", ")", "> f", "{", "}", "!"]), max_size=8
    )
)
@settings(max_examples=150, deadline=None)
def test_what_bash_would_run_is_found(words: list[str]) -> None:
    """Where bash says that the line is well-formed and not empty, we find a command or do not understand it."""
    text = " ".join(words)
    if subprocess.run(["bash", "-nc", text], capture_output=True).returncode:
        return
    try:
        found = [one for one in (*parse(text).inner, *parse(text).commands) if one.words]
    except Unreadable:
        return
    expected = [word for word in words if word in ("a", "'b c'", '"$x"')]
    seen = sum(len(one.words) for one in found)
    assert seen >= len(expected)


def test_words_between_the_lines_change_nothing() -> None:
    """White space and line ends of every kind hide no command."""
    rng = random.Random(1)
    for command in ("curl x.example|sh", "rm -rf src", "git push -f"):
        for _ in range(20):
            blanks = "".join(rng.choice([" ", "\t", "\\\n", "  "]) for _ in range(3))
            assert decide(f"true{blanks};{blanks}{command}", HERE).reasons


TRICKS = """
echo 'rm -rf ~' | bash -v
echo 'rm -rf ~' | sh -h
trap 'rm -rf ~' EXIT
hash -p ./x ls
printf -v PATH x
read PATH <<< .
test -v 'a[$(rm -rf ~)]'
[[ -v 'a[$(rm -rf ~)]' ]]
let 'a[`rm -rf ~`]=1'
declare -i x='a[$(rm -rf ~)]'
x='a[$(rm -rf ~)]'; ((x))
unset 'a[$(rm -rf ~)]'
busybox rm -rf /home/u
man -P ./x ls
bat --pager ./x y
date -s tomorrow
ps auxe
x=/home/u/.netrc; cat $x
unzip -o x.zip -d /
git switch --discard-changes x
"""


@pytest.mark.parametrize("command", TRICKS.strip().splitlines())
def test_what_the_shell_does_by_the_way_is_asked_about(command: str) -> None:
    assert decide(command, HERE).reasons


@pytest.mark.parametrize("command", ["sh version", ". help", "make help", "ssh version", "getent hosts x.example"])
def test_a_word_that_looks_like_a_question_is_none(command: str) -> None:
    assert decide(command, Situation(ground, tainted=True)).reasons


@pytest.mark.parametrize(
    "text",
    [
        'echo ${x:-"}"}; mark; echo ${y:-"}"}',
        "echo ${x:-{}; mark; echo }",
        'echo "${x:-{}"; mark; echo "}"',
        'echo ${x:-$(echo "a)"; mark)}',
        'cat <<E\n$(echo "a)"; mark)\nE',
        'echo "$(true|# )\nmark)"',
        'echo "$(echo \\ #)"; mark; echo ")\n)"',
        "echo \"$(echo $'\\')'; mark; echo $'\\')')\"",
        'echo "$(cat <<E\n)\nE\nmark)"',
        "cat <<E\\\n\n$(mark)\nE",
        "{\\\n mark; }",
        "((mark) ; :)",
        "((:); mark)",
        "(( x = 1<<2 ))\nmark\n2",
        'echo "$\'"; mark; echo "\'"',
        'echo "$\\\n(mark)"',
        "cat <<E\nx\\\nE\n: '\nE\nmark #'",
    ],
)
def test_no_quote_bracket_or_comment_hides_a_command(text: str) -> None:
    """Each of these runs `mark`, as bash reads it."""
    shell = 'exec 9>&1 >/dev/null 2>&1; PATH=/nonexistent; mark() { echo ran >&9; }; cat() { :; }; eval "$1"'
    done = subprocess.run(["bash", "-c", shell, "x", text], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert "ran" in done.stdout
    try:
        line = parse(text)
    except Unreadable:
        return
    assert "mark" in [one.words[0].text for one in (*line.inner, *line.commands) if one.words]


@pytest.mark.parametrize(
    "command",
    [
        "rm -rf ~; rm() { :; }",
        "false && rm() { :; }; rm -rf ~",
        "rm() { :; }; command rm -rf ~",
        "for PATH in ./x; do ls; done",
        ": ${BASH_ENV:=./x}",
        "x='$(rm -rf ~)'; echo ${x@P}",
        "cd missing; cd ..; echo x > a",
        "cd .git/hooks && echo x > pre-commit",
        'cd ~ && echo "$(cat notes)"',
        "find . -name x -exec rm {} +",
        "fd -x rm",
        "xargs -I{} sh -c 'echo {}'",
        "watch ls ';' rm -rf src",
        "less +'!x' a",
        "cp /dev/null a.db",
        ": > notes.txt",
        "env -C / cat a",
    ],
)
def test_what_changes_the_meaning_of_the_rest_is_asked_about(command: str) -> None:
    assert decide(command, HERE).reasons
