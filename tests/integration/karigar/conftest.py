"""A counter of Asha's shop with a karigar and a job, and one of Ravi's on the same shard."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest

from app.kit.clock import today_ist
from tests.factories.stock import a_huid
from tests.support.counter import Counter, made


@dataclass
class Bench:
    """Somebody's counter, and the karigar Ram who works for them."""

    counter: Counter
    karigar: dict[str, Any]

    def job(self, **changes: Any) -> dict[str, Any]:
        """Rings of 22 karat, 2 % wastage, ₹450 a gram, due in ten days."""
        facts = {
            "work": "plain", "description": "Two plain rings", "metal": "gold", "fineness": 9160, "pieces": 2,
            "allowedBp": 200, "labourBasis": "per_gram_net", "labourPaise": 450_00,
            "dueOn": (today_ist() + dt.timedelta(days=10)).isoformat(),
        }  # fmt: skip
        return made(self.counter.post(f"/karigars/{self.karigar['id']}/jobs", {**facts, **changes}))

    def issue(self, job: dict[str, Any], **body: Any) -> dict[str, Any]:
        return made(self.counter.post(f"/karigar-jobs/{job['id']}/issues", body))

    def issued(self, net_mg: int = 10_000, *, fineness: int = 9160, paise: int = 0, **changes: Any) -> dict[str, Any]:
        """A job with so much metal on it, as it is now."""
        job = self.job(**changes)
        self.issue(job, metal=[{"metal": "gold", "fineness": fineness, "netMg": net_mg, "valuePaise": paise}])
        return self.now(job)

    def receive(self, job: dict[str, Any], *, version: int | None = None, **body: Any) -> Any:
        seen = job["version"] if version is None else version
        return self.counter.post(f"/karigar-jobs/{job['id']}/receipts", body, **{"If-Match": f'"{seen}"'})

    def now(self, job: dict[str, Any]) -> dict[str, Any]:
        return made(self.counter.get(f"/karigar-jobs/{job['id']}"))

    def fine(self) -> int:
        """What lies with the karigar, in fine units of gold."""
        held = made(self.counter.get(f"/karigars/{self.karigar['id']}"))["metal"]
        return sum(one["fine"] for one in held)


_tags = iter(range(1, 10_000))


def ring(gross_mg: int, **changes: Any) -> dict[str, Any]:
    """A finished ring of 22 karat."""
    facts = {
        "tag": f"K-{next(_tags)}", "name": "Ring", "category": "ring", "purity": {"metal": "gold", "fineness": 9160},
        "grossMg": gross_mg, "huid": a_huid(), "making": {"kind": "percent", "bp": 1600},
    }  # fmt: skip
    return {**facts, **changes}


@pytest.fixture
def bench(flask_app, runtime, cast) -> Bench:
    counter = Counter(flask_app, runtime, cast.asha)
    ram = {"code": "RAM", "name": "Ram Soni", "phone": "98200 55555", "pan": "ABCPD1234F", "stateCode": "27"}
    return Bench(counter, made(counter.post("/karigars", ram)))


@pytest.fixture
def ravis_counter(flask_app, runtime, cast) -> Counter:
    return Counter(flask_app, runtime, cast.ravi)
