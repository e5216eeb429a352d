"""``python -m lvmctl``."""

from lvmctl.cli.main import main

if __name__ == "__main__":
    main()
