"""The five tests of 5CAT."""
