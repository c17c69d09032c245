# Copyright (c) 2026, the exchange_ops.outlook_anywhere authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which places of a server each fix may change: nothing else is ever put back there."""

from __future__ import annotations

from .fixes import dsproxy_referral, hosts_ipv4, ipv6_components, kernel_mode_authentication, nspi_endpoint, valid_ports
from .fixes.iis import WINDOWS_AUTHENTICATION
from .formats.appcmd import ConfigPath
from .formats.registry import Key
from .places import FilePlace, IisPlace, Place, RegistryPlace

_REGISTRY: dict[str, tuple[tuple[Key, str], ...]] = {
    valid_ports.ValidPorts.name: (
        (valid_ports.RPC_PROXY, valid_ports.VALID_PORTS),
        (valid_ports.CONFIGURATOR, valid_ports.POLLING),
    ),
    dsproxy_referral.DsproxyReferral.name: (
        (dsproxy_referral.PARAMETERS, dsproxy_referral.REFER),
        (dsproxy_referral.PARAMETERS, dsproxy_referral.TARGET),
    ),
    nspi_endpoint.NspiEndpoint.name: ((nspi_endpoint.NTDS, nspi_endpoint.SEQUENCES),),
    ipv6_components.Ipv6Components.name: ((ipv6_components.PARAMETERS, ipv6_components.COMPONENTS),),
}
_HOSTS = FilePlace(hosts_ipv4.FOLDER, hosts_ipv4.FILE)
_KERNEL_MODE = (
    kernel_mode_authentication.KernelModeAuthentication.name,
    WINDOWS_AUTHENTICATION,
    kernel_mode_authentication.KERNEL_MODE,
)


def settings_at(fix: str, place: Place) -> frozenset[str]:
    """The settings, by the names of their findings, that a fix has at a place; raises ValueError for a foreign one."""
    if isinstance(place, RegistryPlace) and (place.key, place.name) in _REGISTRY.get(fix, ()):
        return frozenset({place.name})
    if (fix, place) == (hosts_ipv4.HostsIpv4.name, _HOSTS):
        return frozenset({hosts_ipv4.LOOPBACK, hosts_ipv4.NAMES})
    if isinstance(place, IisPlace) and (fix, place.section, place.attribute) == _KERNEL_MODE:
        path = "" if place.path is None else ConfigPath.parse(place.path).text
        return frozenset({kernel_mode_authentication.setting_of(path)})
    raise ValueError(f"{fix} changes nothing at {place}")
