"""Servers on this machine, from pinned packages: to try the project on, and for the tests."""
