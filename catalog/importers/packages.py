"""A course package, folder or zip, read as hostile: nothing is unpacked, nothing leaves it.

Both kinds answer the same: the paths they hold, and bytes or text of one path. Every name and
size is checked before the first byte is read; each read is bounded again.
"""

import os
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from catalog.importers.refusals import PackageRefused

MAX_FILES = 5_000
MAX_TOTAL = 300_000_000
MAX_FILE = 25_000_000
MAX_TEXT = 2_000_000
MAX_RATIO = 200
RATIO_COUNTS_ABOVE = 1_000_000
MAX_DEPTH = 12
MAX_NAME = 240
IGNORED_FOLDERS = {".git", "__MACOSX", "node_modules", "__pycache__", ".venv"}
DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"} | {
    f"{name}{digit}" for name in ("com", "lpt") for digit in "123456789¹²³"
}


class Package:
    """What both kinds share. `name` is the folder's or file's name without its ending."""

    def __init__(self, name: str, sizes: dict[str, int]):
        self.name = name
        self.sizes = dict(sorted(sizes.items()))
        self.folders = {
            str(parent) for path in self.sizes for parent in PurePosixPath(path).parents
        } - {"."}
        self._texts: dict[str, str] = {}
        if not self.sizes:
            raise PackageRefused("The package holds no files.")
        if len(self.sizes) > MAX_FILES:
            raise PackageRefused(f"The package holds more than {MAX_FILES} files.")
        if sum(self.sizes.values()) > MAX_TOTAL:
            raise PackageRefused(f"The package is larger than {MAX_TOTAL // 1_000_000} MB.")
        seen = {}
        for path, size in self.sizes.items():
            if size > MAX_FILE:
                raise PackageRefused(f"{shown(path)} is larger than {MAX_FILE // 1_000_000} MB.")
            twin = seen.setdefault(path.casefold(), path)
            if twin != path:
                raise PackageRefused(f"{shown(path)} and {shown(twin)} differ only in case.")

    def __contains__(self, path: str) -> bool:
        return path in self.sizes

    def under(self, folder: str, ending: str = "") -> list[str]:
        """The paths below the folder with the ending, sorted by name."""
        prefix = f"{folder}/" if folder else ""
        return [path for path in self.sizes if path.startswith(prefix) and path.endswith(ending)]

    def read(self, path: str) -> bytes:
        raise NotImplementedError

    def text(self, path: str) -> str:
        """The file as text with plain line ends. Refuses what is not UTF-8 or has NUL bytes."""
        if path not in self._texts:
            if path not in self.sizes:
                raise PackageRefused(f"The package has no {shown(path)}.")
            if self.sizes[path] > MAX_TEXT:
                raise PackageRefused(f"{shown(path)} is too long for a text.")
            try:
                text = self.read(path).decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise PackageRefused(
                    f"{shown(path)} is not UTF-8 text (byte {error.start + 1})."
                ) from None
            if "\0" in text:
                raise PackageRefused(f"{shown(path)} holds a NUL byte and is not text.")
            self._texts[path] = text.replace("\r\n", "\n").replace("\r", "\n")
        return self._texts[path]


