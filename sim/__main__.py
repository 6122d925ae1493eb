"""``python -m sim`` is the command ``xiaoqu``."""

import signal


def start() -> None:
    """Run the command; a Ctrl-C while it is being loaded ends it without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from sim.cli import main

    main()


if __name__ == "__main__":
    start()
