"""Names: bare or qualified, never silently another plugin's."""

from __future__ import annotations

import pytest

from lvmctl import LossSpec
from lvmctl.core.errors import PluginError
from lvmctl.registry import Registry
from lvmctl.registry.find import Origin, find
from lvmctl.registry.registry import build


@pytest.fixture
def registry(site, monkeypatch):
    """Builds the registry of what is installed in ``site``."""
    others = {origin.distribution for origin in find()}
    monkeypatch.syspath_prepend(str(site))

    def make(**options) -> Registry:
        added = [origin for origin in find() if origin.distribution not in others]
        return build(added, options.pop("disabled", {}), **options)

    return make


def test_find_reads_metadata_and_imports_nothing(install, site, monkeypatch):
    install("lvmctl-a", {"a": "a_pkg.plugin"}, {"a_pkg/plugin.py": "raise SystemExit"}, "3.1")
    monkeypatch.syspath_prepend(str(site))
    assert Origin("a", "lvmctl-a", "3.1", "a_pkg.plugin") in find()


def test_of_two_places_on_the_path_the_first_has_the_plugin(install, site, tmp_path, monkeypatch):
    install("lvmctl-a", {"a": "a_pkg.plugin"}, {"a_pkg/plugin.py": ""}, "1.0")
    info = tmp_path / "first" / "lvmctl_a-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lvmctl-A\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text("[lvmctl]\na = other\n")
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.syspath_prepend(str(tmp_path / "first"))
    found = [one for one in find() if one.name == "a"]
    assert found == [Origin("a", "lvmctl-A", "2.0", "other")]


def test_bare_and_qualified_names_mean_the_same(install_loss, registry):
    install_loss("a", "angular")
    known = registry()
    by_name = [known.get("loss", name) for name in ("angular", "a/angular", "lvmctl-a/angular")]
    assert by_name[0] is by_name[1] is by_name[2]
    assert by_name[0].qualified == "a/angular"
    assert known.resolve(by_name[0]).home == "lvmctl-a"


def test_core_declares_through_the_same_hooks(registry):
    known = registry()
    assert known.get("loss", "core/mse") is known.get("loss", "mse")
    assert known.plugins[0].name == "core"


def test_a_name_two_plugins_declare_must_be_qualified(install_loss, registry):
    install_loss("a", "angular")
    install_loss("b", "angular")
    known = registry()
    with pytest.raises(PluginError) as caught:
        known.get("loss", "angular")
    for word in ("lvmctl-a 1.0", "lvmctl-b 1.0", "'a/angular'", "'b/angular'"):
        assert word in str(caught.value)
    assert known.resolve(known.get("loss", "b/angular")).home == "lvmctl-b"
    assert [known.address(e) for e in known.entries("loss") if known.contested(e)] == [
        "a/angular",
        "b/angular",
    ]


def test_a_plugin_cannot_take_a_name_of_core_silently(install_loss, registry):
    install_loss("a", "mse")
    known = registry()
    with pytest.raises(PluginError, match=r"lvmctl 0\.\S+ and lvmctl-a 1\.0"):
        known.get("loss", "mse")
    assert known.get("loss", "core/mse").plugin.distribution == "lvmctl"
    assert known.get("loss", "a/mse").plugin.distribution == "lvmctl-a"


def test_a_plugin_sees_its_own_names_first(install_loss, registry):
    install_loss("a", "angular")
    install_loss("b", "angular")
    known = registry()
    for name in ("a", "b"):
        plugin = next(plugin for plugin in known.plugins if plugin.name == name)
        assert known.get("loss", "angular", within=plugin).plugin is plugin
    assert known.get("loss", "mse", within=plugin).plugin.name == "core"


def test_two_distributions_with_one_plugin_name_are_both_reachable(install_loss, registry):
    install_loss("twin", "angular", "lvmctl-first")
    install_loss("twin", "angular", "lvmctl-second")
    known = registry()
    with pytest.raises(PluginError) as caught:
        known.get("loss", "twin/angular")
    assert "'lvmctl-first/angular' or 'lvmctl-second/angular'" in str(caught.value)
    for name in ("lvmctl-first", "lvmctl-second"):
        assert known.resolve(known.get("loss", f"{name}/angular")).home == name


