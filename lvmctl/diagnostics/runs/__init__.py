"""Why a run is as it is: history, predictions, gradients."""
