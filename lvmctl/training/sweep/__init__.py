"""Several trainings, each in a process of its own."""
