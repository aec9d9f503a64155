"""``python -m demo_model``: the demo model alone, for any Chat Completions client."""

import argparse
import sys

from demo_model.running import DEFAULT_PACE, run


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM. Exit code 1: the address cannot be used."""
    parser = argparse.ArgumentParser(prog="demo_model", description="A Chat Completions server that needs no model.")
    parser.add_argument("--port", type=int, default=8001, help="0 takes a free one (default: 8001)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--pace", type=_pace, default=DEFAULT_PACE, help="tokens a second; 0: no waits (default: %(default)g)"
    )
    given = parser.parse_args(arguments)
    try:
        run(given.port, given.host, given.pace, lambda url: print(f"Demo model (no AI) at {url}", flush=True))
    except KeyboardInterrupt:
        return 0
    except (OSError, OverflowError) as error:
        print(f"Cannot listen on {given.host}:{given.port}: {error}", file=sys.stderr)
        return 1
    return 0


def _pace(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError
    return value


if __name__ == "__main__":
    sys.exit(main())
