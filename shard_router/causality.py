"""Owns read-your-writes: tokens of what a shop has committed, where they are kept, and which are believed."""

from __future__ import annotations

import hmac
import logging
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from shard_router.marks import Marks, as_text, from_text, last_marks, merged
from shard_router.redis_line import RedisDown, RedisLine

log = logging.getLogger(__name__)
REMEMBERED = 20_000  # parsed tokens of a process
KEPT = 24 * 3600  # seconds; a shop that wrote nothing for so long is looked up on its primary once


@dataclass(frozen=True, slots=True)
class CausalToken:
    """Everything that a shop had committed on `shard`, under `epoch`, up to a moment. A server that has it all
    executed shows the shop at least as it was then. Epoch 0 fits no shop: whoever brings it is read on the primary."""

    shard: str
    epoch: int
    gtid: str  # uuid:1-n, or several of them after a failover
    marks: Marks = field(compare=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        if not self.marks and self.gtid:
            object.__setattr__(self, "marks", from_text(self.gtid))

    @classmethod
    def of_commit(cls, shard: str, epoch: int, gtid: str) -> CausalToken:
        """From the one GTID of an OK packet: a server commits its own in order, so n means 1 to n."""
        return cls.of_marks(shard, epoch, last_marks(gtid))

    @classmethod
    def of_marks(cls, shard: str, epoch: int, marks: Marks) -> CausalToken:
        return cls(shard, epoch, as_text(marks), marks)

    def __str__(self) -> str:
        return f"{self.shard} {self.epoch} {self.gtid}"

    @classmethod
    def parse(cls, text: str) -> CausalToken:
        """The reverse of str(); ValueError for anything else."""
        shard, epoch, gtid = text.split(" ")
        return cls(shard, int(epoch), gtid)


class Signer:
    """Tokens that leave the house. The first key signs, all of them verify, so that keys can be changed."""

    def __init__(self, keys: tuple[bytes, ...]) -> None:
        self._keys = keys

    def sign(self, token: CausalToken) -> str:
        if not self._keys:
            raise ValueError("RouterConfig.token_keys is empty")
        text = str(token)
        return f"{text.replace(' ', '~')}~{self._mac(self._keys[0], text)}"

    def verify(self, text: str | None) -> CausalToken | None:
        """None for anything that we did not sign."""
        if not text or len(text) > 4000 or not text.isascii():
            return None
        body, _, mac = text.rpartition("~")
        body = body.replace("~", " ")
        if not any(hmac.compare_digest(mac, self._mac(key, body)) for key in self._keys):
            return None
        try:
            return CausalToken.parse(body)
        except ValueError:
            return None

    @staticmethod
    def _mac(key: bytes, text: str) -> str:
        return urlsafe_b64encode(hmac.digest(key, b"causal token\0" + text.encode(), sha256)[:18]).decode()


# Keeps the newest: a later epoch replaces an earlier; within one, each server's mark only grows. What another run of
# Redis wrote is not trusted (it may have lost the newest second), so it is replaced.
KEEP_NEWEST = """
local old = redis.call('GET', KEYS[1])
local run, epoch, shard, set = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
if old then
  local old_run, old_epoch, old_shard, old_set = string.match(old, '^(%S+) (%d+) (%S+) (%S+)$')
  if old_run == run then
    old_epoch = tonumber(old_epoch)
    if old_epoch > epoch then return 0 end
    if old_epoch == epoch and old_shard == shard then
      local marks, order = {}, {}
      for _, text in ipairs({old_set, set}) do
        for uuid, n in string.gmatch(text, '([%x%-]+):1%-(%d+)') do
          n = tonumber(n)
          if marks[uuid] == nil then order[#order + 1] = uuid; marks[uuid] = n
          elseif n > marks[uuid] then marks[uuid] = n end
        end
      end
      local parts = {}
      for i, uuid in ipairs(order) do parts[i] = uuid .. ':1-' .. string.format('%.0f', marks[uuid]) end
      set = table.concat(parts, ',')
    end
  end
end
redis.call('SET', KEYS[1], run .. ' ' .. string.format('%.0f', epoch) .. ' ' .. shard .. ' ' .. set, 'EX', ARGV[5])
return 1
"""


class Newest:
    """Each shop's newest token, in Redis. None means unknown: then only the primary may answer."""

    def __init__(self, line: RedisLine, prefix: str) -> None:
        self._line = line
        self._prefix = f"{prefix}causal:"
        self._parsed: dict[int, tuple[bytes, str, CausalToken]] = {}
        self._doubtful: set[int] = set()  # our own SET failed: others may read an older token until we restamp
        self._wanted: set[int] = set()
        self.after_fork()

    def after_fork(self) -> None:
        """A lock that another thread of the parent held would never be released in the child."""
        self._lock = threading.Lock()

    def find(self, shop_id: int) -> CausalToken | None:
        if shop_id in self._doubtful:
            return None
        try:
            raw, run_id = self._line.speak("GET", f"{self._prefix}{shop_id}")
        except RedisDown:
            return None
        if raw is None:
            self.want(shop_id)
            return None
        try:
            run, token = self._parse(shop_id, raw)
        except ValueError:
            run = "not ours"
        if run != run_id:
            self.want(shop_id)
            return None
        return token

    def all_of(self, shard: str) -> Marks | None:
        """What the shops of a shard were told of, all together; None where Redis does not answer, or knows of none."""
        marks: Marks = {}
        cursor = b"0"
        try:
            while True:
                (cursor, keys), run_id = self._line.speak("SCAN", cursor, "MATCH", f"{self._prefix}*", "COUNT", 1000)
                for raw in self._line.call("MGET", *keys) if keys else ():
                    run, _, of, gtid = raw.decode().split(" ") if raw else ("", "", "", "")
                    if run == run_id and of == shard:
                        marks = merged(marks, from_text(gtid))
                if cursor == b"0":
                    return marks or None
        except RedisDown:
            return None

    def _parse(self, shop_id: int, raw: bytes) -> tuple[str, CausalToken]:
        """A shop that is read more often than written has the same text each time."""
        seen = self._parsed.get(shop_id)
        if seen is not None and seen[0] == raw:
            return seen[1], seen[2]
        run, epoch, shard, gtid = raw.decode().split(" ")
        token = CausalToken(shard, int(epoch), gtid)
        if len(self._parsed) > REMEMBERED:
            self._parsed.clear()
        self._parsed[shop_id] = (raw, run, token)
        return run, token

    def keep(self, shop_id: int, token: CausalToken) -> bool:
        """False: the shop's token is unknown until `restamp` succeeds."""
        try:
            self._store(shop_id, token)
        except RedisDown:
            with self._lock:
                self._doubtful.add(shop_id)
                self._wanted.add(shop_id)
            return False
        return True

    def _store(self, shop_id: int, token: CausalToken) -> None:
        """The run id must be that of the connection which carries the script."""
        key = f"{self._prefix}{shop_id}"
        self._line.call("EVAL", KEEP_NEWEST, 1, key, self._line.run_id, token.epoch, token.shard, token.gtid, KEPT)

    def restamp(self, stamp: Callable[[int], CausalToken | None]) -> int:
        """For every shop whose token is unknown: what its primary has executed by now covers all that it committed.

        `stamp` gives None where that cannot be told; then the next read of the shop asks again.
        """
        if not self._wanted or not self._line.available:
            return 0
        with self._lock:
            wanted, self._wanted = self._wanted, set()
        done = 0
        for shop_id in list(wanted):
            token = stamp(shop_id)
            if token is not None and self.keep(shop_id, token):
                self._doubtful.discard(shop_id)
                done += 1
            elif shop_id in self._doubtful:
                self.want(shop_id)
        return done

    def want(self, shop_id: int) -> None:
        """Asks the background for a token of this shop."""
        with self._lock:
            self._wanted.add(shop_id)
