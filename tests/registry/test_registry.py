"""Names: bare or qualified, never silently another plugin's."""

from __future__ import annotations

import pytest

from lvmctl import LossSpec
from lvmctl.core.errors import PluginError
from lvmctl.registry import Registry
from lvmctl.registry.find import Origin, find
from lvmctl.registry.registry import build

HEADER = "from lvmctl import LossSpec, ModelSpec, hookimpl\n"


def hook(name: str, body: str) -> str:
    """A hook of a plugin."""
    return f"@hookimpl\ndef {name}:\n    {body}\n"


@pytest.fixture
def declared(install, registry):
    """``declared(*hooks)``: the registry with a plugin that has these, and nothing else."""

    def make(*hooks: str, strict: bool = False, **files: str) -> Registry:
        modules = {f"{name}.py": text for name, text in files.items()}
        install("lvmctl-a", {"a": "a_pkg"}, {"a_pkg.py": HEADER + "".join(hooks)} | modules)
        return registry(strict=strict)

    return make


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


def test_the_same_name_in_two_kinds_is_no_conflict(declared):
    known = declared(
        hook("lvmctl_losses()", "yield LossSpec(name='x', summary='s', target='m:M')"),
        hook("lvmctl_models()", "yield ModelSpec(name='x', summary='s', target='m:M')"),
    )
    for kind in ("loss", "model"):
        entry = known.get(kind, "x")
        assert entry.kind == kind
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


def test_a_missing_target_costs_only_its_record(declared):
    targets = {"lost": "a_pkg_lost:L", "nameless": "a_pkg:Nope", "there": "a_pkg:LossSpec"}
    each = f"LossSpec(name=n, summary='s', target=t) for n, t in {targets}.items()"
    known = declared(hook("lvmctl_losses()", f"return [{each}]"), strict=True)
    for name, reason in (("lost", "ModuleNotFoundError"), ("nameless", "AttributeError")):
        with pytest.raises(PluginError) as caught:
            known.resolve(known.get("loss", name))
        for word in (reason, "a (lvmctl-a 1.0)", "a_pkg", "repair or reinstall lvmctl-a"):
            assert word in str(caught.value)
    assert known.resolve(known.get("loss", "there")) is LossSpec


@pytest.mark.parametrize("place", ["the declaration", "a target"])
def test_without_memory_no_plugin_is_at_fault(declared, place):
    code = "raise MemoryError('no room')\n"
    losses = hook("lvmctl_losses()", "yield LossSpec(name='big', summary='s', target='big:L')")

    def resolved():
        known = declared(code if place == "the declaration" else "", losses, big=code)
        return known.resolve(known.get("loss", "big"))

    with pytest.raises(MemoryError, match="no room"):
        resolved()


def test_lifecycle_hooks_reach_every_plugin(declared):
    known = declared(hook("lvmctl_after_epoch(epoch)", "return f'stop at {epoch}'"))
    reasons = known.hook.lvmctl_after_epoch(run=None, epoch=3, metrics={})
    assert reasons == ["stop at 3"]
