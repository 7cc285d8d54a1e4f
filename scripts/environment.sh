# Makes and refreshes the environment in .venv; sourced by scripts/hermes and scripts/test, does nothing by itself.
# POSIX sh. The caller sets `root` (the checkout) and `progress` (a command that prints one line about what goes on).
#
# It is fresh when its stamp (.venv/stamp-run, .venv/stamp-test) equals pyproject.toml and .venv/place still leads to
# the checkout: an environment holds absolute paths and does not survive a move.

venv="$root/.venv"
log="$root/.cache/environment.log"

fail() { # fail MESSAGE HINT: one line, like the tool's own errors
    printf 'error: %s (%s)\n' "$1" "$2" >&2
    exit 1
}

is_fresh() { # is_fresh run|test
    [ -x "$venv/bin/hermes" ] && [ "$venv/place" -ef "$root" ] && cmp -s "$root/pyproject.toml" "$venv/stamp-$1"
}

find_python() { # sets `python` to an interpreter of at least 3.11; an empty string when there is none
    # Names are not believed: a version manager's shim may stand for a version that is not installed.
    for python in "${HERMES_PYTHON:-python3}" python3.13 python3.12 python3.11 python3.14 python3; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            return 0
        fi
    done
    python=""
}

make_environment() { # make_environment run|test: "test" adds the development tools
    mkdir -p "$root/.cache"
    lock="$root/.cache/environment.lock"
    exec 9>"$lock"
    if command -v flock >/dev/null 2>&1; then
        flock 9
        is_fresh "$1" && return 0
    fi
    [ "$venv/place" -ef "$root" ] || rm -rf "$venv"
    if command -v uv >/dev/null 2>&1; then
        make_with_uv "$1"
    else
        make_with_pip "$1"
    fi
    ln -sfn "$root" "$venv/place"
    [ "$1" = test ] && cp "$root/pyproject.toml" "$venv/stamp-test"
    cp "$root/pyproject.toml" "$venv/stamp-run"
    exec 9>&-
}

make_with_uv() {
    $progress "making an environment with uv in .venv (once; about half a minute)"
    if [ ! -x "$venv/bin/python" ]; then
        uv venv --quiet --clear --python '>=3.11' "$venv" || fail "uv could not make an environment" "install Python 3.11 or newer"
    fi
    set -- $(selection "$1")
    (cd "$root" && UV_COMPILE_BYTECODE=1 VIRTUAL_ENV="$venv" uv pip install "$@") >"$log" 2>&1 || fail_with_log
}

make_with_pip() {
    find_python
    [ -n "$python" ] || fail "Python 3.11 or newer was not found" "install it, or name it: HERMES_PYTHON=/path/to/python3"
    $progress "making an environment in .venv (once; about a minute)"
    if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        "$python" -m venv --clear "$venv" >/dev/null 2>&1 ||
            fail "$python cannot make an environment" "install its venv module, for example: apt-get install python3-venv"
    fi
    set -- $(selection "$1")
    # Dependency groups need pip 25.1; the one that comes with Python may be years older.
    (cd "$root" && "$venv/bin/python" -m pip install --disable-pip-version-check --upgrade 'pip>=25.1' &&
        "$venv/bin/python" -m pip install --disable-pip-version-check "$@") >"$log" 2>&1 || fail_with_log
}

fail_with_log() {
    tail -n 12 "$log" >&2
    fail "the packages could not be installed; the whole story is in $log" "check the connection and run this again"
}

selection() { # the arguments for pip or uv
    if [ "$1" = test ]; then
        printf '%s' "--editable .[all,semantic,honcho] --group dev"
    else
        printf '%s' "--editable .[all]"
    fi
}
