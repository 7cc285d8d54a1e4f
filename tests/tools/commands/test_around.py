"""What a command reads, writes or runs by way of variables, options and folders is judged like what it names."""

from __future__ import annotations

import pytest

from hermes_fs.tools.commands.policy import Situation, decide
from tests.tools.commands.test_commands import HERE, SANDBOX, ground

ASKED = """
cat $x
cat "$1"
cat < $x
cp $x .
tar czf x.tgz $x
x=/home/u/notes; cat "$x"
d=/home/u; cat "$d/notes"
false && x=a; cat $x
for f in /home/u/*; do cat "$f"; done
for d in .. ; do for f in $d/*; do cat $f; done; done
cat {/home/u/a,b}
cat $(cat list)
cat $(echo /home/u/a)
cat $(git ls-files | sed 's|^|/home/u/|')
while read f; do cat "$f"; done < list
cat list | while read f; do cat "$f"; done
echo /home/u/a | xargs cat
cat list | xargs -n1 head -3
timeout 5 cat $x
cat -n $x
grep -e p $x
find / -name id
find ~ -type f
find -L /home -name x -exec cat {} +
git diff --no-index /home/u/a b
git diff ../a b
git grep --no-index x /home/u
git -C /other log
git -C .. -C x status
git -C "$x" status
git --git-dir=/other/.git log
git -C /other commit -m x
git config --global core.pager cat
git config --global http.postbuffer 1
git config --global --unset user.signingkey
git config --system a.b c
git config -f ../x a.b c
git commit -F /home/u/notes
git worktree add ../x
git worktree add -b new ../x main
git worktree remove --force wt
git init /other
git init --template=/tmp/x
git clone https://x.example/a ../a
git archive -o ../x.tar HEAD
git bundle create ../x HEAD
git apply --unsafe-paths x.patch
docker compose up
docker compose -f x.yml -p y up -d
docker-compose run api sh
make -f /tmp/x
make -C/home/u
make --directory=../other
cmake -P /tmp/x.cmake
java -jar /tmp/x.jar
pytest /home/u/tests
perl -I/tmp x.pl
cargo run --manifest-path /home/u/Cargo.toml
pip install -r ../other/requirements.txt
gdb -ex shell
gdb -ex 'thread apply all shell id' ./a
gdb -ex 'break main if (int)system("id")' ./a
gdb -x /tmp/x ./a
gdb -p 1
lldb -o 'platform shell id'
gcc -wrapper ./x a.c
pdflatex -shell-escape x.tex
ffmpeg -i a.mp4 /home/u/a.mp3
"""

UNASKED = """
for f in *.py; do cat "$f"; done
for f in src/*.c include/*.h; do wc -l "$f" && head -3 "$f"; done
d=src; for f in $d/*.py; do grep -n TODO "$f"; done
cat $(git ls-files '*.md')
wc -l $(find . -name '*.py')
head -3 $(rg -l TODO src)
git ls-files | xargs cat
find src -name '*.py' -print0 | xargs -0 grep -n TODO
git diff --name-only | while read f; do head -1 "$f"; done
diff <(sort a) <(sort b)
cat "$PWD/a"
head -n $n README.md
grep -A $n x README.md
echo $x
cut -d "$sep" -f 1 a.csv
jq --arg v "$v" .a x.json
cat src/{a,b}.py
git -C sub status
git diff HEAD~3..HEAD -- src
git config --global user.name Ada
git config --global --get user.name
git worktree list
git init
git init sub
docker compose ps
docker compose -f x.yml logs -f api
docker compose exec api pytest
make -C sub test
make PREFIX=/usr/local
cmake -S . -B build -DCMAKE_INSTALL_PREFIX=/usr/local
gcc -I/usr/include -o build/a a.c
gdb -batch -ex run -ex 'bt full' ./a
ffmpeg -i a.mp4 a.mp3
ffmpeg -i /tmp/a.mp4 out/a.mp3
npm run build
chown $USER:$USER a
patch -p1 < fix.patch
"""


@pytest.mark.parametrize("command", ASKED.strip().splitlines())
def test_a_way_around_is_asked_about(command: str) -> None:
    assert decide(command, HERE).reasons
    assert decide(command, Situation(ground, tainted=True)).reasons


@pytest.mark.parametrize("command", UNASKED.strip().splitlines())
def test_the_everyday_form_is_not(command: str) -> None:
    assert decide(command, HERE).reasons == ()


@pytest.mark.parametrize("command", ["patch <x", "split < x", "sponge < x", "gzip < x"])
def test_what_writes_where_its_input_says_is_asked_about_after_words_of_others(command: str) -> None:
    assert decide(command, Situation(ground, tainted=True)).reasons


def test_credentials_of_the_work_directory_are_asked_about_where_they_could_go_out() -> None:
    assert not decide("cat .env", SANDBOX).reasons
    assert not decide("cat .env", Situation(ground, contained=True, network=False, tainted=True)).reasons
    for network, hosts in ((True, ()), (False, ("x.example",))):
        open_to = Situation(ground, contained=True, network=network, tainted=True, granted=frozenset(hosts))
        assert decide("cat .env", open_to).reasons
        assert decide("cat < .env", open_to).reasons
        assert not decide("cat a.txt", open_to).reasons
