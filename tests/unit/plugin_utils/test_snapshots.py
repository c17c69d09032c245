# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot comes back as it was written, or is refused; none takes the place of another."""

from __future__ import annotations

import datetime
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.fixes.hosts_ipv4 import FILE, FOLDER
from plugins.plugin_utils.fixes.iis import WINDOWS_AUTHENTICATION
from plugins.plugin_utils.fixes.nspi_endpoint import NTDS, SEQUENCES
from plugins.plugin_utils.fixes.valid_ports import CONFIGURATOR, POLLING, RPC_PROXY, VALID_PORTS
from plugins.plugin_utils.journal import Record
from plugins.plugin_utils.owned import settings_at
from plugins.plugin_utils.places import FilePlace, IisPlace, RegistryPlace, Typed
from plugins.plugin_utils.snapshot import Kept, Note, Shown, Snapshot, first_states
from plugins.plugin_utils.snapshot_form import from_json, to_json
from plugins.plugin_utils.snapshots import FileSnapshots, SnapshotUnusable

NOON = datetime.datetime(2009, 1, 1, 12, 0, tzinfo=datetime.UTC)
PORTS = RegistryPlace(RPC_PROXY, VALID_PORTS)
POLLS = RegistryPlace(CONFIGURATOR, POLLING)
NSPI = RegistryPlace(NTDS, SEQUENCES)

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
VALUES = st.one_of(
    st.tuples(st.sampled_from(["REG_SZ", "REG_EXPAND_SZ"]), TEXT),
    st.tuples(st.just("REG_DWORD"), st.integers(0, 2**32 - 1)),
    st.tuples(st.just("REG_QWORD"), st.integers(0, 2**64 - 1)),
    st.tuples(st.just("REG_MULTI_SZ"), st.lists(TEXT, max_size=4).map(tuple)),
    st.tuples(st.sampled_from(["REG_BINARY", "REG_NONE"]), st.binary(max_size=20)),
).map(lambda pair: Typed(*pair))
IIS_TEXTS = st.sampled_from(["true", "false"])
IIS_PLACES = [IisPlace(path, WINDOWS_AUTHENTICATION, "useKernelMode") for path in (None, "Default Web Site/Rpc")]
PLACES = st.one_of(
    st.tuples(st.just("valid_ports"), st.sampled_from([PORTS, POLLS]), st.none() | VALUES, st.none() | VALUES),
    st.tuples(
        st.just("hosts_ipv4"),
        st.just(FilePlace(FOLDER, FILE)),
        st.none() | st.binary(max_size=60),
        st.binary(max_size=60),
    ),
    st.tuples(st.just("kernel_mode_authentication"), st.sampled_from(IIS_PLACES), IIS_TEXTS, IIS_TEXTS),
)
KEPT = st.builds(
    lambda where, shown, restart, reboot, made: Kept(
        where[0],
        tuple(Shown(setting, *shown) for setting in sorted(settings_at(where[0], where[1]))),
        *where[1:],
        tuple(restart),
        reboot,
        made,
    ),
    PLACES,
    st.tuples(st.none() | TEXT, st.none() | TEXT),
    st.lists(st.sampled_from(["W3SVC", "MSExchangeSA"]), max_size=2),
    st.booleans(),
    st.booleans(),
)
NOTES = st.builds(
    lambda setting, value: Note(("hosts_ipv4", setting), value and Record("hosts_ipv4", setting, value, NOON)),
    TEXT,
    st.none() | TEXT.filter(bool),
)
SNAPSHOTS = st.builds(
    Snapshot,
    st.just("cas1"),
    st.sampled_from(["baseline", "valid_ports"]),
    st.just("0.1.0"),
    st.just(NOON),
    st.none() | st.just(NOON),
    st.lists(KEPT, min_size=1, max_size=4).map(tuple),
    st.lists(NOTES, max_size=3).map(tuple),
)


def snapshot(before: int | None = 15, after: int | None = 0, module: str = "valid_ports", **more: Any) -> Snapshot:
    states = [None if number is None else Typed("REG_DWORD", number) for number in (before, after)]
    kept = Kept("valid_ports", (Shown(POLLING, str(before), str(after)),), POLLS, *states, **more)
    return Snapshot("cas1", module, "0.1.0", NOON, None, (kept,))


def sealed(content: dict[str, Any]) -> str:
    """A file that somebody has written with a sum that fits."""
    unsealed = {name: value for name, value in content.items() if name != "sha256"}
    return json.dumps(unsealed | {"sha256": hashlib.sha256(json.dumps(unsealed, sort_keys=True).encode()).hexdigest()})


@given(SNAPSHOTS)
def test_all_of_it_comes_back(written: Snapshot) -> None:
    assert from_json(to_json(written), "cas1") == written


