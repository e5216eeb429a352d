"""What ``lvmctl plugins new`` writes: a package for each kind of record, from ``templates/``."""
