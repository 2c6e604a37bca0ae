"""Strata's command line: demo data and benchmark for the dbt project beside it."""