@given(SNAPSHOTS, st.data())
def test_what_is_not_whole_is_refused(written: Snapshot, data: st.DataObject) -> None:
    text = to_json(written)
    cut = data.draw(st.integers(0, len(text) - 3))
    with pytest.raises((ValueError, KeyError, TypeError)):
        from_json(text[:cut], "cas1")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"schema_version": 2}, "schema version is 2"),
        ({"schema_version": "1"}, "schema version"),
        ({"schema_version": 0}, "schema version"),
        ({"schema_version": True}, "schema version"),
        ({"settings": []}, "no settings"),
        ({"host": "cas2"}, "belongs to 'cas2'"),
        ({"controller_time": "2009-01-01T12:00:00"}, "without its zone"),
        ({"settings": [{"fix": 1}]}, "is not a snapshot"),
    ],
)
def test_a_snapshot_of_another_host_or_a_newer_form_is_refused_and_says_why(
    tmp_path: Path, change: dict[str, Any], told: str
) -> None:
    files = FileSnapshots(tmp_path, "cas1")
    path = Path(files.keep(snapshot()))
    path.write_text(sealed(json.loads(path.read_text()) | change))
    with pytest.raises(SnapshotUnusable, match=told) as error:
        files.all()
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        {"place": {"key": "HKCU\\x", "value": "v"}},
        {"place": {"key": 'HKLM\\a"&calc&"', "value": "v"}},
        {"place": {"key": RPC_PROXY.path, "value": "Enabled"}},
        {"place": {"folder": "C:\\Windows", "file": "win.ini"}},
        {"place": {"path": "a&b", "section": WINDOWS_AUTHENTICATION, "attribute": "useKernelMode"}},
        {"place": {"path": None, "section": "system.webServer/other", "attribute": "enabled"}},
        {"fix": "nspi_endpoint"},
        {"shown": []},
        {"shown": [{"setting": "Enabled", "before": "1", "after": "0"}]},
        {"before": {"type": "REG_DWORD", "data": -1}},
        {"before": {"type": "REG_DWORD", "data": 2**32}},
        {"before": {"type": "REG_DWORD", "data": True}},
        {"before": {"type": "REG_LINK", "hex": "00"}},
    ],
)
def test_what_no_task_writes_is_refused_whoever_sealed_it(change: dict[str, Any], tmp_path: Path) -> None:
    files = FileSnapshots(tmp_path, "cas1")
    path = Path(files.keep(snapshot()))
    content = json.loads(path.read_text())
    content["settings"][0] |= change
    path.write_text(sealed(content))
    with pytest.raises(SnapshotUnusable, match="is not a snapshot of cas1"):
        files.all()


def test_a_changed_digit_is_noticed(tmp_path: Path) -> None:
    files = FileSnapshots(tmp_path, "cas1")
    path = Path(files.keep(snapshot()))
    path.write_text(path.read_text().replace('"data": 15', '"data": 16'))
    with pytest.raises(SnapshotUnusable, match="not as it was written"):
        files.all()


def test_each_task_has_a_file_of_its_own_that_only_its_owner_reads(tmp_path: Path) -> None:
    files = FileSnapshots(tmp_path, "cas1")
    paths = [Path(files.keep(snapshot(number))) for number in range(12)]
    assert len(set(paths)) == 12
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    assert [item.snapshot.kept[0].before for item in files.all()] == [Typed("REG_DWORD", n) for n in range(12)]


def test_the_first_state_of_a_place_stays_the_first_until_it_is_restored(tmp_path: Path) -> None:
    files = FileSnapshots(tmp_path, "cas1")
    for before, after in ((15, 0), (0, 30), (30, 0)):
        files.keep(snapshot(before, after))
    files.keep(snapshot(0, 15, "restore"))
    current = [item for item in files.all() if item.is_current]
    assert [item.snapshot.module for item in current] == ["valid_ports"] * 3
    first = first_states([item.snapshot for item in current])
    assert first["valid_ports", POLLS].before == Typed("REG_DWORD", 15)
    for item in current:
        files.retire(item, lambda _kept: True)
    assert not [item for item in files.all() if item.is_current]
    assert len(list((tmp_path / "cas1").glob("*.json.restored"))) == 3
    # A number is not given twice, so that the order stays.
    assert Path(files.keep(snapshot())).name.startswith("000005-")


def both() -> Snapshot:
    """A task that changed two fixes."""
    one = snapshot()
    other = Kept("nspi_endpoint", (Shown(SEQUENCES, "a", "b"),), NSPI, None, Typed("REG_MULTI_SZ", ("b",)))
    return Snapshot("cas1", "baseline", "0.1.0", NOON, None, (*one.kept, other))


def test_what_is_not_restored_stays_under_the_old_name_and_all_of_it_can_come_back(tmp_path: Path) -> None:
    files = FileSnapshots(tmp_path, "cas1")
    path = Path(files.keep(both()))
    files.retire(files.all()[0], lambda kept: kept.fix == "valid_ports")
    (left,) = (item for item in files.all() if item.is_current)
    assert (left.path, [kept.fix for kept in left.snapshot.kept]) == (path, ["nspi_endpoint"])
    files.retire(left, lambda kept: kept.fix == "nspi_endpoint")
    assert not path.exists()
    kept = {item.fix for found in path.parent.glob("*.restored*") for item in files.open(found).snapshot.kept}
    assert kept == {"valid_ports", "nspi_endpoint"}
    files.revive(path.name)
    assert {kept.spot for kept in files.open(path).snapshot.kept} == {kept.spot for kept in both().kept}


@pytest.mark.parametrize(
    ("made", "left"),
    [([], None), ([("valid_ports", POLLS)], ["valid_ports"]), ([("nspi_endpoint", NSPI)], ["nspi_endpoint"])],
)
def test_what_was_not_made_is_no_original(tmp_path: Path, made: list[Any], left: list[str] | None) -> None:
    files = FileSnapshots(tmp_path, "cas1")
    where = files.keep(both())
    assert files.settle(where, both(), made) == (where if left else None)
    assert [kept.fix for item in files.all() for kept in item.snapshot.kept] == (left or [])


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "cas1").write_text("in the way")
    with pytest.raises(SnapshotUnusable, match="cas1"):
        FileSnapshots(tmp_path, "cas1").keep(snapshot())
