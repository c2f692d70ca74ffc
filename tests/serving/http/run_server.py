"""Run a server as told by JSON in the arguments; say on standard output where it is."""

import sys

import msgspec

from interplane.errors import InterplaneError
from interplane.serving.settings import ServerSettings
from interplane.serving.supervisor import Supervisor


def main():
    settings = msgspec.json.decode(sys.argv[1], type=ServerSettings)

    def ready(listening):
        sys.stdout.write(msgspec.json.encode(listening._asdict()).decode() + "\n")
        sys.stdout.flush()

    try:
        Supervisor(settings, ready=ready).run()
    except InterplaneError as error:
        sys.stdout.write(msgspec.json.encode({"error": error.to_dict()}).decode() + "\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
