"""Which file a name of the preset `embedded` stands for. Looks at names only; whether it is a model is for others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hermes_fs.core.config import LocalConfig
from hermes_fs.core.errors import ProviderError
from hermes_fs.providers.embedded.catalogue import DEFAULT
from hermes_fs.providers.embedded.folders import Folders
from hermes_fs.providers.embedded.pull import Order, installed, order_of, order_of_listed, source_of
from hermes_fs.providers.embedded.sources import LocalFile
from hermes_fs.providers.embedded.task import Task, task_for


def path_of(name: str, local: LocalConfig, folders: Folders) -> Path:
    """The file of a model: `name` as `hermes model list` shows it, "" for the usual one. It need not be there. Raises
    ProviderError for what can be no name."""
    if name == DEFAULT.name or not (name or local.model):
        return folders.models / DEFAULT.file
    if not name:
        source = source_of(local.model)
        return source.path if isinstance(source, LocalFile) else folders.models / order_of(local.model).file
    if "/" in name or name.startswith("."):
        hint = "bring the file with `hermes model pull PATH_OR_URL`, or set local.model"
        raise ProviderError("not_found", f"{name!r} is no name of a model that runs here", hint)
    return folders.models / (name if name.endswith(".gguf") else f"{name}.gguf")


def order_for(local: LocalConfig) -> Order:
    """How to bring the usual model onto this machine: what the settings name, else the listed one. Where they name
    another place for the listed file, that place is asked first."""
    if not local.model:
        return order_of_listed(DEFAULT)
    own = order_of(local.model, local.sha256)
    return order_of_listed(DEFAULT, local.model) if own.file == DEFAULT.file else own


def task_of(name: str, local: LocalConfig, window: int, folders: Folders) -> Task:
    """What to serve for a name; a window of 0 is chosen by this machine's memory."""
    return replace(task_for(path_of(name, local, folders), window), threads=local.threads, idle=local.idle)


def names(folders: Folders) -> list[str]:
    """The models that are here, as they are asked for."""
    return [DEFAULT.name if path.name == DEFAULT.file else path.stem for path in installed(folders.models)]
