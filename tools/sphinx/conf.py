# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Sphinx goes by; tools/docs.py runs it on a copy of the checkout."""

from __future__ import annotations

from pathlib import Path

import yaml
from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

_galaxy = yaml.safe_load(Path(__file__).parents[2].joinpath("galaxy.yml").read_text(encoding="utf-8"))

project = f"{_galaxy['namespace']}.{_galaxy['name']}"
release = _galaxy["version"]
copyright = "2026, the exchange_ops.outlook_anywhere authors"
extensions = ["myst_parser", "sphinx_antsibull_ext"]
include_patterns = ["*.md", "docs/**.md", "roles/**.md", "reference/*.rst"]
highlight_language = "none"
# The anchors that the forges give headings.
myst_heading_anchors = 4

html_theme = "furo"
html_title = f"{_galaxy['name']} {release}"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_use_index = False

# What antsibull-docs refers to in Ansible's own documentation.
_ANSIBLE = "https://docs.ansible.com/projects/ansible/latest"
_LABELS = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}


def _ansible_page(_app: Sphinx, _env: object, node: pending_xref, text: nodes.Element) -> nodes.reference | None:
    """A link to Ansible's documentation, whose list of labels the network alone has."""
    page = _LABELS.get(node["reftarget"])
    return page and nodes.reference("", "", text, refuri=f"{_ANSIBLE}/{page}", internal=False)


def setup(app: Sphinx) -> None:
    app.connect("missing-reference", _ansible_page)
