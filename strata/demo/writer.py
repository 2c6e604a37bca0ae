"""Writes the raw tables to a folder, all or none: temporary names first, renamed at the end."""

from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Protocol, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from strata.demo.dirt import Batch
from strata.demo.schema import KEYS, SCHEMAS

FORMATS: Final = ("csv", "parquet")
TEMPORARY_SUFFIX: Final = ".partial"
COMPRESSION: Final = "snappy"


class _TableFile(Protocol):
    def append(self, batch: Batch) -> None: ...

    def close(self) -> None: ...


class _CsvFile:
    """A CSV file with a header, Unix line ends and blanks for nulls."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._file: IO[bytes] = path.open("wb")
        self._file.write((",".join(schema.names) + "\n").encode())

    def append(self, batch: Batch) -> None:
        if len(batch.table) == 0:
            return
        columns = [self._text(batch, name) for name in batch.table.schema.names]
        lines = pc.binary_join_element_wise(
            *columns, ",", null_handling="replace", null_replacement=""
        )
        self._file.write(("\n".join(lines.to_pylist()) + "\n").encode())

    def close(self) -> None:
        self._file.close()

    @staticmethod
    def _text(batch: Batch, name: str) -> pa.Array:
        column = batch.table[name].combine_chunks()
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("s"))
        column = column.cast(pa.string())
        overrides = {row: text for row, where, text in batch.texts if where == name}
        if overrides:
            mask = np.zeros(len(column), dtype=bool)
            mask[list(overrides)] = True
            texts = [_quoted(overrides[row]) for row in sorted(overrides)]
            column = pc.replace_with_mask(column, pa.array(mask), pa.array(texts))
        return column


def _quoted(text: str) -> str:
    return f'"{text}"' if "," in text else text


class _ParquetFile:
    """A typed Parquet file, one row group per batch."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        key = {name for name, _, _ in KEYS.values()} - {"product_id"}
        repeated = [field.name for field in schema if field.name not in key]
        self._writer = pq.ParquetWriter(
            path,
            schema,
            compression=COMPRESSION,
            use_dictionary=[name for name in repeated if schema.field(name).type == pa.string()],
            store_decimal_as_integer=True,
        )

    def append(self, batch: Batch) -> None:
        if len(batch.table):
            self._writer.write_table(batch.table)

    def close(self) -> None:
        self._writer.close()


class FolderWriter:
    """Context manager that writes one file per raw table into a folder.

    The files appear under their names only when the block ends without an exception; otherwise
    nothing is left behind, and a folder that was created here is removed again.

    Parameters
    ----------
    folder : Path
        Created if it does not exist.
    file_format : str
        One of ``FORMATS``.

    Raises
    ------
    OSError
        If the folder cannot be created or written.
    """

    def __init__(self, folder: Path, file_format: str) -> None:
        self._folder = folder
        self._format = file_format
        self._files: dict[str, _TableFile] = {}
        self._created: list[Path] = []

    def __enter__(self) -> Self:
        try:
            self._make_folder()
            kind = _CsvFile if self._format == "csv" else _ParquetFile
            for name, schema in SCHEMAS.items():
                self._files[name] = kind(self._temporary(name), schema)
        except BaseException:
            self._discard()
            raise
        return self

    def append(self, batches: Mapping[str, Batch]) -> None:
        """Append the rows of one chunk to every file."""
        for name, file in self._files.items():
            file.append(batches[name])

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            for file in self._files.values():
                file.close()
            if error is None:
                for name in SCHEMAS:
                    self._temporary(name).replace(self._folder / f"{name}.{self._format}")
        finally:
            self._discard()

    def _temporary(self, table: str) -> Path:
        return self._folder / f"{table}.{self._format}{TEMPORARY_SUFFIX}"

    def _make_folder(self) -> None:
        missing = [path for path in (self._folder, *self._folder.parents) if not path.exists()]
        self._folder.mkdir(parents=True, exist_ok=True)
        self._created = missing

    def _discard(self) -> None:
        """Remove what is unfinished; keep folders that are not empty."""
        for name in SCHEMAS:
            self._temporary(name).unlink(missing_ok=True)
        for path in self._created:
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
