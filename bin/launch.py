"""Entry point of the scripts in this folder: `python launch.py up|manage|test|bench|keep …`."""

import sys

from launcher.main import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
