"""Boards of dbt Charts over the marts: static pages that open offline, or a live server.

Run in the virtual environment of the boards, which has dbt Charts (`make dashboard`).
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import dbt_charts
import yaml
from dbt_charts.agent_api import ProjectSession
from project import (
    BESIDE,
    MOST_CUSTOMERS,
    PAGES,
    WAREHOUSE,
    BoardsError,
    Build,
    file_name,
    menu,
    page_links,
    read_build,
    write_project,
)

FONT: Final = re.compile(r"/static/fonts/([\w.-]+\.woff2)")
SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)
UGLY: Final = re.compile(
    r"TRUNCATED|CRAMPED|COLLISION|OVERFLOW|BELOW-MINIMUM|CROWD|SQUEEZED|CAPPED"
)
"""Warnings of dbt Charts that something does not fit where it stands."""


def write_pages(build: Build, project: Path, out: Path, is_strict: bool) -> list[Path]:
    """Write the static pages, and return their files in the order of the menu.

    Parameters
    ----------
    build, project, out
        What the warehouse has, the project of dbt Charts, and the folder of the pages.
    is_strict
        Whether a text that does not fit is a fault.

    Raises
    ------
    BoardsError
        If a board does not render, a line for each fault.
    """
    shutil.rmtree(out, ignore_errors=True)
    for folder in ("customers", "fonts"):
        (out / folder).mkdir(parents=True)
    titles = {
        path.stem: str(yaml.safe_load(path.read_text("utf-8"))["title"])
        for path in (project / "charts").glob("*.yml")
        if path.stem != "meta"
    }
    pages = [(name, titles[name]) for name in PAGES if name in titles]
    to_write: list[tuple[str, Path, dict[str, str], str]] = [
        (name, out / f"{name}.html", {}, "") for name, _ in pages
    ]
    if "customer" in titles:
        to_write += [
            ("customer", out / "customers" / f"{file_name(key)}.html", {"customer": key}, "../")
            for key in build.customers
        ]
    beside = [name for name in BESIDE if (out.parent / name / "index.html").exists()]
    faults: list[str] = []
    fonts: set[str] = set()
    with ProjectSession.open(project) as session:
        for name, file, variables, back in to_write:
            board = session.project.path(f"charts/{name}.yml").read_board()
            result = session.render_board(
                board, variables=variables, format="html", use_cache=False
            )
            found = [*result.validation_errors, *result.chart_errors]
            found += [result.board_error] if result.board_error else []
            found += [fault for fault in result.warnings if is_strict and UGLY.search(fault.code)]
            faults += [f"boards/charts/{name}.yml: {' '.join(f.message.split())}" for f in found]
            if found:
                continue
            text = page_links(str(result.data), back, build.customers, [key for key, _ in pages])
            fonts.update(FONT.findall(text))
            # Fonts and script are the same on every page: one file each.
            text = FONT.sub(rf"{back}fonts/\1", text)
            script = "".join(SCRIPT.findall(text))
            (out / "boards.js").write_text(script, "utf-8")
            text = SCRIPT.sub("", text).replace(
                "</body>", f'<script src="{back}boards.js"></script></body>'
            )
            here = "customers" if name == "customer" else name
            text = text.replace("<body>", "<body>" + menu(pages, here, back, beside), 1)
            file.write_text(text, "utf-8")
    if faults:
        raise BoardsError("\n".join(dict.fromkeys(faults)))
    for font in fonts:
        shutil.copy(Path(dbt_charts.__file__).parent / "core/render/fonts" / font, out / "fonts")
    return [file for _, file, _, _ in to_write]


def main() -> None:
    """Write or serve the boards of the warehouse that the environment names."""
    os.environ["DO_NOT_TRACK"] = "1"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/boards"))
    parser.add_argument("--customers", type=int, default=24, help="pages of single customers")
    parser.add_argument("--serve", action="store_true", help="a live server with filters")
    parser.add_argument("--strict", action="store_true", help="refuse a text that does not fit")
    parser.add_argument("--port", type=int, default=8580)
    options = parser.parse_args()
    try:
        if not 0 <= options.customers <= MOST_CUSTOMERS:
            raise BoardsError(f"--customers must be from 0 to {MOST_CUSTOMERS}")
        build = read_build(
            Path(os.environ.get(WAREHOUSE[0]) or WAREHOUSE[1]),
            os.environ.get("STRATA_SCHEMA_PREFIX", ""),
            options.customers,
        )
        project = options.out.with_name(options.out.name + "_project")
        write_project(build, project, options.serve)
        if options.serve:
            print(
                f"boards     http://localhost:{options.port}/overview/ (Ctrl+C ends it)", flush=True
            )
            dct = str(Path(sys.executable).with_name("dct"))
            command = [dct, "serve", "--no-cache", "--port", str(options.port)]
            subprocess.run(command, cwd=project, check=False)
            return
        pages = write_pages(build, project, options.out, options.strict)
    except (BoardsError, OSError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        return
    print(f"boards     {pages[0]} ({len(pages)} pages)")


if __name__ == "__main__":
    main()
