"""``python -m sim`` is the command ``xiaoqu``."""

import signal
import sys


def start() -> None:
    """Run the command; a Ctrl-C while it is being loaded ends it without a word."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from sim.errors import InputError

    try:
        from sim.cli import main
    except InputError as error:
        # Python itself was started in a way in which nothing can be asked.
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    main()


if __name__ == "__main__":
    start()
