# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A snapshot comes back as it was written, or is refused; none takes the place of another."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.fixes.hosts_ipv4 import FILE, FOLDER
from plugins.plugin_utils.formats.registry import Key
from plugins.plugin_utils.journal import Record
from plugins.plugin_utils.snapshots import (
    FilePlace,
    FileSnapshots,
    IisPlace,
    Kept,
    Note,
    RegistryPlace,
    Shown,
    Snapshot,
    SnapshotUnusable,
    Typed,
    first_states,
    from_json,
    to_json,
)

NOON = datetime.datetime(2009, 1, 1, 12, 0, tzinfo=datetime.UTC)
PROXY = RegistryPlace(Key(r"HKLM\SOFTWARE\Microsoft\Rpc\RpcProxy"), "ValidPorts")
POLLING = RegistryPlace(Key(r"HKLM\SOFTWARE\Microsoft\Rpc\RpcProxy"), "Other value (1)")

TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
VALUES = st.one_of(
    st.tuples(st.sampled_from(["REG_SZ", "REG_EXPAND_SZ"]), TEXT),
    st.tuples(st.just("REG_DWORD"), st.integers(0, 2**32 - 1)),
    st.tuples(st.just("REG_QWORD"), st.integers(0, 2**64 - 1)),
    st.tuples(st.just("REG_MULTI_SZ"), st.lists(TEXT, max_size=4).map(tuple)),
    st.tuples(st.sampled_from(["REG_BINARY", "REG_NONE"]), st.binary(max_size=20)),
).map(lambda pair: Typed(*pair))
IIS_TEXTS = st.sampled_from(["true", "false"])
PLACES = st.one_of(
    st.tuples(st.sampled_from([PROXY, POLLING]), st.none() | VALUES, st.none() | VALUES),
    st.tuples(st.just(FilePlace(FOLDER, FILE)), st.none() | st.binary(max_size=60), st.binary(max_size=60)),
    st.tuples(
        st.sampled_from([None, "Default Web Site/Rpc"]).map(
            lambda path: IisPlace(path, "system.web/a", "useKernelMode")
        ),
        IIS_TEXTS,
        IIS_TEXTS,
    ),
)
SHOWN = st.builds(Shown, TEXT, st.none() | TEXT, st.none() | TEXT)
KEPT = st.builds(
    lambda place, fix, shown, restart, reboot, made: Kept(fix, tuple(shown), *place, tuple(restart), reboot, made),
    PLACES,
    st.sampled_from(["valid_ports", "hosts_ipv4"]),
    st.lists(SHOWN, min_size=1, max_size=2),
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
    st.lists(KEPT, max_size=4).map(tuple),
    st.lists(NOTES, max_size=3).map(tuple),
)


def snapshot(before: int | None = 15, after: int | None = 0, module: str = "valid_ports", **more: Any) -> Snapshot:
    states = [None if number is None else Typed("REG_DWORD", number) for number in (before, after)]
    kept = Kept("valid_ports", (Shown("Polling", str(before), str(after)),), PROXY, *states, **more)
    return Snapshot("cas1", module, "0.1.0", NOON, None, (kept,))


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
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(SnapshotUnusable, match=told) as error:
        files.all()
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    "place",
    [
        {"key": "HKCU\\x", "value": "v"},
        {"key": 'HKLM\\a"&calc&"', "value": "v"},
        {"key": "HKLM\\a", "value": "100%"},
        {"folder": "C:\\Windows", "file": "win.ini"},
        {"path": "a&b", "section": "s", "attribute": "a"},
        {"path": None, "section": "s t", "attribute": "a"},
    ],
)
def test_a_place_that_no_task_writes_is_refused(place: dict[str, Any]) -> None:
    content = json.loads(to_json(snapshot()))
    content["settings"][0] |= {"place": place, "before": None, "after": None}
    with pytest.raises((ValueError, KeyError, TypeError)):
        from_json(json.dumps(content), "cas1")


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
    stored = files.all()
    assert [item.snapshot.module for item in stored] == ["valid_ports"] * 3
    assert first_states(stored)["valid_ports", PROXY].before == Typed("REG_DWORD", 15)
    for item in stored:
        files.retire(item, ["valid_ports"])
    assert files.all() == []
    assert len(list((tmp_path / "cas1").glob("*.json.restored"))) == 3
    # A number is not given twice, so that the order stays.
    assert Path(files.keep(snapshot())).name.startswith("000005-")


def test_what_is_not_restored_stays_under_the_old_name(tmp_path: Path) -> None:
    files = FileSnapshots(tmp_path, "cas1")
    both = snapshot()
    other = Kept("nspi_endpoint", (Shown("x", "a", "b"),), POLLING, None, Typed("REG_SZ", "b"))
    path = Path(files.keep(Snapshot("cas1", "baseline", "0.1.0", NOON, None, (*both.kept, other))))
    files.retire(files.all()[0], ["valid_ports"])
    (left,) = files.all()
    assert (left.path, left.snapshot.kept) == (path, (other,))
    assert files.open(path.with_name(path.name + ".restored")).snapshot.kept == both.kept
    files.retire(left, ["nspi_endpoint"])
    assert files.all() == []
    kept = {item.fix for found in path.parent.glob("*.restored*") for item in files.open(found).snapshot.kept}
    assert kept == {"valid_ports", "nspi_endpoint"}


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "cas1").write_text("in the way")
    with pytest.raises(SnapshotUnusable, match="cas1"):
        FileSnapshots(tmp_path, "cas1").keep(snapshot())
