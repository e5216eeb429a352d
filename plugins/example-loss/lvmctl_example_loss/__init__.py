"""The smallest plugin: one loss."""

import lvmctl


@lvmctl.hookimpl
def lvmctl_losses():
    summary = "The angle between prediction and target."
    target = "lvmctl_example_loss.loss:Geodesic"
    yield lvmctl.LossSpec(name="geodesic", summary=summary, target=target)
