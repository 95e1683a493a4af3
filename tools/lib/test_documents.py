# SPDX-License-Identifier: BSD-2-Clause
"""Pages that are sessions (doc_blocks.py): each is one case, done word by word."""
import build as building
import cases
import doc_blocks
import packages

GROUP = "docs: "


def job_of(page: str) -> cases.Job:
    name = f"{GROUP}{page} works word by word"

    def run(report: cases.Report) -> None:
        try:
            doc_blocks.run_session(building.REPOSITORY / page)
            report.add(name, True)
        except doc_blocks.SessionError as error:
            report.add(name, False, str(error))

    return cases.Job([name], run, [cases.Target("gcc", "debug")], packages.HOST_TESTS + packages.IMAGE + packages.QEMU)


def jobs(compilers: list[str]) -> list[cases.Job]:
    if "gcc" not in compilers:
        return []
    return [job_of(page) for page in doc_blocks.SESSIONS]
