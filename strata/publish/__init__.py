"""Publishing: a complete build becomes what readers see, all of it or nothing."""
