"""Pages of lvmctl's runs, in a browser."""
