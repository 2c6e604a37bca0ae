"""A dbt project of one's own that has Strata as a package, with starter seeds."""
