# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IIS 7 and appcmd: what stands where, what counts, and the shapes of the samples."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab import Lab, load_hosts
from tests.lab.hosts import HostsFileError
from tests.lab.iis import ACCESS, ANONYMOUS, BASIC, WINDOWS
from tests.lab.samples import sample
from tests.lab.state.iis import Configuration, paths, sections
from tests.lab.state.iis.defaults import client_access
from tests.unit.lab.conftest import Server

APPCMD = r"%windir%\system32\inetsrv\appcmd.exe"
CLIENT_ACCESS: dict[str, Any] = {"exchange": {"roles": ["client_access"]}}
RPC = "Default Web Site/Rpc"
THERE = f'(if exist "{APPCMD}" (echo there))'
KERNEL_MODE = sections.SECTIONS[0]
UNLOCKED = """\
<configuration>
  <configSections>
    <sectionGroup name="system.webServer"><sectionGroup name="security"><sectionGroup name="authentication">
      <section name="windowsAuthentication" overrideModeDefault="Deny" />
    </sectionGroup></sectionGroup></sectionGroup>
  </configSections>
  <system.applicationHost><sites><site name="Mail" id="1" /></sites></system.applicationHost>
  <location path="" overrideMode="Allow">
    <system.webServer><security><authentication>
      <windowsAuthentication useKernelMode="false"><providers><add value="NTLM" /></providers></windowsAuthentication>
    </authentication></security></system.webServer>
  </location>
  <location path="Mail/Rpc">
    <system.webServer><security><authentication>
      <windowsAuthentication><providers><clear /><add value="Negotiate" /></providers></windowsAuthentication>
    </authentication></security></system.webServer>
  </location>
</configuration>
"""

NewServer = Callable[..., Server]


def appcmd(verb: str, path: str | None = None, section: str = WINDOWS, *parameters: str) -> str:
    """The command as the collection sends it."""
    where = f' "{path}"' if path else ""
    return " ".join([f"{APPCMD} {verb} config{where}", f"/section:{section}", *parameters, "<nul"])


def listed(server: Server, path: str | None = None, section: str = WINDOWS) -> ET.Element:
    """The section's element, as appcmd prints what counts at a path."""
    output = server.run(appcmd("list", path, section, "/config:*"))
    assert (output.stderr, output.exit_code) == (b"", 0)
    root = ET.fromstring(output.stdout)
    assert root.tag == section.partition("/")[0]
    element = root.find(section.partition("/")[2])
    assert element is not None
    return element


def found(server: Server, value: str, path: str | None = None) -> list[str]:
    """What a search for a value of useKernelMode prints."""
    output = server.run(appcmd("search", path, WINDOWS, f"/useKernelMode:{value}"))
    assert output.exit_code == (0 if output.stdout else 1)
    return re.findall(r'CONFIGSEARCH "(.*)"\r\n', output.stdout.decode())


@pytest.fixture
def cas(new_server: NewServer) -> Server:
    """A Client Access server as Exchange sets it up."""
    return new_server(**CLIENT_ACCESS)


# -- where it is


@pytest.mark.parametrize(
    ("host", "there"),
    [
        (CLIENT_ACCESS, True),
        ({"iis": {}}, True),
        ({"exchange": {"roles": ["mailbox"]}, "iis": {"installed": True}}, True),
        ({}, False),
        ({"exchange": {"roles": ["mailbox"]}}, False),
        ({**CLIENT_ACCESS, "iis": {"installed": False}}, False),
        ({**CLIENT_ACCESS, "windows": "2003"}, False),
        ({"iis": {}, "windows": "2003"}, False),
    ],
)
def test_appcmd_is_there_with_iis_7_alone(new_server: NewServer, host: dict[str, Any], there: bool) -> None:
    server = new_server(**host)
    assert server.state.iis.installed is there
    assert server.out(THERE) == ("there\n" if there else "")
    output = server.run(appcmd("list"))
    assert (output.exit_code, bool(output.stdout)) == ((0, True) if there else (9009, False))


