"""What will be trained: a recipe's composition with every option resolved, torch-free.

A plan is made once, printed, saved as the run's ``config.json`` and read back from there when the
run is resumed or evaluated.
"""

from lvmctl.plan.fields import batch_fields
from lvmctl.plan.fit import epoch_without_loss
from lvmctl.plan.make import make_plan
from lvmctl.plan.plan import ONE, ROLES, Layers, Plan, PlannedPart
from lvmctl.plan.saved import from_record

__all__ = [
    "ONE",
    "ROLES",
    "Layers",
    "Plan",
    "PlannedPart",
    "batch_fields",
    "from_record",
    "epoch_without_loss",
    "make_plan",
]
