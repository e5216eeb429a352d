"""The smallest plugin: one loss."""

import lvmctl


@lvmctl.hookimpl
def lvmctl_losses():
    summary, target = (
        "The angle between prediction and target.",
        "lvmctl_example_loss.loss:Geodesic",
    )
    return [lvmctl.LossSpec(name="geodesic", summary=summary, target=target)]
