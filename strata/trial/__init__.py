"""What edited seeds would do: a build in a copy of project and warehouse, and its comparison."""
