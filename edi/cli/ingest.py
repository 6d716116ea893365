"""`edi ingest`: local files by the same road as pulled ones."""

from collections import defaultdict
from pathlib import Path

import typer

from edi.cli.common import (
    HomeOption,
    JsonOption,
    LangOption,
    bars,
    complain,
    examples,
    language,
    opened,
    out,
    print_json,
    sentence,
)
from edi.cli.opening import Files, bar, size
from edi.cli.reports import Result, document, exit_code, show


def add_to(app: typer.Typer) -> None:
    """Adds the command to `app`."""
    app.command(epilog=examples("edi ingest depot/*.txt depot/*.xml", "edi --home /srv/edi ingest F-2025.txt --json"))(
        ingest
    )


def ingest(
    context: typer.Context,
    files: Files,
    home: HomeOption = None,
    as_json: JsonOption = False,
    lang: LangOption = "fr",
) -> None:
    """Prendre des fichiers locaux par le chemin ordinaire : lire, contrôler, comptabiliser, répondre. /
    Take local files by the ordinary road: read, check, book, answer."""
    from edi.intake.ingesting import ingest as ingested

    said = language(lang)
    taken: dict[Path, list[Result]] = defaultdict(list)
    with opened(context, home) as (where, connection), bars(size(files)) as progress:
        for path, acknowledgement in ingested(
            where, connection, files, progress=lambda path: bar(progress, path, path.stat().st_size)
        ):
            taken[path].append(Result(str(path), acknowledgement))
    results = [taken[file].pop(0) for file in files]  # the same file given twice is taken twice
    if as_json:
        print_json(document(results, said))
    else:
        show(results, said)
        out.print(f"[dim]réponses / answers :[/] {sentence(where.path / 'outgoing' / 'local')}", soft_wrap=True)
    for one in results:
        if one.verdict == "failed":
            complain(
                "contrôle en panne ; le fichier est gardé : edi status / the checker failed; the file is kept", one.file
            )
    raise typer.Exit(exit_code(results))
