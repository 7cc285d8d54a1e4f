"""Shipped for tests (users' too): scripted provider, loopback server, temporary workspace, conformance suites."""
