# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the tarball."""

from __future__ import annotations

import re
import subprocess
import tarfile
from pathlib import Path, PurePosixPath

from tests.markdown import leads_nowhere, links_of
from tests.release.conftest import LEFT_BEHIND, WRITTEN_BY_A_RELEASE, Built

SHIPPED = {"CONTRIBUTING.md", "LICENSE", "README.md", "SECURITY.md", "docs", "meta", "playbooks", "plugins", "roles"}
# Written by ansible-galaxy, from galaxy.yml and what it has packed.
WRITTEN = {"FILES.json", "MANIFEST.json"}


def test_the_tarball_holds_all_that_a_user_needs_and_nothing_that_work_left_behind(built: Built) -> None:
    names = {path.relative_to(built.checkout).as_posix() for path in built.checkout.rglob("*") if path.is_file()}
    shipped = {name for name in names - set(LEFT_BEHIND) if PurePosixPath(name).parts[0] in SHIPPED}
    assert {PurePosixPath(name).parts[0] for name in shipped} == SHIPPED
    shipped |= set(WRITTEN_BY_A_RELEASE)
    with tarfile.open(built.tarball) as content:
        members = content.getmembers()
    assert {member.name for member in members if member.isfile()} == shipped | WRITTEN
    folders = {parent.as_posix() for name in shipped for parent in PurePosixPath(name).parents} - {"."}
    assert {member.name for member in members if member.isdir()} == folders
    assert all(member.isfile() or member.isdir() for member in members)


def test_every_link_of_a_page_in_the_tarball_leads_to_a_file_in_it(built: Built, tmp_path: Path) -> None:
    subprocess.run(["tar", "-xf", built.tarball, "-C", tmp_path], check=True)
    links = {page: links_of(page) for page in tmp_path.rglob("*.md")}
    assert sum(map(len, links.values())) > 100
    assert not [(page.name, link) for page in links for link in links[page] if leads_nowhere(link, page)]


def test_the_readme_installs_the_tarball_that_it_builds(built: Built) -> None:
    readme = (built.checkout / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"[\w.-]+\.tar\.gz", readme)) == {built.tarball.name}
