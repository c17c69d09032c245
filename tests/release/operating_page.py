# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What docs/operating.md tells its readers to write: the tests take it from there."""

from __future__ import annotations

import re

from tests.evidence import REPOSITORY


def yaml_block(beginning: str) -> str:
    """The page's one YAML block that begins so."""
    page = (REPOSITORY / "docs" / "operating.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    (found,) = (block for block in blocks if block.startswith(beginning))
    return str(found)