@pytest.mark.parametrize(
    ("typed", "runs"),
    [
        (r"C:\WINDOWS\System32\InetSrv\AppCmd", True),
        (r'"%windir%\system32\inetsrv\appcmd.exe"', True),
        (r"cd /d %windir%\system32\inetsrv&appcmd", True),
        ("appcmd", False),
        (r"%windir%\system32\appcmd.exe", False),
    ],
)
def test_appcmd_is_not_on_the_path(cas: Server, typed: str, runs: bool) -> None:
    line = f'{typed} list config "/section:{WINDOWS}" <nul'
    assert cas.run(f"echo a&{line}").exit_code == (0 if runs else 9009)


def test_a_web_server_has_its_services(new_server: NewServer) -> None:
    assert new_server(iis={}).state.service("W3SVC").running
    assert not new_server(iis={}, services={"W3SVC": "stopped"}).state.service("W3SVC").running
    with pytest.raises(KeyError):
        new_server().state.service("W3SVC")


# -- list


def test_a_client_access_server_after_setup(cas: Server) -> None:
    iis = cas.state.iis
    assert [iis.get(path, WINDOWS, "useKernelMode") for path in ("", "Default Web Site", RPC)] == [None] * 3
    assert listed(cas).attrib == {**KERNEL_MODE.defaults, "enabled": "false"}
    assert listed(cas, RPC).attrib == {**KERNEL_MODE.defaults, "enabled": "true"}
    assert listed(cas, RPC, BASIC).get("enabled") == "true"
    assert listed(cas, RPC, ANONYMOUS).get("enabled") == "false"
    assert listed(cas, RPC, ACCESS).attrib == {"sslFlags": "Ssl, Ssl128"}
    assert listed(cas, "Default Web Site/owa", ACCESS).attrib == {"sslFlags": "None"}
    assert [child.get("value") for child in listed(cas, RPC).iter("add")] == ["Negotiate", "NTLM"]
    assert (found(cas, "true"), found(cas, "false")) == ([], [])


def test_a_section_is_laid_out_as_the_sample(cas: Server) -> None:
    assert cas.out(appcmd("list", RPC, WINDOWS, "/config:*")) == sample("appcmd-list-config")
    output = cas.run(appcmd("list", RPC, ACCESS, "/config:*"))
    assert output.stdout.startswith(b'<system.webServer>\r\n  <security>\r\n    <access sslFlags="Ssl, Ssl128" />\r\n')


def test_without_config_all_that_is_not_written_there_is_hidden(cas: Server) -> None:
    assert "useKernelMode" not in cas.out(appcmd("list", RPC))
    assert 'enabled="true"' in cas.out(appcmd("list", RPC, "windowsAuthentication", "/config"))
    assert "enabled" not in cas.out(appcmd("list", "Default Web Site/owa"))


def test_what_counts_comes_from_the_nearest_place(new_server: NewServer) -> None:
    server = new_server(
        **CLIENT_ACCESS,
        iis={"locations": {"": {"useKernelMode": False}, "Default Web Site": {"useKernelMode": True}}},
    )
    assert listed(server).get("useKernelMode") == "false"
    assert listed(server, "default web site/RPC/").get("useKernelMode") == "true"
    assert found(server, "false") == ["MACHINE/WEBROOT/APPHOST"]
    assert found(server, "TRUE") == ["MACHINE/WEBROOT/APPHOST/Default Web Site"]


def test_an_empty_location_is_the_servers_level(new_server: NewServer) -> None:
    server = new_server(iis={"config": UNLOCKED})
    assert listed(server).get("useKernelMode") == "false"
    assert found(server, "false") == ["MACHINE/WEBROOT/APPHOST"]
    assert [child.get("value") for child in listed(server, "Mail").iter("add")] == ["NTLM"]
    assert [child.get("value") for child in listed(server, "Mail/Rpc").iter("add")] == ["Negotiate"]
    assert server.run(appcmd("set", None, WINDOWS, "/useKernelMode:true")).exit_code == 0
    assert server.state.iis.document.count("useKernelMode") == 1
    assert server.state.iis.document.count('useKernelMode="true"') == 1


