"""Runs trytond until its standard input ends: serve.py TRYTOND ARGUMENTS...

The tests hold the other end of that pipe, so the server ends with them, however they end.
"""

import os
import runpy
import sys
import threading


def end_with_the_tests():
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


threading.Thread(target=end_with_the_tests, daemon=True).start()
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
