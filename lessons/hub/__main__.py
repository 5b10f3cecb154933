"""`python -m lessons.hub`: one student's server, see student.py.

A file of its own, because a process apart that the server starts imports the file that was run.
"""

import sys

if __name__ == "__main__":
    from .student import main

    sys.exit(main())
