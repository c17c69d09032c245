# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must agree across the repository."""

from __future__ import annotations

import yaml

from plugins.plugin_utils.baseline import FIXES
from plugins.plugin_utils.converge import Outcome, Stop, Task
from plugins.plugin_utils.fixes.plan import Failure
from plugins.plugin_utils.fixes.valid_ports import ValidPorts
from plugins.plugin_utils.registered import EXPECTED
from plugins.plugin_utils.version import VERSION
from tests.evidence import COMMAND, PAGE, REPOSITORY, page
from tools.lint import checkout


def test_the_version_is_that_of_galaxy_yml() -> None:
    assert yaml.safe_load((REPOSITORY / "galaxy.yml").read_text(encoding="utf-8"))["version"] == VERSION


def test_every_module_that_asks_a_server_is_in_the_action_group() -> None:
    """Those that run on the controller alone have none of the options that a default for the group could set."""
    runtime = yaml.safe_load((REPOSITORY / "meta" / "runtime.yml").read_text(encoding="utf-8"))
    modules = {path.stem for path in (REPOSITORY / "plugins" / "modules").glob("*.py")}
    assert set(runtime["action_groups"]["all"]) == modules - {
        "diagnosis",
        "drift_report",
        "fleet_gate",
        "preflight_report",
    }
    assert {path.stem for path in (REPOSITORY / "plugins" / "action").glob("*.py")} == modules


def test_the_differences_of_wine_are_shown() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), f"run {COMMAND}"


def test_the_lab_and_the_collection_are_two_readings() -> None:
    for folder, other in (("tests/lab", "plugins"), ("plugins", "tests")):
        for path in (REPOSITORY / folder).rglob("*.py"):
            lines = path.read_text(encoding="utf-8").splitlines()
            assert not [line for line in lines if line.startswith((f"from {other}", f"import {other}"))], path


def test_formats_and_fixes_know_nothing_of_ansible_and_of_the_server() -> None:
    utils = REPOSITORY / "plugins" / "plugin_utils"
    for folder, forbidden in (
        ("formats", ("ansible", "winrm", "from ..")),
        ("fixes", ("ansible", "winrm", "from ..windows")),
        ("reports", ("ansible", "winrm", "from ..windows", "from ..fixes")),
    ):
        for path in (utils / folder).rglob("*.py"):
            imports = [
                line
                for line in path.read_text(encoding="utf-8").splitlines()
                if line.strip().startswith(("import ", "from "))
            ]
            assert not [line for line in imports for word in forbidden if word in line], path


def test_every_source_file_says_its_licence() -> None:
    sources = [name for name in checkout() if name.endswith((".py", ".yml", ".sh", ".c", ".toml", ".cfg"))]
    assert sources
    without = [
        name
        for name in sources
        if (REPOSITORY / name).stat().st_size
        and "SPDX-License-Identifier: GPL-3.0-or-later" not in (REPOSITORY / name).read_text(encoding="utf-8")[:600]
    ]
    assert not without


def test_every_fix_documents_what_its_module_returns() -> None:
    """Documentation of results cannot be shared between modules, so it is compared."""
    stop = Stop(Failure("s", "p", "f", "e", "n"))
    outcome = Outcome(Task("x", "cas1", ()), (), changed=False, stops=(("x", stop),), snapshot="x")
    returned = set(outcome.as_result()) - {"changed", "diff", "warnings", "failed", "msg"}
    finding = set(ValidPorts.unknown("x")[0].as_dict("cas1"))
    for name in ("baseline", "restore", *(fix.name for fix in FIXES)):
        text = (REPOSITORY / "plugins" / "modules" / f"{name}.py").read_text(encoding="utf-8")
        documented = yaml.safe_load(text.partition('RETURN = r"""')[2].partition('"""')[0])
        assert set(documented) >= returned, name
        assert set(documented["findings"]["contains"]) == finding, name


def test_every_fix_stands_in_the_report_and_in_a_role() -> None:
    registered = [fix for tasks in EXPECTED.values() for fixes in tasks.values() for fix in fixes]
    assert sorted(fix.name for fix in registered) == sorted(fix.name for fix in FIXES)
