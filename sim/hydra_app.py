"""The command as a Hydra application, for ``--multirun`` and Hydra's launchers (Slurm, ...).

``python -m sim.hydra_app --multirun scenario=a,b experiment=contact_quota`` runs one study per job:
a sweep where an experiment is chosen, else a run. The runs of a study are spread inside its job,
since a job costs many times what a run does.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra._internal.utils import get_args_parser
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from sim.compose import (
    checked_folder,
    choices,
    folder,
    load_settings,
    parse_sweep,
    scenario_tree,
    search_path,
)
from sim.config import Config
from sim.errors import InputError
from sim.experiments.design import lay_out
from sim.experiments.run import run
from sim.experiments.sweep import run_design

_FIRST = "_study"
# What Hydra begins with; no file of a user's own has this name by chance.


def _register(config_dir: Path | None) -> None:
    """Tell Hydra what is no file of its groups: scenarios, measures alone, and open keys."""
    store = ConfigStore.instance()
    for name in choices("scenario", config_dir):
        tree = scenario_tree(name, config_dir)
        store.store(group="scenario", name=name, node=tree, package="_global_")
    files = {path.stem for path in (folder("configs") / "policy").glob("*.yaml")}
    for name in set(choices("policy", config_dir)) - files:
        store.store(group="policy", name=name, node={"name": name, "measures": {name: {}}})
    # Open to any key, so that settings need no "+": the schema checks them when the job starts.
    open_keys: dict[str, Any] = {
        group: OmegaConf.create({}, flags={"struct": False})
        for group, field in Config.model_fields.items()
        if field.default_factory is not None
    }
    open_keys["measure"] = OmegaConf.create({}, flags={"struct": False})
    open_keys["defaults"] = ["config", "_self_"]
    store.store(name=_FIRST, node=open_keys)


def main(_shown: DictConfig) -> None:
    """Live the study of one job; results go below ``results`` in the folder of the start."""
    job = HydraConfig.get()
    config_dir = next(
        (Path(source.path) for source in job.runtime.config_sources
         if source.provider == "command-line" and source.schema == "file"),
        None,
    )  # fmt: skip
    # Hydra lets every library talk at this level; mesa tells of each month.
    logging.getLogger("MESA").setLevel(logging.WARNING)
    try:
        print(_live(list(job.overrides.task), config_dir, Path(job.runtime.cwd) / "results"))
    except InputError as error:
        _refuse(error)
    except RuntimeError as error:
        sys.exit(f"error: {error}")


def _live(words: list[str], config_dir: Path | None, out: Path) -> Path | None:
    given = [parse_sweep(word, config_dir) for word in words]
    if any(key == "experiment" for key, _ in given):
        return run_design(lay_out(given, config_dir), out, progress=True).folder
    return run(load_settings(given, config_dir, look=True)[0], out, progress=True).folder


def _refuse(error: InputError) -> NoReturn:
    print(f"error: {error}", file=sys.stderr)
    sys.exit(2)


def _config_dir(words: list[str]) -> Path | None:
    """The user's folder, checked before Hydra reads any of it: callbacks run as soon as it has.

    Raises:
        InputError: Something in the folder is not let in, or Hydra is told to read elsewhere.
    """
    asked, rest = get_args_parser().parse_known_args(words)
    elsewhere = {"--config-path": asked.config_path, "--config-name": asked.config_name,
                 "--experimental-rerun": asked.experimental_rerun}  # fmt: skip
    for option, value in elsewhere.items():
        if value is not None:
            raise InputError(option, f"{value!r} is read unchecked", "--config-dir DIR")
    for word in [*asked.overrides, *rest]:
        if word.lstrip("+~").startswith("hydra.searchpath"):
            raise InputError("hydra.searchpath", "is read unchecked", "--config-dir DIR")
    return None if asked.config_dir is None else checked_folder(Path(asked.config_dir))


def _add_words(further: list[str]) -> None:
    """Put words beside those of the command line: argparse takes them in one place only."""
    given = get_args_parser().parse_known_args(sys.argv[1:])[0].overrides
    place = sys.argv.index(given[0], 1) if given else len(sys.argv)
    sys.argv[place:place] = further


if __name__ == "__main__":
    try:
        own = _config_dir(sys.argv[1:])
        _register(own)
        first, further = search_path(own)
        _add_words(further)
        hydra.main(version_base="1.3", config_path=first, config_name=_FIRST)(main)()
    except InputError as error:
        _refuse(error)
