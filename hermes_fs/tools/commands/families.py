"""Programs that are judged by their subcommand: which only look, which act on the project, which need a person. Data.

What is in no table is not known. Sources: the manuals of the programs named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hermes_fs.tools.commands.effects import Effect


def _set(text: str) -> frozenset[str]:
    """Words, two of a subcommand joined by an underscore."""
    return frozenset(word.replace("_", " ") for word in text.split())


@dataclass(frozen=True, slots=True)
class Family:
    """Subcommands by what they can do; a name of two words beats one of one. `otherwise` is for those that stand in
    none, `alone` for the program without any. `skips` are options with a value that may stand before the subcommand."""

    looks: frozenset[str] = frozenset()
    fetches: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    deletes: frozenset[str] = frozenset()
    sends: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    otherwise: Effect = "unknown"
    alone: Effect = "read"
    skips: frozenset[str] = frozenset()

    def effect(self, words: tuple[str, ...]) -> Effect:
        """Of the subcommand that these words, without options, begin with."""
        if not words:
            return self.alone
        for name in (" ".join(words[:2]), words[0]):
            for effect, names in self._tables():
                if name in names:
                    return effect
        return self.otherwise

    def _tables(self) -> tuple[tuple[Effect, frozenset[str]], ...]:
        return (
            ("credentials", self.secrets),
            ("delete", self.deletes),
            ("send", self.sends),
            ("read", self.looks),
            ("fetch", self.fetches),
            ("run", self.runs),
            ("write", self.writes),
        )


_LOOKS = _set("list ls show status version help info search view describe get inspect logs log history whoami")

FAMILIES: Mapping[str, Family] = {
    "npm": Family(
        looks=_set(
            "ls list ll view info show outdated audit version help search explain fund root bin prefix ping doctor why"
            " query diff repo bugs docs whoami config_list config_get pkg_get"
        ),
        fetches=_set("install i ci add update up upgrade dedupe ddp rebuild init create exec x audit_fix"),
        runs=_set("run run-script test t start stop restart build pack link prune shrinkwrap set-script pkg version"),
        writes=_set("uninstall remove rm r un unlink cache"),
        sends=_set("publish login logout adduser deprecate dist-tag access owner token unpublish"),
        secrets=_set("token_list"),
    ),
    "cargo": Family(
        looks=_set("tree metadata search version help locate-project pkgid verify-project"),
        fetches=_set("fetch update add install vendor generate-lockfile"),
        runs=_set(
            "build b check c test t run r bench clippy fmt doc d fix clean miri nextest expand audit watch llvm-cov"
        ),
        writes=_set("new init remove rm uninstall"),
        sends=_set("publish login logout owner yank"),
    ),
    "go": Family(
        looks=_set("version env list doc help vet"),
        fetches=_set("get install mod work"),
        runs=_set("build run test generate fmt fix clean tool"),
        otherwise="run",
    ),
    "pip": Family(
        looks=_set("list show freeze check search help debug inspect index config_list config_get cache_list"),
        fetches=_set("install download wheel"),
        writes=_set("uninstall cache"),
    ),
    "uv": Family(
        looks=_set("version tree help python_list pip_list pip_show pip_freeze pip_check tool_list cache_dir"),
        fetches=_set("sync lock add pip_install pip_sync pip_compile python_install tool_install tool_run self"),
        runs=_set("run build venv init export format"),
        writes=_set("remove pip_uninstall cache tool_uninstall"),
        sends=_set("publish auth"),
    ),
    "poetry": Family(
        looks=_set("show check version about search env config debug"),
        fetches=_set("install add update lock self sync"),
        runs=_set("run build shell new init export"),
        writes=_set("remove cache"),
        sends=_set("publish"),
    ),
    "bundle": Family(
        looks=_set("list show info outdated check config doctor env version"),
        fetches=_set("install update add lock"),
        runs=_set("exec console init binstubs clean"),
        otherwise="run",
    ),
    "gem": Family(
        looks=_set("list search info which environment outdated query specification help"),
        fetches=_set("install update fetch"),
        runs=_set("build"),
        writes=_set("uninstall cleanup"),
        sends=_set("push yank signin owner"),
    ),
    "composer": Family(
        looks=_set("show info outdated licenses depends validate diagnose about search status audit why"),
        fetches=_set("install update require create-project global self-update"),
        runs=_set("run-script run dump-autoload test exec init"),
        writes=_set("remove"),
        otherwise="run",
    ),
    "dotnet": Family(
        looks=_set("list help workload_list tool_list sdk nuget_list"),
        fetches=_set("restore add tool"),
        runs=_set("build run test publish watch format clean pack new sln msbuild vstest ef"),
        writes=_set("remove"),
        sends=_set("nuget_push"),
    ),
    "conda": Family(
        looks=_set("list info search config env_list"),
        fetches=_set("install update create env_create env_update"),
        runs=_set("run activate deactivate init"),
        writes=_set("remove uninstall clean env_remove"),
    ),
    "docker": Family(
        looks=_set(
            "ps images logs inspect version info top stats port diff history events search ls container_ls"
            " container_logs container_inspect image_ls image_inspect image_history volume_ls volume_inspect"
            " network_ls network_inspect compose_ps compose_logs compose_config compose_images compose_top"
            " compose_ls compose_version compose_port system_df system_info buildx_ls context_ls"
            " context_show"
        ),
        fetches=_set("pull build buildx_build image_pull image_build compose_build compose_pull"),
        runs=_set(
            "run exec container_run"
            " start stop restart create wait attach rename pause unpause tag compose_up compose_start compose_stop"
            " compose_restart compose_run compose_exec compose_create compose_down compose_watch"
        ),
        deletes=_set(
            "rm rmi kill system_prune volume_rm volume_prune image_rm image_prune container_rm"
            " container_prune network_rm network_prune builder_prune compose_rm compose_kill"
        ),
        sends=_set("push login logout image_push compose_push"),
        skips=_set("-f --file -p --project-name --profile --env-file --project-directory"),
    ),
    "kubectl": Family(
        looks=_set(
            "get describe logs top explain version cluster-info api-resources api-versions diff events wait options"
            " config_view config_get-contexts config_current-context config_get-clusters rollout_status"
            " rollout_history auth_can-i auth_whoami kustomize plugin_list"
        ),
        otherwise="system",
        skips=_set("-n --namespace --context --kubeconfig -l --selector --cluster --user"),
    ),
    "helm": Family(
        looks=_set(
            "list ls status get history template lint show search version env verify dependency_list repo_list"
            " plugin_list diff"
        ),
        fetches=_set("pull fetch dependency repo_update repo_add"),
        runs=_set("create package"),
        otherwise="system",
        skips=_set("-n --namespace --kube-context"),
    ),
    "terraform": Family(
        looks=_set(
            "plan validate fmt show output version providers graph state_list state_show workspace_list"
            " workspace_show test console"
        ),
        fetches=_set("init get"),
        otherwise="system",
    ),
    "gh": Family(
        looks=_set(
            "status browse pr_list pr_view pr_status pr_diff pr_checks issue_list issue_view issue_status"
            " run_list run_view run_watch repo_view repo_list release_list release_view workflow_list"
            " workflow_view search_code search_issues search_prs search_repos search_commits gist_list"
            " gist_view auth_status label_list cache_list secret_list variable_list ruleset_list config_list"
            " config_get alias_list extension_list"
        ),
        fetches=_set("repo_clone pr_checkout run_download release_download repo_sync"),
        secrets=_set("auth_token"),
        otherwise="send",
    ),
    "systemctl": Family(
        looks=_set(
            "status list-units list-unit-files list-timers list-sockets list-dependencies list-jobs list-machines show"
            " cat is-active is-enabled is-failed is-system-running show-environment get-default help"
        ),
        otherwise="system",
    ),
    "brew": Family(
        looks=_set("list ls info search outdated deps uses config doctor leaves home desc log cat --prefix --version"),
        fetches=_set("install update upgrade fetch tap bundle reinstall"),
        otherwise="system",
    ),
    "apt": Family(looks=_set("list show search policy depends rdepends changelog"), otherwise="system"),
    "dpkg": Family(looks=_set("list"), otherwise="system"),
    "snap": Family(looks=_set("list info find version connections changes"), otherwise="system"),
    "rustup": Family(
        looks=_set("show which doc help toolchain_list target_list component_list"),
        fetches=_set("update install toolchain target component default override check self_update"),
        runs=_set("run"),
    ),
    "tmux": Family(looks=_set("ls list-sessions list-windows list-panes info show capture-pane"), otherwise="unknown"),
    "ip": Family(looks=_set("a addr address link route r neigh rule -br"), otherwise="system"),
    "flyctl": Family(looks=_LOOKS | _set("apps_list machines_list"), otherwise="send"),
    "vercel": Family(looks=_LOOKS, runs=_set("dev build"), otherwise="send", alone="send"),
    "netlify": Family(looks=_LOOKS, runs=_set("dev build"), otherwise="send"),
    "heroku": Family(looks=_LOOKS | _set("apps ps config releases addons domains"), otherwise="send"),
    "pre-commit": Family(runs=_set("run install autoupdate clean gc validate-config migrate-config"), otherwise="run"),
    "ollama": Family(
        looks=_LOOKS | _set("ps"), fetches=_set("pull"), runs=_set("run serve create stop"), deletes=_set("rm")
    ),
    "minikube": Family(
        looks=_LOOKS | _set("profile ip addons_list"), runs=_set("start stop kubectl"), otherwise="system"
    ),
    "ansible-playbook": Family(otherwise="system", alone="read"),
    "loginctl": Family(looks=_LOOKS | _set("list-sessions list-users"), otherwise="system"),
    "hostnamectl": Family(looks=_set("status hostname"), otherwise="system"),
    "timedatectl": Family(looks=_set("status show list-timezones"), otherwise="system"),
    "nmcli": Family(looks=_LOOKS | _set("device general"), otherwise="system"),
    "launchctl": Family(looks=_set("list print"), otherwise="persist"),
    "defaults": Family(looks=_set("read find domains"), otherwise="persist"),
    "sw_vers": Family(otherwise="read"),
    "nix": Family(
        looks=_set("search show-config eval why-depends path-info"), fetches=_set("build develop shell run flake")
    ),
}

ALIASES: Mapping[str, str] = {
    "pnpm": "npm",
    "yarn": "npm",
    "bun": "npm",
    "pip3": "pip",
    "pipx": "pip",
    "mamba": "conda",
    "micromamba": "conda",
    "podman": "docker",
    "nerdctl": "docker",
    "tofu": "terraform",
    "terragrunt": "terraform",
    "apt-get": "apt",
    "aptitude": "apt",
    "apt-cache": "apt",
    "dnf": "apt",
    "yum": "apt",
    "zypper": "apt",
    "apk": "apt",
    "port": "brew",
    "k": "kubectl",
    "oc": "kubectl",
    "fly": "flyctl",
}

VERBS_THAT_LOOK = _set("ls list describe get show info version help status lookup head view search filter validate")
CLOUDS: Mapping[str, frozenset[str]] = {
    "aws": _set("get-secret-value get-parameter get-parameters get-session-token get-login-password export-credentials"
                " get-federation-token decrypt get-credentials assume-role"),
    "gcloud": _set("print-access-token print-identity-token access activate-service-account keys"),
    "az": _set("get-access-token secret keys list-keys show-connection-string get-credentials"),
    "doctl": _set("token"),
    "linode-cli": frozenset(),
    "ibmcloud": _set("oauth-tokens"),
    "hcloud": frozenset(),
    "oci": frozenset(),
}  # fmt: skip
"""Command lines of clouds → words that print secrets. They are judged by their verb, wherever it stands."""
