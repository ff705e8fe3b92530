"""`python -m ui` is `ibid`."""

from ui.command_line.cli import main

if __name__ == "__main__":
    main()
