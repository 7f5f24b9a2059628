"""What the ETL says when an input is wrong: errors that people may read as they are."""

import errno
import os
import pwd
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import duckdb

# The disk is full, a quota is used up, or a file is larger than this user may write.
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class UserError(Exception):
    """A fault in an input, told in Chinese: what is wrong, where, and what to do.

    Everything else that is raised is a fault of the program and keeps its traceback.
    """


@contextmanager
def told_when_full() -> Iterator[None]:
    """Raises UserError in place of the faults that a full disk makes within the block."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        raise UserError(FULL) from error
    except duckdb.Error as error:  # of many kinds, with nothing but the words of the system
        if not any(os.strerror(number) in str(error) for number in NO_SPACE):
            raise
        raise UserError(FULL) from error


@contextmanager
def told_of_files() -> Iterator[None]:
    """As `told_when_full`, and UserError in place of every other fault of a file or folder too; it names the path."""
    with told_when_full():
        try:
            yield
        except OSError as error:
            if error.errno in NO_SPACE:
                raise
            raise UserError(file_fault(error)) from error


def exit_code(work: Callable[[], None]) -> int:
    """Does the work of a command: 0 when it is done, 3 with the reason on stderr, 130 when somebody stopped it."""
    try:
        with told_of_files():
            work()
    except UserError as error:
        print(error, file=sys.stderr)
        return 3
    except KeyboardInterrupt:
        print(INTERRUPTED, file=sys.stderr)
        return 130
    return 0


def file_fault(error: OSError) -> str:
    """What is wrong with which file, in Chinese."""
    reason = REASONS.get(error.errno or 0, error.strerror or str(error))
    if error.errno in (errno.EACCES, errno.EPERM):
        reason += f"（当前用户：{user_name()}）。请以运行服务的用户操作，或用chown改正所有者"
    return f"{error.filename2 or error.filename or '文件'}：{reason}"


def user_name() -> str:
    """The user of the system that this process runs as, whatever the environment says."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a number without a name, as in containers
        return str(os.geteuid())


REASONS = {
    **dict.fromkeys(NO_SPACE, "磁盘空间不足（或超出限额）"),
    errno.EACCES: "没有读写权限",
    errno.EPERM: "没有读写权限",
    errno.EROFS: "所在磁盘是只读的",
    errno.ENOENT: "没有这个文件或文件夹",
    errno.ENOTDIR: "上一级不是文件夹",
    errno.EISDIR: "是文件夹，不是文件",
    errno.EEXIST: "已经存在，不是文件夹",
    errno.EBUSY: "正被系统占用",
    errno.EIO: "磁盘读写出错",
}
INTERRUPTED = "已中断，没有改变什么"
FULL = "磁盘空间不足（或超出限额），什么都没有改变。请清理磁盘，或联系系统管理员，然后再试一次"


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
        found = f"“{self.found}”，" if self.found else ""
        expected = f"；应为{self.expected}" if self.expected else ""
        return f"{place}：{found}{self.message}{expected}"

    def record(self) -> dict[str, str | int | None]:
        """The finding as a row of the table `rejects` (without its load_id)."""
        return asdict(self)
