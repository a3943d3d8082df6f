"""Health check: exit code 0 where an address answers with success, 1 where it does not."""

import sys
import urllib.request

try:
    with urllib.request.urlopen(sys.argv[1], timeout=5):
        pass
except OSError as error:
    sys.exit(f"{sys.argv[1]}: {error}")
