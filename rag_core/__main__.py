"""`python -m rag_core` is the command line."""

import sys

from rag_core.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
