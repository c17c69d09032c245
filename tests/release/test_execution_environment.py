# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The definition in docs/operating.md makes a build context, and the collection says what its image needs.

No image is built: that takes a container engine and a registry.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from tests.release.conftest import Built
from tests.release.controller import Controller
from tests.release.operating_page import yaml_block

DEFINITION = yaml_block("# execution-environment.yml")
WANTED = yaml.safe_load(DEFINITION)


@pytest.fixture
def context(built: Built, controller: Controller) -> Path:
    """What ansible-builder makes of the page's definition, beside the tarball that it names."""
    assert set(re.findall(r"[\w.-]+\.tar\.gz", DEFINITION)) == {built.tarball.name}
    (controller.folder / "execution-environment.yml").write_text(DEFINITION, encoding="utf-8")
    shutil.copy(built.tarball, controller.folder)
    controller.must("ansible-builder", "create", "--context", "context", "--output-filename", "Containerfile")
    return controller.folder / "context"


def lines_of(path: Path) -> set[str]:
    """The lines that say something, without the remark that names their collection."""
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return {line for line in lines if line}


def test_the_context_holds_what_its_containerfile_uses(built: Built, context: Path) -> None:
    dependencies = WANTED["dependencies"]
    python = dependencies["python_interpreter"]
    engines = [dependencies[name]["package_pip"] for name in ("ansible_core", "ansible_runner")]
    containerfile = (context / "Containerfile").read_text(encoding="utf-8")
    assert {
        f'ARG EE_BASE_IMAGE="{WANTED["images"]["base_image"]["name"]}"',
        f'ARG PYCMD="{python["python_path"]}"',
        f'ARG PYPKG="{python["package_system"]}"',
        f'ARG ANSIBLE_INSTALL_REFS="{" ".join(engines)}"',
        'ARG PKGMGR="/usr/bin/dnf"',
        "RUN $PKGMGR install $PYPKG -y ; if [ -z $PKGMGR_PRESERVE_CACHE ]; then $PKGMGR clean all; fi",
        "COPY _build /build",
        "COPY _build/bindep.txt bindep.txt",
        "RUN /output/scripts/assemble",
    } <= set(containerfile.splitlines())
    scripts = set(re.findall(r"/output/scripts/([\w.-]+)", containerfile))
    assert {"assemble", "install-from-bindep", "introspect.py"} <= scripts
    assert scripts <= {path.name for path in (context / "_build" / "scripts").iterdir()}
    galaxy = yaml.safe_load((context / "_build" / "requirements.yml").read_text(encoding="utf-8"))
    assert galaxy == dependencies["galaxy"]
    (collection,) = galaxy["collections"]
    assert (context / "_build" / collection["name"]).read_bytes() == built.tarball.read_bytes()


def test_the_image_gets_what_the_installed_collection_asks_for(
    built: Built, controller: Controller, context: Path
) -> None:
    meta = controller.install(built.tarball) / "meta"
    # As the Containerfile does inside the image.
    more = ("--user-bindep", context / "_build" / "bindep.txt")
    written = ("--write-bindep", "bindep.txt", "--write-pip", "pip.txt")
    controller.must("ansible-builder", "introspect", *more, *written, controller.collections)
    assert lines_of(controller.folder / "pip.txt") == {"pywinrm[kerberos,credssp]>=0.5"}
    asked = lines_of(meta / "ee-bindep.txt") | set(WANTED["dependencies"]["system"])
    assert lines_of(controller.folder / "bindep.txt") == asked
    # bindep knows the platform that it runs on alone: Debian's packages here.
    packages = controller.must("bindep", "--list_all", "newline", "--file", "bindep.txt", "compile")
    assert set(packages.split()) == {"gcc", "krb5-user", "libkrb5-dev", "python3-dev"}
