"""Tests of the driver's arithmetic and of the relay: `python3 -m unittest discover -t . -s bench/tests`."""
