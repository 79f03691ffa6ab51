"""Takes a shop to its shard: topology, directory, sessions that see one shop, fences, causal reads. Knows no domain."""

from shard_router.actor import Actor
from shard_router.causality import CausalToken
from shard_router.config import Account, PoolSizes, RouterConfig, Times
from shard_router.directory import DirectoryEntry
from shard_router.durability import Durability
from shard_router.errors import (
    AmbiguousCommit,
    DirectoryUnavailable,
    ReadOnlySession,
    ReplicaLost,
    RouterError,
    ShardReadOnly,
    ShardUnavailable,
    ShopCrowded,
    ShopMoved,
    TopologyRefused,
    UnknownShop,
    WrongShop,
)
from shard_router.fanout import FanoutResult, Fleet, FleetPage
from shard_router.fence import shops_open_here
from shard_router.keyset import CursorRefused, Order
from shard_router.packets import Bound, PacketResult, Prepared, duplicate_key
from shard_router.questions import ServerHealth
from shard_router.router import Router
from shard_router.sessions import ControlSession, FleetSession, Mode, ShopOwned, ShopSession
from shard_router.tables import State, router_control_metadata, router_shard_metadata

__all__ = [
    "Account",
    "Actor",
    "AmbiguousCommit",
    "Bound",
    "CausalToken",
    "ControlSession",
    "CursorRefused",
    "DirectoryEntry",
    "DirectoryUnavailable",
    "Durability",
    "FanoutResult",
    "Fleet",
    "FleetPage",
    "FleetSession",
    "Mode",
    "Order",
    "PacketResult",
    "PoolSizes",
    "Prepared",
    "ReadOnlySession",
    "ReplicaLost",
    "Router",
    "RouterConfig",
    "RouterError",
    "ServerHealth",
    "ShardReadOnly",
    "ShardUnavailable",
    "ShopCrowded",
    "ShopMoved",
    "ShopOwned",
    "ShopSession",
    "State",
    "Times",
    "TopologyRefused",
    "UnknownShop",
    "WrongShop",
    "duplicate_key",
    "router_control_metadata",
    "router_shard_metadata",
    "shops_open_here",
]
