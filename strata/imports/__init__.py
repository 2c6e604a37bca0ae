"""Exports of shops and CRMs become raw tables: `strata import`, by a mapping in YAML."""
