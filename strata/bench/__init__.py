"""The benchmark: the dbt project against a notebook, Polars and one SQL statement."""
