"""Trainings followed in TensorBoard or Weights & Biases."""
