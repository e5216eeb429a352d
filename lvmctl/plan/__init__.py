"""What will be trained: a recipe's composition with every option resolved, torch-free.

A plan is made once, printed, saved as the run's ``config.json`` and read back from there when the
run is resumed or evaluated.
"""

from lvmctl.plan.fit import batch_fields as batch_fields
from lvmctl.plan.fit import epoch_without_loss as epoch_without_loss
from lvmctl.plan.make import make_plan as make_plan
from lvmctl.plan.plan import ONE as ONE
from lvmctl.plan.plan import ROLES as ROLES
from lvmctl.plan.plan import Layers as Layers
from lvmctl.plan.plan import Plan as Plan
from lvmctl.plan.plan import PlannedPart as PlannedPart
from lvmctl.plan.plan import from_record as from_record