def test_a_comment_is_no_setting(cas: Server) -> None:
    cas.run(appcmd("set", None, WINDOWS, "/useKernelMode:true"))
    assert cas.state.iis.document.count('useKernelMode="false"') == 1
    assert found(cas, "false") == []


def test_another_site_has_the_applications(new_server: NewServer) -> None:
    server = new_server(**CLIENT_ACCESS, iis={"site": 'Mail & "more"', "use_app_pool_credentials": True})
    assert server.state.iis.effective('Mail & "more"/Rpc', ACCESS, "sslFlags") == "Ssl, Ssl128"
    assert '<site name="Mail &amp; &quot;more&quot;" id' in server.state.iis.document
    assert listed(server).get("useAppPoolCredentials") == "true"
    output = server.run(appcmd("list", RPC))
    assert output.stdout.decode().replace("\r\n", "\n") == sample("appcmd-no-site").format(site="Default Web Site")
    assert output.exit_code != 0


# -- search


def test_search_below_a_path_and_for_any_value(cas: Server) -> None:
    for path, value in (("", "true"), (RPC, "false"), ("Default Web Site/EWS", "false")):
        cas.state.iis.set(path, WINDOWS, "useKernelMode", value)
    assert sorted(found(cas, "false")) == [paths.full("Default Web Site/EWS"), paths.full(RPC)]
    assert found(cas, "false", RPC) == [paths.full(RPC)]
    assert len(cas.out(appcmd("search", None, WINDOWS, "/useKernelMode")).splitlines()) == 3


def test_a_search_prints_the_sample(cas: Server) -> None:
    cas.state.iis.set("", WINDOWS, "useKernelMode", "False")
    assert (
        cas.out(appcmd("search", None, WINDOWS, "/useKernelMode:false")) == 'CONFIGSEARCH "MACHINE/WEBROOT/APPHOST"\n'
    )


# -- set


@pytest.mark.parametrize("path", [None, RPC, "Default Web Site/owa/Bin"])
def test_set_writes_where_it_is_told(cas: Server, path: str | None) -> None:
    before = {place: cas.state.iis.effective(place, WINDOWS, "enabled") for place in ("", RPC)}
    parameters = ["/useKernelMode:False", *(["/commit:apphost"] if path else [])]
    output = cas.run(appcmd("set", path, WINDOWS, *parameters))
    assert output.stdout.decode() == (
        f'Applied configuration changes to section "{WINDOWS}" for "{paths.full(path or "")}"'
        ' at configuration commit path "MACHINE/WEBROOT/APPHOST"\r\n'
    )
    assert (output.stderr, output.exit_code) == (b"", 0)
    iis = cas.state.iis
    assert (iis.get(path or "", WINDOWS, "useKernelMode"), iis.changes) == ("false", 1)
    assert iis.effective(RPC, WINDOWS, "useKernelMode") == ("true" if path and path != RPC else "false")
    assert found(cas, "false") == [paths.full(path or "")]
    assert {place: iis.effective(place, WINDOWS, "enabled") for place in ("", RPC)} == before


def test_set_takes_several_values_or_none(cas: Server) -> None:
    both = ["/useKernelMode:false", "-enabled:perhaps", "/commit:apphost"]
    output = cas.run(appcmd("set", RPC, "windowsAuthentication", *both))
    assert output.stdout.startswith(b"ERROR ( message:")
    assert output.exit_code != 0
    assert cas.state.iis.get(RPC, WINDOWS, "useKernelMode") is None
    cas.run(appcmd("set", RPC, "windowsAuthentication", both[0], "-enabled:FALSE", both[2]))
    assert listed(cas, RPC).attrib | {"enabled": "false", "useKernelMode": "false"} == listed(cas, RPC).attrib
    assert cas.state.iis.changes == 1


