"""Loading of the raw tables onto the target."""
