"""Where ``paperbot`` and ``python -m bot`` begin; the command line itself is ``bot.cli``."""

from __future__ import annotations

import signal


def main() -> None:
    # Importing takes half a second: Ctrl-C ends it at once then, as there is nothing to undo.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from bot.cli import main as run  # noqa: PLC0415 - see above

    signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
