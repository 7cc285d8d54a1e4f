"""Which programs only look, and which work on the project's own code. Data."""

from __future__ import annotations

from hermes_fs.tools.commands.effects import names

READERS = names(
    """
    ls cat head tail wc grep egrep fgrep zgrep rg ag ack file stat du df date whoami id groups uname hostname
    uptime echo printf true false test [ basename dirname realpath readlink sort uniq cut tr nl diff cmp comm
    tree which whereis type pwd cd pushd popd dirs env printenv locale getconf nproc free lscpu lsblk lsusb
    lspci lsmod lsof ps pgrep pidof top htop vmstat iostat dmesg w who last ss netstat ifconfig jq yq xq tac rev
    fold fmt column paste join expand unexpand od xxd hexdump strings md5sum sha1sum sha224sum sha256sum
    sha384sum sha512sum b2sum cksum sum base64 base32 seq yes sleep wait jobs fg bg read shift return break
    continue exit logout : let local declare typeset readonly export unset getopts hash help man info apropos
    less more most bat zcat bzcat xzcat zless clear reset tput stty cal bc dc expr factor numfmt shuf look spell
    aspell cloc tokei scc wdiff colordiff delta fd fdfind locate tabs set shopt umask ulimit times caller
    history test-path nm objdump readelf ldd size c++filt addr2line pdftotext pdfinfo identify exiftool
    mediainfo ffprobe dot lsb_release sw_vers arch tty mesg trap otool pstree cucumber fzf gum glow mdcat eza
    exa lsd zoxide hyperfine time cowsay figlet lolcat neofetch fastfetch sestatus getent iconv xmllint tidy
    html2text w3m-dump protoc-gen-validate nvidia-smi sensors acpi journalctl zdump pr csplit-n ts
    """
)
"""Programs that only look, whatever they are told; their operands may be paths."""
NO_PATHS = names(
    "getent echo printf true false test [ : sleep seq yes expr exit return date cd pushd export declare local set read"
)
PATTERN_FIRST = names("grep egrep fgrep zgrep rg ag ack jq yq fd fdfind tr cut expr")
"""Those whose first operand is none."""

RUNNERS = names(
    """
    pytest tox nox ruff mypy pyright black isort flake8 pylint bandit coverage hatch pdm rye flit maturin
    sphinx-build mkdocs jupyter nbconvert ipython alembic django-admin gunicorn uvicorn flask celery streamlit
    cython cythonize make gmake cmake ctest ninja meson bazel buck buck2 scons autoreconf autoconf automake
    configure gcc g++ cc c++ clang clang++ clang-format clang-tidy ld ar ranlib rustc rustfmt rust-analyzer
    javac java jar kotlinc kotlin scala sbt mill gradle gradlew mvn mvnw ant lein clojure swift swiftc
    xcodebuild mix elixir iex rebar3 erl ghc cabal stack runghc ocaml dune opam zig nim nimble crystal shards
    julia Rscript R lua luajit tclsh guile racket sbcl tsc ts-node tsx eslint prettier jest vitest mocha webpack
    vite rollup esbuild parcel next nuxt astro svelte-kit nodemon turbo nx lerna ng vue playwright cypress
    stylelint biome oxlint swc babel storybook wrangler-dev typedoc rake rspec rubocop rails jekyll hugo zola
    eleventy phpunit phpstan artisan pint psalm php-cs-fixer protoc buf shellcheck shfmt hadolint yamllint
    markdownlint markdownlint-cli2 actionlint golangci-lint gofmt goimports staticcheck gopls dlv swaggo wire
    mockgen sqlc goose air pandoc pdflatex xelatex lualatex latexmk bibtex ffmpeg convert magick gs inkscape
    dart flutter pub act semgrep trivy grype syft gitleaks trufflehog commitlint husky lint-staged changeset cz
    bumpversion bump2version towncrier git-cliff just task invoke inv fab nvm fnm volta pyenv rbenv asdf mise
    sops-lint vale codespell typos lychee djlint sqlfluff dbt airflow-dags terraform-docs tflint tfsec
    checkov kubeval kubeconform k6 locust ab wrk valgrind gdb lldb strace ltrace perf pprof py-spy
    """
)
"""Programs that build, test, format or run the project's own code."""
