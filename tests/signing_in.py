"""How tests reach the nodes that they have started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from esmigrate_tui.elastic.connect import connect
from esmigrate_tui.model.connection import Connection, Credential, SignIn, parse_address

if TYPE_CHECKING:
    from elastic_transport import BaseAsyncNode

    from esmigrate_tui.elastic.cluster import Cluster
    from esmigrate_tui.sandbox.nodes import SandboxNode


def side_of(node: SandboxNode, user: str = "", secret: str = "") -> tuple[Connection, Credential]:
    """Where it is and who signs in: its own user, or another; nobody on a node without security."""
    endpoint, _ = parse_address(node.url)
    name = user or node.user or ""
    kind = SignIn.PASSWORD if name else SignIn.NONE
    return (
        Connection(endpoint=endpoint, sign_in=kind, user=name),
        Credential(sign_in=kind, user=name, secret=secret or node.password or ""),
    )


async def connected_to(node: SandboxNode, node_class: type[BaseAsyncNode] | None = None) -> Cluster:
    """It as the test sees it, through another class of lines where one is given; to be closed."""
    return await connect(*side_of(node), node_class=node_class)