def test_flags_keep_their_blank(cas: Server) -> None:
    assert cas.run(appcmd("set", RPC, ACCESS, '"/sslFlags:Ssl, SslRequireCert"', "/commit:apphost")).exit_code == 0
    assert listed(cas, RPC, ACCESS).get("sslFlags") == "Ssl, SslRequireCert"


def test_without_a_commit_path_the_lock_refuses(cas: Server) -> None:
    output = cas.run(appcmd("set", RPC, WINDOWS, "/useKernelMode:false"))
    assert output.stdout.decode().replace("\r\n", "\n") == sample("appcmd-locked")
    assert output.stderr == b""
    assert output.exit_code != 0
    assert cas.state.iis.get(RPC, WINDOWS, "useKernelMode") is None


def test_a_lock_that_refuses_everything(new_server: NewServer) -> None:
    server = new_server(**CLIENT_ACCESS, iis={"locked": True})
    for path in (None, RPC):
        output = server.run(appcmd("set", path, WINDOWS, "/useKernelMode:false", "/commit:apphost"))
        assert output.stdout.startswith(b"ERROR ( message:")
        assert output.exit_code != 0
    assert server.run(appcmd("set", RPC, BASIC, "/enabled:false", "/commit:apphost")).exit_code == 0
    assert server.state.iis.changes == 1


def test_an_unlocked_section_is_unlocked_below_its_location(new_server: NewServer) -> None:
    configuration = new_server(iis={"config": UNLOCKED}).state.iis.configuration
    assert not configuration.locked("Mail/Rpc", KERNEL_MODE)
    assert client_access().locked("Default Web Site/Rpc", KERNEL_MODE)


def test_somebody_is_faster(cas: Server) -> None:
    seen = []
    cas.state.iis.before_set(lambda iis: seen.append(iis.get("", WINDOWS, "useKernelMode")))
    cas.state.iis.before_set(lambda iis: iis.set("", WINDOWS, "useAppPoolCredentials", "true"))
    for _time in range(2):
        cas.run(appcmd("set", None, WINDOWS, "/useKernelMode:false"))
    assert seen == [None]
    assert cas.state.iis.effective(RPC, WINDOWS, "useAppPoolCredentials") == "true"
    assert cas.state.iis.changes == 2


# -- when appcmd cannot


@pytest.mark.parametrize(
    ("iis", "name", "exit_code"),
    [({"elevated": False}, "appcmd-denied", 5), ({"shared": "unreachable"}, "appcmd-share-unreachable", 53)],
)
@pytest.mark.parametrize("verb", ["list", "search", "set"])
def test_every_command_fails(new_server: NewServer, verb: str, iis: dict[str, Any], name: str, exit_code: int) -> None:
    server = new_server(**CLIENT_ACCESS, iis=iis)
    before = server.state.iis.document
    output = server.run(appcmd(verb, None, WINDOWS, "/useKernelMode:false"))
    assert output.stdout.decode().replace("\r\n", "\n") == sample(name)
    assert (output.stderr, output.exit_code) == (b"", exit_code)
    assert (server.state.iis.document, server.state.iis.changes) == (before, 0)


def test_a_shared_configuration_is_the_same_for_appcmd(new_server: NewServer) -> None:
    server = new_server(**CLIENT_ACCESS, iis={"shared": True})
    assert listed(server, RPC).get("enabled") == "true"


def test_unknown_names_are_errors(cas: Server) -> None:
    for line in (
        appcmd("list", None, "system.webServer/none"),
        appcmd("set", None, WINDOWS, "/kernel:true"),
        appcmd("search", None, WINDOWS, "/kernel:true"),
        appcmd("set", None, WINDOWS, "/useKernelMode:"),
    ):
        output = cas.run(line)
        assert output.stdout.startswith(b"ERROR ( message:")
        assert output.exit_code != 0


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "list apppool",
        "list config",
        f"list config /section:{WINDOWS} /text:useKernelMode",
        f"list config http://localhost/rpc /section:{WINDOWS}",
        f"set config /section:{WINDOWS}",
        f"set config /section:{WINDOWS} /useKernelMode:true /commit:site",
        f"clear config /section:{WINDOWS}",
        f"search config /section:{WINDOWS}",
    ],
)
def test_what_it_cannot_is_loud(cas: Server, arguments: str) -> None:
    output = cas.run(f"{APPCMD} {arguments} <nul")
    assert (output.stdout, output.exit_code) == (b"", 255)
    assert b"not modelled" in output.stderr


