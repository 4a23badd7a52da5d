"""What pytest itself brings for tests of plugins."""

pytest_plugins = ["pytester", "ophion.testing.pytest"]
