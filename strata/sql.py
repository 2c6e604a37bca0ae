"""Names and texts in the SQL of DuckDB."""

from pathlib import Path


def identifier(*names: str) -> str:
    """Write names as one identifier, for example ``"marts"."customers"``."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def literal(text: str | Path | None) -> str:
    """Write a text or a path as a literal; ``None`` is null."""
    return "null" if text is None else "'" + str(text).replace("'", "''") + "'"