class FolderPackage(Package):
    def __init__(self, root: Path):
        self.root = root
        super().__init__(root.resolve().name, dict(self._walk()))

    def _walk(self):
        count = 0
        for folder, names, files in os.walk(self.root):
            for name in (*names, *files):
                if os.path.islink(os.path.join(folder, name)):
                    raise PackageRefused(f"{shown(name)} is a link; links are not followed.")
            names[:] = sorted(set(names) - IGNORED_FOLDERS)
            for name in files:
                place = Path(folder, name)
                path = place.relative_to(self.root).as_posix()
                status = place.lstat()
                if not stat.S_ISREG(status.st_mode):
                    raise PackageRefused(f"{shown(path)} is not a plain file.")
                count += 1
                if count > MAX_FILES:
                    raise PackageRefused(f"The package holds more than {MAX_FILES} files.")
                yield checked(path), status.st_size

    def read(self, path: str) -> bytes:
        if path not in self.sizes:
            raise PackageRefused(f"The package has no {shown(path)}.")
        try:
            handle = os.open(self.root / path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except OSError:
            raise PackageRefused(f"{shown(path)} cannot be read.") from None
        with os.fdopen(handle, "rb") as file:
            content = file.read(MAX_FILE + 1)
        if len(content) > MAX_FILE:
            raise PackageRefused(f"{shown(path)} is larger than {MAX_FILE // 1_000_000} MB.")
        return content


class ZipPackage(Package):
    """Reads straight from the archive. A single folder around everything is left out of paths."""

    def __init__(self, file, name: str):
        try:
            self.archive = zipfile.ZipFile(file)
            entries = self.archive.infolist()
        except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, EOFError, zlib.error):
            raise PackageRefused("The file is not a readable zip archive.") from None
        except (ValueError, NotImplementedError):
            raise PackageRefused("A name in the archive is not UTF-8.") from None
        if len(entries) > MAX_FILES:
            raise PackageRefused(f"The package holds more than {MAX_FILES} files.")
        found = {}
        for entry in entries:
            path = self._entry(entry)
            if path in found:
                raise PackageRefused(f"{shown(path)} occurs twice in the archive.")
            if not entry.is_dir() and not IGNORED_FOLDERS & set(path.split("/")):
                found[path] = entry
        top = {path.split("/")[0] for path in found if "/" in path}
        self._prefix = ""
        if len(top) == 1 and all("/" in path for path in found):
            self._prefix = top.pop() + "/"
        self._entries = {path.removeprefix(self._prefix): entry for path, entry in found.items()}
        super().__init__(
            self._prefix.rstrip("/") or name,
            {path: entry.file_size for path, entry in self._entries.items()},
        )

    @staticmethod
    def _entry(entry: zipfile.ZipInfo) -> str:
        name = entry.orig_filename
        if entry.flag_bits & 0x1:
            raise PackageRefused("The archive is encrypted.")
        if not entry.flag_bits & 0x800 and not name.isascii():
            raise PackageRefused("A name in the archive is not UTF-8.")
        path = checked(name.rstrip("/") if entry.is_dir() else name)
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind and kind not in (stat.S_IFREG, stat.S_IFDIR):
            raise PackageRefused(f"{shown(path)} is a link or a special file.")
        if (
            entry.file_size > RATIO_COUNTS_ABOVE
            and entry.file_size > max(entry.compress_size, 1) * MAX_RATIO
        ):
            raise PackageRefused(f"{shown(path)} is packed suspiciously small.")
        return path

    def read(self, path: str) -> bytes:
        if path not in self._entries:
            raise PackageRefused(f"The package has no {shown(path)}.")
        entry = self._entries[path]
        try:
            with self.archive.open(entry) as file:
                content = file.read(entry.file_size + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError):
            raise PackageRefused(f"{shown(path)} is damaged in the archive.") from None
        except (RuntimeError, NotImplementedError):
            raise PackageRefused(
                f"{shown(path)} is encrypted or packed in a way unknown here."
            ) from None
        if len(content) != entry.file_size:
            raise PackageRefused(f"{shown(path)} is not as long as the archive says.")
        return content


def shown(path: str) -> str:
    """The path as a message may show it: printable and short."""
    text = "".join(char if char.isprintable() else "?" for char in path)
    return text if len(text) <= 120 else f"{text[:117]}..."


def checked(path: str) -> str:
    """The path, if it is plain and stays inside on every system; else a refusal."""
    try:
        path.encode()
    except UnicodeEncodeError:
        raise PackageRefused(f"The name {shown(path)} is not UTF-8.") from None
    if not path or any(ord(char) < 32 or ord(char) == 127 for char in path):
        raise PackageRefused(f"The name {shown(path)} holds control characters.")
    parts = path.split("/")
    if path.startswith("/") or "\\" in path or ":" in parts[0] or ".." in parts:
        raise PackageRefused(f"The path {shown(path)} leads out of the package.")
    if len(parts) > MAX_DEPTH:
        raise PackageRefused(f"The path {shown(path)} is nested deeper than {MAX_DEPTH} folders.")
    if len(path) > MAX_NAME:
        raise PackageRefused(f"The path {shown(path)} is longer than {MAX_NAME} characters.")
    for part in parts:
        if part in ("", ".") or part != part.rstrip(". ") or set(part) & set('<>:"|?*'):
            raise PackageRefused(f"The path {shown(path)} is not a plain name on every system.")
        if part.split(".")[0].casefold() in DEVICES:
            raise PackageRefused(f"The path {shown(path)} names a device.")
    return path


def open_package(source, name: str = "") -> Package:
    """A folder's or zip file's path, or an open zip file with its name."""
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        if path.is_dir():
            return FolderPackage(path)
        if not path.is_file():
            raise PackageRefused(f"There is no folder or file {shown(str(path))}.")
        return ZipPackage(path, name or path.stem)
    return ZipPackage(source, name or "course")
