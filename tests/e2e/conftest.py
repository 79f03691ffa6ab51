"""The whole product as it runs: web, side service, worker and relay as processes, and a real browser before them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from sqlalchemy.exc import IntegrityError

from app.kit.runtime import Runtime
from app.settings import Settings
from ops import assets, tools
from tests.e2e.stage import Stage, set_up
from tests.e2e.support import Site, Watched
from tests.support.cast import Cast, make_cast
from tests.support.cluster import Cluster
from tests.support.settings import settings_for
from tests.support.stack import Stack, free_port

COUNTER_PC = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
USUAL = {"viewport": COUNTER_PC, "locale": "en-IN", "reduced_motion": "reduce"}  # no colour is met half-way


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("e2e")


@pytest.fixture(scope="session")
def fleet(cluster: Cluster) -> Iterator[Cluster]:
    """Databases of their own: the workers started here are not to work off what other tests left in their outboxes."""
    own = cluster.named("_e2e")
    own.create()
    yield own
    own.drop()


@pytest.fixture(scope="session")
def settings(fleet: Cluster, folder: Path) -> Settings:
    """As the integration tests', but with addresses that a browser can reach, and fonts for the PDFs."""
    assets.build(lambda said: None)
    given = os.environ.get("BOOLA_FONT_DIR")
    fonts = Path(given) if given else tools.fonts(lambda said: None)
    return settings_for(
        fleet, folder, public_url=f"http://127.0.0.1:{free_port()}", side_url=f"http://127.0.0.1:{free_port()}",
        font_dir=fonts, assets_dir=assets.BUILD, log_json=False, redis_prefix=f"{fleet.redis_prefix}e2e:",
        bcrypt_rounds=4,
    )  # fmt: skip


@pytest.fixture(scope="session")
def runtime(settings: Settings) -> Iterator[Runtime]:
    """The same parts in this process, for opening shops and stocking them by the services."""
    from app.factory import build_runtime

    built = build_runtime(settings)
    yield built
    built.close()


@pytest.fixture(scope="session")
def site(settings: Settings, folder: Path, runtime: Runtime) -> Iterator[Site]:
    """Started as `./dev up` starts it; ended by the ids of what was started."""
    stack = Stack(settings, folder, web_workers=1)
    try:
        stack.start("web", "side", "worker", "relay")
        stack.wait_until_serving()
        yield Site(settings.public_url, settings.side_url, stack.logs)
    finally:
        stack.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium, started as the stack page says."""
    command = os.environ.get("BOOLA_CHROMIUM")
    path = command or str(tools.chromium(lambda said: None))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(tools.CHROMIUM_FLAGS[1:]))
        yield started
        started.close()


def gather(runtime: Runtime) -> Cast:
    """Everybody, in fresh shops. The worker that runs here may prepare a shop in the very moment that we do: again."""
    for _ in range(5):
        try:
            return make_cast(runtime)
        except IntegrityError:
            continue
    raise AssertionError("the cast met the worker five times")


@pytest.fixture(scope="session")
def cast(runtime: Runtime) -> Cast:
    return gather(runtime)


@pytest.fixture
def others(runtime: Runtime) -> Cast:
    """People and shops of one test's own, for what would be felt in the next tests."""
    return gather(runtime)


@pytest.fixture(scope="session")
def stage(runtime: Runtime, cast: Cast) -> Stage:
    """Asha's shop, with enough of everything for all tests."""
    return set_up(runtime, cast.asha, each=8, bills=6)


@pytest.fixture
def open_page(browser: Browser, site: Site) -> Iterator[Callable[..., Watched]]:
    """A page of a browser of its own; at the end of the test nothing may stand in any console."""
    opened: list[tuple[BrowserContext, Watched]] = []

    def begin(**options: Any) -> Watched:
        context = browser.new_context(base_url=site.url, **{**USUAL, **options})
        context.set_default_timeout(15_000)
        page: Page = context.new_page()
        watched = Watched(page, site)
        opened.append((context, watched))
        return watched

    yield begin
    complaints = [line for _, watched in opened for line in watched.complaints]
    for context, _ in opened:
        context.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def screen(open_page: Callable[..., Watched]) -> Watched:
    """One page on the counter's PC."""
    return open_page()
