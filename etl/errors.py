"""What the ETL says when an input is wrong: errors that people may read as they are."""

from dataclasses import asdict, dataclass


class UserError(Exception):
    """A fault in an input, told in Chinese: what is wrong, where, and what to do.

    Everything else that is raised is a fault of the program and keeps its traceback.
    """


@dataclass(frozen=True)
class Finding:
    """Something wrong with an input, precise enough for a steward to mend it.

    `row` counts as the spreadsheet program does, from 1; None means the whole sheet or file.
    """

    file: str
    sheet: str
    row: int | None
    column: str
    found: str
    expected: str
    message: str

    def text(self) -> str:
        """One line: file, sheet, row, column, the value found and what was expected."""
        place = "".join(
            [
                self.file,
                f"［{self.sheet}］" if self.sheet else "",
                f" 第{self.row}行" if self.row is not None else "",
                f"“{self.column}”列" if self.column else "",
            ]
        )
        found = f"：“{self.found}”" if self.found else ""
        expected = f"；应为{self.expected}" if self.expected else ""
        return f"{place}{found}，{self.message}{expected}"

    def record(self) -> dict[str, str | int | None]:
        """The finding as a row of the table `rejects` (without its load_id)."""
        return asdict(self)
