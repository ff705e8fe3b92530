"""`python -m ui` is `ibid`."""

from ui.cli import main

if __name__ == "__main__":
    main()
