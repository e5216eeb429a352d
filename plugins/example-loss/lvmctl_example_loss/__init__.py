"""The smallest plugin: one loss without options."""

from lvmctl.plugins import LossSpec, hookimpl

LVMCTL_API = 1


@hookimpl
def lvmctl_losses():
    return [
        LossSpec(
            name="geodesic",
            summary="The angle between prediction and target.",
            target="lvmctl_example_loss.loss:Geodesic",
            needs=("target", "weight"),
        )
    ]