# -- what is in effect


def test_kernel_mode_is_in_effect_from_the_next_start_on(cas: Server) -> None:
    state = cas.state
    cas.run(appcmd("set", None, WINDOWS, "/useKernelMode:false"))
    assert state.iis.kernel_mode_in_effect(RPC) is True
    state.restart_service("W3SVC")
    assert state.iis.kernel_mode_in_effect(RPC) is False
    state.iis.set(RPC, WINDOWS, "useKernelMode", "true")
    assert state.iis.kernel_mode_in_effect(RPC) is False
    state.reboot()
    assert state.iis.kernel_mode_in_effect(RPC) is True
    assert state.iis.kernel_mode_in_effect("Default Web Site/owa") is False
    state.stop_service("W3SVC")
    assert state.iis.kernel_mode_in_effect(RPC) is None


# -- the fleet file


@pytest.mark.parametrize(
    "iis",
    [
        {"config": "<configuration>"},
        {"locations": {RPC: {"kernel": True}}},
        {"locations": {RPC: {"useKernelMode": "yes"}}},
        {"shared": "perhaps"},
        {"site": ""},
    ],
)
def test_the_fleet_file_is_checked(iis: dict[str, Any]) -> None:
    with pytest.raises(HostsFileError):
        load_hosts({"hosts": {"a": {"iis": iis}}})


def test_the_lab_hands_it_out() -> None:
    with Lab({"defaults": {"iis": {"site": "Mail"}}, "hosts": {"a": {"iis": {"locked": True}}}}) as lab:
        assert lab["a"].state.iis.locked
        assert lab["a"].state.iis.configuration.sites() == ["Mail"]


# -- properties

NAMES = st.text("abAB é&<>\"'.", min_size=1, max_size=6).filter(lambda name: name.strip() == name and name != ".")
PATHS = st.lists(NAMES, max_size=3).map("/".join)
VALUES = st.sampled_from(["true", "false"])


@given(st.lists(st.tuples(PATHS, VALUES), max_size=8), PATHS)
def test_the_nearest_written_value_counts(writes: list[tuple[str, str]], asked: str) -> None:
    configuration = client_access()
    written: dict[paths.Key, str] = {}
    for path, value in writes:
        configuration.set(path, KERNEL_MODE, "useKernelMode", value)
        written[paths.key(path)] = value
    key = paths.key(asked)
    nearest = next((written[key[:end]] for end in range(len(key), -1, -1) if key[:end] in written), "true")
    assert configuration.effective(asked, KERNEL_MODE)["useKernelMode"] == nearest
    assert configuration.get(asked, KERNEL_MODE, "useKernelMode") == written.get(key)
    for value in ("true", "false"):
        places = configuration.places(KERNEL_MODE, "useKernelMode", value)
        assert sorted(map(paths.key, places)) == sorted(key for key, text in written.items() if text == value)


@given(st.lists(st.tuples(PATHS, VALUES), max_size=5))
def test_the_document_says_it_all(writes: list[tuple[str, str]]) -> None:
    configuration = client_access()
    for path, value in writes:
        configuration.set(path, KERNEL_MODE, "useKernelMode", value)
    again = Configuration(configuration.text)
    assert again.text == configuration.text
    for path, _value in writes:
        assert again.effective(path, KERNEL_MODE) == configuration.effective(path, KERNEL_MODE)


@given(PATHS, st.sampled_from(["{}", "/{}/", "MACHINE/WEBROOT/APPHOST/{}", "machine/webroot/apphost/{}/"]))
def test_a_path_has_one_key(path: str, spelling: str) -> None:
    assert paths.key(spelling.format(path)) == paths.key(path.upper().lower())
