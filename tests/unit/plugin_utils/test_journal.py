# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's memory is whole or not used."""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.plugin_utils.journal import FileJournal, JournalUnusable, Record, write_whole

NOON = datetime.datetime(2008, 11, 5, 12, 0, 0, 500, tzinfo=datetime.timezone(datetime.timedelta(hours=1)))
RECORD = Record("nspi_endpoint", "NSPI interface protocol sequences", "ncacn_http:6004", NOON)


def test_what_is_remembered_is_read_back_by_another_task(tmp_path: Path) -> None:
    FileJournal(tmp_path, "gc1").remember([RECORD])
    assert FileJournal(tmp_path, "gc1").read() == {RECORD.name: RECORD}
    assert FileJournal(tmp_path, "gc2").read() == {}


def test_a_later_record_takes_the_place_of_the_older_and_leaves_the_others(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path, "gc1")
    other = Record("ipv6_components", "DisabledComponents", None, NOON)
    later = Record(RECORD.fix, RECORD.setting, "x", NOON + datetime.timedelta(minutes=1))
    journal.remember([RECORD, other])
    journal.remember([later])
    assert journal.read() == {later.name: later, other.name: other}


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"schema_version": 2, "host": "gc1", "pending": []}'])
def test_a_file_that_is_no_journal_is_not_used_and_not_overwritten(tmp_path: Path, content: str) -> None:
    journal = FileJournal(tmp_path, "gc1")
    path = tmp_path / "gc1" / "pending.json"
    path.parent.mkdir()
    path.write_text(content, encoding="utf-8")
    with pytest.raises(JournalUnusable, match=r"pending\.json"):
        journal.read()
    with pytest.raises(JournalUnusable):
        journal.remember([RECORD])
    assert path.read_text(encoding="utf-8") == content


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[" * 100_000])
def test_octets_that_are_no_json_are_not_used(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "gc1").mkdir()
    (tmp_path / "gc1" / "pending.json").write_bytes(content)
    with pytest.raises(JournalUnusable, match=r"pending\.json"):
        FileJournal(tmp_path, "gc1").read()


def test_the_journal_of_another_host_is_not_used(tmp_path: Path) -> None:
    FileJournal(tmp_path, "gc1").remember([RECORD])
    (tmp_path / "gc1").rename(tmp_path / "gc2")
    with pytest.raises(JournalUnusable, match="gc1"):
        FileJournal(tmp_path, "gc2").read()


def test_a_time_without_its_zone_is_not_used(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path, "gc1")
    journal.remember([RECORD])
    path = tmp_path / "gc1" / "pending.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["pending"][0]["changed_at"] = "2008-11-05T12:00:00"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(JournalUnusable, match="zone"):
        journal.read()


@given(st.text(min_size=1, max_size=20))
def test_whatever_a_host_is_called_its_file_stays_below_the_folder(host: str) -> None:
    journal = FileJournal(Path("/journal"), host)
    path = Path(journal._path).resolve()
    assert path.parent.parent == Path("/journal").resolve()


def test_the_memory_is_its_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    journal = FileJournal(tmp_path / "memory" / "snapshots", "cas1")
    before = os.umask(0o022)
    try:
        with journal.alone():
            journal.remember([])
    finally:
        os.umask(before)
    made = sorted((tmp_path / "memory").rglob("*"))
    assert {path.name for path in made} == {"snapshots", "cas1", ".lock", ".pending.lock", "pending.json"}
    assert not [path for path in (tmp_path / "memory", *made) if path.stat().st_mode & 0o077]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deep" / "file"
    write_whole(path, "old")
    assert path.stat().st_mode & 0o077 == 0

    def fail(_self: Path, _target: Path) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "gc1").write_text("a file", encoding="utf-8")
    with pytest.raises(JournalUnusable, match="gc1"):
        FileJournal(tmp_path, "gc1").remember([RECORD])


def test_what_a_writer_that_died_left_behind_is_gone_after_the_next_write(tmp_path: Path) -> None:
    (tmp_path / ".new").write_text("half of something longer", encoding="utf-8")
    write_whole(tmp_path / "file", "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text(encoding="utf-8") == "whole"
