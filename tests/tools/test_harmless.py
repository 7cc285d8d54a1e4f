"""What runs without asking: known commands with known options, read strictly, and nothing else."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hermes_fs.tools.harmless import RULES, harmless, judge
from hermes_fs.tools.shellwords import Unreadable, read

HARMLESS = """
ls
ls -la src 'a b' "c d"
ls *.py
pwd
cd src
cd ~
cat README.md
head -n 20 a.txt
head -20 a.txt
tail -n +5 a.txt | head -3
wc -l a b
grep -rn 'a|b' src
grep -n --include=*.py -e x src
rg -n "foo bar" src -g '*.py'
stat a
du -sh *
df -h
date
date +%F
date -u -d yesterday '+%Y %m'
whoami
id -u
uname -a
echo "rm -rf / && curl x | sh > y"
echo 'a; b'
echo a\\;b
printf '%5.2f %s\\n' 1 x
true
test -f a
basename a/b .x
dirname a/b
realpath a
sort -k2,2n a | uniq -c | sort -rn | head
sort -u a
cut -d: -f1 a
tr a-z A-Z
diff -u a b
cmp a b
tree -L 2
find . -name '*.py' -type f -maxdepth 3
find src -not -path '*/x/*' -size +10k
which python3
type ls
file a
git log --oneline -n 5
git log -p -3 -- src
git log --since=yesterday --format='%h %s'
git show HEAD
git show HEAD:README.md
git show --stat HEAD~1
git branch
git branch -a
git branch --show-current
git rev-parse --abbrev-ref HEAD
git remote -v
git tag
""".strip().split("\n")

ASKED = """
rm x
\\rm x
r""m x
/bin/ls
./ls
ls; id
ls && id
ls & id
ls || id
ls > x
ls >> x
ls 2>/dev/null
cat < x
cat << x
cat <(id)
ls $HOME
ls $(id)
ls `id`
echo "$(id)"
echo "`id`"
echo "${x}"
echo $'a'
echo a=~
echo a:~/x
X=1 ls
X=$(id) ls
PATH=. ls
(ls)
{ ls; }
! ls
if true
ls {a,b}
ls # x
ls |& cat
| ls
ls |
cat 'a
cat "a
cat a\\
ls | sh
ls | xargs rm
ls | tee x
find . -exec rm {} +
find . -execdir id \\;
find . -delete
find . -ok id \\;
find . -fprint x
find . -fls x
find . -name *.py
sort -o x y
sort -ox y
sort -uo x y
sort --output=x y
sort --outp=x y
sort --compress-program=sh y
sort -T /tmp y
sort --files0-from=x
uniq a b
uniq -c a b
tail -f a
tail -F a
tail --follow a
tail --pid=1 a
date -s tomorrow
date --set=tomorrow
date 01010101
date -f x
tree -o x
tree -R
tree --fromfile x
rg --pre sh x
rg --pre=sh x
rg -z x
rg --search-zip x
rg --hostname-bin=x y
rg -uu x
rg --hidden x
rg -L x
rg -f x y
grep -f x y
grep -R x .
grep -rf x .
diff -l a b
diff -r a b
file -C
file -m x y
file -z x
file -f x
printf -v x y
printf '%n' x
printf '%*d' 1 2
test -v 'a[0]'
test -R x
sed -i s/a/b/ x
sed -n 1p x
awk 1 x
xargs ls
env
env ls
printenv
export X=1
alias x=y
source x
. x
eval ls
exec ls
command ls
builtin echo
sudo ls
less x
more x
man ls
vi x
tar tf x
curl x
python3 -c 1
cat *
cat a*
head */x
cd -
cd a b
cd $X
cd a*
git
git status
git diff
git diff HEAD~1
git blame x
git grep x
git -C x log
git -c core.pager=x log
git --git-dir=x log
git --exec-path=x log
git --paginate log
git log --output=x
git log --ext-diff
git log --textconv
git log --show-signature
git log --format=%G?
git log --pretty='%G?'
git log --outp=x
git show --output=x
git branch x
git branch -d x
git branch -D x
git branch -m x
git branch --edit-description
git branch --list x
git tag x
git tag -d x
git remote add x y
git remote update
git rev-parse --parseopt
git stash
git fetch
git pull
git push
git commit
git checkout x
git config x
git log *
git st
cat ~/.ssh/id_rsa
cat .env
cat src/.env.local
cat ~/.aws/credentials
cat ~/.netrc
cat ~/.config/hermes/env
cat ~/.bash_history
cat server.pem
cat /proc/self/environ
cat /proc/1/environ
cat /dev/zero
cat /etc/shadow
head -c 10 /dev/sda
grep x .git/hermes/lock
grep -e x ~/.ssh/config
grep -ie x /etc/shadow
ls ~/.ssh
ls ~bob
git show HEAD:.env
git show HEAD:config/id_rsa
echo a\\u202eb
echo a\\u200bb
echo a\\x1b[31m
ls\\nid
ls\\rid
""".strip().split("\n")
ASKED = [line.encode().decode("unicode_escape") if line.startswith(("echo a\\", "ls\\")) else line for line in ASKED]


@pytest.mark.parametrize("command", HARMLESS)
def test_commands_that_only_read_run_without_asking(command: str) -> None:
    assert harmless(command)


@pytest.mark.parametrize("command", ASKED)
def test_everything_else_is_asked_about(command: str) -> None:
    assert not harmless(command)


@pytest.mark.parametrize("command", ["", " ", "\t", "\n", "ls\nid", "ls\n", "ls\\\nid", "ls\x00", "# x"])
def test_what_is_no_single_line_is_asked_about(command: str) -> None:
    assert not harmless(command)


def test_the_paths_that_a_command_shows_are_told_apart_from_those_it_names() -> None:
    found = judge("grep -rn foo src | head -3")
    assert found is not None
    assert (found.shown, found.named) == (("src",), ())
    found = judge("grep -e foo src b")
    assert found is not None
    assert found.shown == ("src", "b")
    found = judge("rg foo")
    assert found is not None
    assert found.shown == (".",)
    found = judge("ls -l a ~/b")
    assert found is not None
    assert (found.shown, found.named) == ((), ("a", "~/b"))


@given(
    st.lists(st.text(st.characters(blacklist_categories=("Cc", "Cf", "Cs", "Co", "Zl", "Zp"))), min_size=1, max_size=6)
)
def test_quoted_words_mean_to_bash_what_they_mean_to_the_reader(words: list[str]) -> None:
    def quoted(word: str) -> str:
        return "'" + word.replace("'", "'\\''") + "'"

    (command,) = read(" ".join(["printf", *map(quoted, words)]))
    assert [word.text for word in command[1:]] == words
    again = " ".join(word.shell for word in command[1:])
    program = f"printf '%s\\0' {again}"
    done = subprocess.run(["bash", "--norc", "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == words


@settings(max_examples=400)
@given(st.text(alphabet="ab '\"\\|*~/.-=$`;&<>(){}#!\n", max_size=20))
def test_whatever_is_read_means_the_same_to_bash(text: str) -> None:
    try:
        commands = read(f"printf {text}")
    except Unreadable:
        return
    if len(commands) > 1 or any(word.glob or word.text.startswith("~") for word in commands[0]):
        return
    program = f"set -- {text}\nprintf '%s\\0' \"$@\""
    done = subprocess.run(["bash", "--norc", "-c", program], capture_output=True, check=True, cwd="/")
    assert done.stdout.decode().split("\0")[:-1] == [word.text for word in commands[0][1:]] or len(commands[0]) == 1


def test_the_hardened_form_gives_what_the_plain_one_would(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("b\na\nb\n")
    (tmp_path / "-n").write_text("named like an option\n")
    for command in (
        "sort a.txt | uniq -c",
        "grep -n b a.txt",
        "ls a*",
        "echo 'x  y' \"z\"",
        "cut -c1 a.txt",
        "wc -l a.txt",
    ):
        plain = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, check=True).stdout
        judged = judge(command)
        assert judged is not None
        hard = subprocess.run(["bash", "-c", judged.hardened], cwd=tmp_path, capture_output=True, check=True).stdout
        assert hard.replace(b"./", b"") == plain, command
    judged = judge("ls *")
    assert judged is not None
    done = subprocess.run(["bash", "-c", judged.hardened], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == b"./-n\n./a.txt\n"


def test_the_shells_state_cannot_change_what_a_harmless_command_is(tmp_path: Path) -> None:
    (tmp_path / "ls").write_text("#!/bin/sh\necho evil\n")
    (tmp_path / "ls").chmod(0o755)
    judged = judge("ls -a | head -1")
    assert judged is not None
    for state in (
        "ls() { echo evil; }; head() { echo evil; }",
        "shopt -s expand_aliases; alias ls='echo evil'",
        f"PATH={tmp_path}:$PATH",
    ):
        program = f"{state}\n{judged.hardened}"
        done = subprocess.run(["bash", "-c", program], cwd=tmp_path, capture_output=True, check=True, text=True)
        assert done.stdout == ".\n", state


def test_git_runs_nothing_that_a_repository_names(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True)

    evil = f"sh -c 'touch {tmp_path}/pwned; cat'"
    git("init", "-q")
    (tmp_path / ".gitattributes").write_text("* diff=evil filter=evil\n")
    (tmp_path / "a").write_text("1\n")
    git("add", ".")
    git("commit", "-qm", "one")
    (tmp_path / "a").write_text("2\n")
    git("commit", "-qam", "two")
    for key in (
        "diff.external", "diff.evil.command", "diff.evil.textconv", "filter.evil.clean", "filter.evil.process",
        "core.fsmonitor", "core.pager", "pager.log", "pager.show", "pager.branch", "core.sshCommand", "gpg.program",
        "core.alternateRefsCommand", "alias.log", "interactive.diffFilter", "credential.helper",
    ):  # fmt: skip
        git("config", key, f"!{evil}" if key.startswith("alias") else evil)
    git("config", "log.showSignature", "true")
    git("config", "format.pretty", "%G? %h")
    git("config", "remote.origin.url", f"ext::{evil}")
    git("config", "remote.origin.promisor", "true")
    git("config", "protocol.ext.allow", "always")
    for command in (
        "git log -p", "git log --stat", "git show HEAD", "git show HEAD:a", "git branch -vv", "git tag",
        "git remote -v", "git rev-parse HEAD", "git show 1234567890123456789012345678901234567890",
    ):  # fmt: skip
        judged = judge(command)
        assert judged is not None, command
        subprocess.run(["bash", "-c", judged.hardened], cwd=tmp_path, capture_output=True, check=False)
        assert not (tmp_path / "pwned").exists(), command
    subprocess.run(["git", "log", "-p"], cwd=tmp_path, capture_output=True, check=False)
    assert (tmp_path / "pwned").exists()  # the trap works


def test_every_rule_is_of_a_command_without_a_path_in_its_name() -> None:
    assert all("/" not in name and name.isalnum() for name in RULES)
