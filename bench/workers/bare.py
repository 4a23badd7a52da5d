"""A module that offers nothing: what a worker needs by itself."""
