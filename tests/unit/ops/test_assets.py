"""Pages find hashed files by plain names, and the lock file ties nobody to a registry."""

import json

import pytest

from ops import assets
from ops.tools import node_major
from ops.trouble import Trouble


def test_the_manifest_maps_each_entry_to_what_was_built_from_it():
    meta = {
        "outputs": {
            "app/static/build/shop.AB12.js": {"entryPoint": "app/assets/shop.js"},
            "app/static/build/logo.CD34.svg": {},
            "app/static/build/shop.AB12.js.LEGAL.txt": {},
        }
    }
    assert assets.manifest_of(meta, ["app/assets/shop.js"]) == {"shop.js": "shop.AB12.js"}


def test_an_entry_that_came_out_as_nothing_is_told():
    with pytest.raises(Trouble, match=r"console\.js"):
        assets.manifest_of({"outputs": {}}, ["app/assets/console.js"])


def test_the_npm_lock_file_names_no_registry_and_pins_each_package():
    packages = json.loads(assets.LOCK.read_text())["packages"]
    wanted = json.loads((assets.ROOT / "package.json").read_text())
    for name in {**wanted["dependencies"], **wanted["devDependencies"]}:
        assert f"node_modules/{name}" in packages
    for path, package in packages.items():
        assert "resolved" not in package, path
        assert not path or package["integrity"].startswith("sha512-"), path


def test_libraries_come_from_packages_that_are_pinned():
    wanted = json.loads((assets.ROOT / "package.json").read_text())["dependencies"]
    for path in assets.LIBRARIES.values():
        package = "/".join(path.split("/")[: 2 if path.startswith("@") else 1])
        assert package in wanted


@pytest.mark.parametrize(("text", "major"), [("v20.20.2", 20), ("v8.0.0", 8), ("", 0), ("node?", 0)])
def test_nodes_version(text, major):
    assert node_major(text) == major