def test_the_same_name_in_two_kinds_is_no_conflict(install, registry):
    text = (
        "from lvmctl import LossSpec, ModelSpec, hookimpl\n"
        "@hookimpl\ndef lvmctl_losses():\n"
        "    yield LossSpec(name='x', summary='s', target='m:M')\n"
        "@hookimpl\ndef lvmctl_models():\n"
        "    yield ModelSpec(name='x', summary='s', target='m:M')\n"
    )
    install("lvmctl-a", {"a": "a_pkg"}, {"a_pkg.py": text})
    known = registry()
    assert known.get("loss", "x").kind == "loss"
    assert known.get("model", "x").kind == "model"
    for kind in ("loss", "model"):
        entry = known.get(kind, "x")
        assert not known.contested(entry)
        assert known.address(entry) == "x"


def test_the_plugin_name_core_is_taken(install_loss, registry):
    install_loss("core", "mse", "lvmctl-rogue")
    known = registry()
    assert known.get("loss", "core/mse").plugin.distribution == "lvmctl"
    assert [plugin.status for plugin in known.plugins] == ["ok", "broken"]


def test_an_unknown_name_suggests_the_nearest(registry):
    with pytest.raises(PluginError, match="no loss 'cosin'; did you mean 'cosine'"):
        registry().get("loss", "cosin")


def test_a_disabled_plugin_says_what_disabled_it(install_loss, registry):
    install_loss("a", "angular")
    for name in ("a", "lvmctl-a"):
        with pytest.raises(PluginError, match=r"a \(lvmctl-a 1\.0\) is disabled: .* --no-such"):
            registry(disabled={name: "--no-such"}).get("loss", "a/angular")


def test_a_missing_target_costs_only_its_record(install, registry):
    text = (
        "from lvmctl import LossSpec, ModelSpec, hookimpl\n"
        "@hookimpl\ndef lvmctl_losses():\n"
        "    return [LossSpec(name=n, summary='s', target=t) for n, t in "
        "[('lost', 'a_pkg_lost:L'), ('nameless', 'a_pkg:Nope'), ('there', 'a_pkg:LossSpec')]]\n"
    )
    install("lvmctl-a", {"a": "a_pkg"}, {"a_pkg.py": text})
    known = registry(strict=True)
    for name, reason in (("lost", "ModuleNotFoundError"), ("nameless", "AttributeError")):
        with pytest.raises(PluginError) as caught:
            known.resolve(known.get("loss", name))
        for word in (reason, "a (lvmctl-a 1.0)", "a_pkg", "repair or reinstall lvmctl-a"):
            assert word in str(caught.value)
    assert known.resolve(known.get("loss", "there")) is LossSpec


@pytest.mark.parametrize("place", ["the declaration", "a target"])
def test_without_memory_no_plugin_is_at_fault(install, registry, place):
    text = (
        "from lvmctl import LossSpec, hookimpl\n"
        "@hookimpl\ndef lvmctl_losses():\n"
        "    return [LossSpec(name='big', summary='s', target='a_pkg_big:L')]\n"
    )
    code = "raise MemoryError('no room')\n"
    declared = code + text if place == "the declaration" else text
    install("lvmctl-a", {"a": "a_pkg"}, {"a_pkg.py": declared, "a_pkg_big.py": code})
    with pytest.raises(MemoryError, match="no room"):
        registry().resolve(registry().get("loss", "big"))


def test_lifecycle_hooks_reach_every_plugin(install, registry):
    text = (
        "from lvmctl import LossSpec, ModelSpec, hookimpl\n"
        "@hookimpl\ndef lvmctl_after_epoch(epoch):\n    return f'stop at {epoch}'\n"
    )
    install("lvmctl-a", {"a": "a_pkg"}, {"a_pkg.py": text})
    reasons = registry().hook.lvmctl_after_epoch(run=None, epoch=3, metrics={})
    assert reasons == ["stop at 3"]
