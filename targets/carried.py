"""Adapters of bridges: what is tested is the bridge, on a server that carries it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from gateproof.targets.adapter import (
    Adapter,
    Features,
    Interface,
    Known,
    Launch,
    Listen,
    Variants,
)

APP = "gateproof_bridge:app"
"""Where `bridges` is found beside the probe."""


def carried(
    name: str,
    distribution: str,
    bridge: str,
    interface: Interface,
    carriers: dict[str, tuple[Adapter, Callable[[Launch], list[str]]]],
    features: Callable[[Features], Features],
    homepage: str,
    known: tuple[Known, ...] = (),
) -> Adapter:
    """An adapter whose variant ``on`` names the server underneath.

    Args:
        name: as in ``server:NAME``.
        distribution: the bridge's.
        bridge: its name in `bridges`.
        interface: what the application in the bridge speaks.
        carriers: adapters of servers, the default first, with the command for each.
        features: what the bridge leaves of a server's features.
        homepage: where its maintainers take reports.
        known: deviations that are known, those of the servers underneath among them.
    """
    other: Interface = "asgi" if interface == "wsgi" else "wsgi"

    def below(variants: Variants) -> tuple[Adapter, dict[str, str]]:
        adapter = carriers[variants["on"]][0]
        return adapter, {key: values[0] for key, values in adapter.variants.items()}

    def argv(launch: Launch) -> list[str]:
        command = carriers[launch.variants["on"]][1]
        chosen = below(launch.variants)[1]
        return command(replace(launch, app=APP, interface=other, variants=chosen))

    def requires(variants: Variants) -> tuple[str, ...]:
        adapter, chosen = below(variants)
        return (adapter.distribution, *adapter.requires(chosen))

    def can(variants: Variants) -> Features:
        adapter, chosen = below(variants)
        return features(adapter.features(chosen))

    def listen(variants: Variants) -> Listen:
        adapter, chosen = below(variants)
        return adapter.listens(chosen)

    servers = [adapter for adapter, _ in carriers.values()]
    return Adapter(
        name=name,
        distribution=distribution,
        interfaces=(interface,),
        argv=argv,
        listen=listen,
        variants={"on": tuple(carriers)},
        requires=requires,
        features=can,
        env={"GATEPROOF_BRIDGE": bridge},
        stop_codes=tuple({code for server in servers for code in server.stop_codes}),
        port_told="|".join(server.port_told for server in servers if server.port_told),
        known=known,
        homepage=homepage,
        columns=tuple(((("on", server),)) for server in carriers),
    )
