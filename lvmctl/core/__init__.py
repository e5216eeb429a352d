"""What every floor stands on: errors, files, the run directory, batches, schedules."""
