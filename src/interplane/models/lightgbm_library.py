"""Find and open LightGBM's shared library without importing its Python package.

The package takes seconds and much memory to import; the library, opened by ctypes, takes
milliseconds. Only its documented C API is used.
"""

from __future__ import annotations

import ctypes
from functools import cache
from importlib import util
from pathlib import Path
from typing import Final

from interplane.errors import DataError, MissingExtra

__all__ = ["BrokenLibrary", "Library", "find_library", "open_library"]

_NAMES: Final = ("lib_lightgbm.so", "lib_lightgbm.dylib", "lib_lightgbm.dll")
_FOLDERS: Final = ("lib", "bin", ".")
_OPENMP: Final = ("libgomp", "libomp")


class BrokenLibrary(MissingExtra):
    """The library of an installed package that the system cannot open."""

    code = "broken-library"


def find_library(package: str = "lightgbm") -> Path:
    """Return the path of LightGBM's shared library in the folder of an installed package.

    Raises:
        MissingExtra: if the package is not installed.
    """
    spec = util.find_spec(package)
    for root in (spec.submodule_search_locations or ()) if spec else ():
        for folder in _FOLDERS:
            for name in _NAMES:
                path = Path(root) / folder / name
                if path.is_file():
                    return path
    raise MissingExtra.of("lightgbm", "LightGBM models")


class Library:
    """The functions that we call, with their C types.

    Calls that take long release the interpreter lock. The one-row call keeps it: it takes about two
    microseconds, and giving the lock away and waiting for it again takes longer than that.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._long = ctypes.CDLL(str(path))
            self._short = ctypes.PyDLL(str(path))
        except OSError as error:
            raise _cannot_open(path, error) from error
        self._last_error = self._short.LGBM_GetLastError
        self._last_error.restype = ctypes.c_char_p
        self._last_error.argtypes = []
        c, ref = ctypes, ctypes.POINTER
        self.load = self._long.LGBM_BoosterLoadModelFromString
        self.load.argtypes = [c.c_char_p, ref(c.c_int), ref(c.c_void_p)]
        self.free = self._long.LGBM_BoosterFree
        self.free.argtypes = [c.c_void_p]
        self.count_classes = self._long.LGBM_BoosterGetNumClasses
        self.count_classes.argtypes = [c.c_void_p, ref(c.c_int)]
        self.count_features = self._long.LGBM_BoosterGetNumFeature
        self.count_features.argtypes = [c.c_void_p, ref(c.c_int)]
        self.predict_matrix = self._long.LGBM_BoosterPredictForMat
        self.predict_matrix.argtypes = [
            *(c.c_void_p, c.c_void_p, c.c_int, c.c_int32, c.c_int32, c.c_int),
            *(c.c_int, c.c_int, c.c_int, c.c_char_p, ref(c.c_int64), c.c_void_p),
        ]
        self.prepare_one = self._long.LGBM_BoosterPredictForMatSingleRowFastInit
        self.prepare_one.argtypes = [
            *(c.c_void_p, c.c_int, c.c_int, c.c_int, c.c_int, c.c_int32, c.c_char_p),
            ref(c.c_void_p),
        ]
        # Without argtypes: the arguments are ctypes objects already, made once per thread.
        self.predict_one = self._short.LGBM_BoosterPredictForMatSingleRowFast
        self.free_config = self._long.LGBM_FastConfigFree
        self.free_config.argtypes = [c.c_void_p]

    def check(self, status: int, doing: str) -> None:
        """Raise what the library says went wrong, unless ``status`` is 0.

        Raises:
            DataError: with the library's own words.
        """
        if status != 0:
            said = self._last_error().decode("utf-8", "replace").strip()
            raise DataError(
                f"LightGBM failed while {doing}: {said}",
                do="Check that the model and its rows belong together",
            )


@cache
def open_library() -> Library:
    """Open the library once per process.

    Raises:
        MissingExtra: if LightGBM is not installed, or the system lacks a library that it needs.
    """
    return Library(find_library())


def _cannot_open(path: Path, error: OSError) -> BrokenLibrary:
    if any(name in str(error) for name in _OPENMP):
        return BrokenLibrary(
            f"LightGBM is installed, but the system has no OpenMP runtime for it ({error})",
            expected="the library libgomp.so.1",
            do="Install it with the system's package tool: libgomp1 on Debian and Ubuntu, libgomp on "
            "Fedora and Alpine, libomp on macOS",
            extra="lightgbm",
        )
    return BrokenLibrary(
        f"LightGBM's library {path.name} cannot be opened ({error})",
        do='Install it anew with "pip install --force-reinstall lightgbm"',
        extra="lightgbm",
    )
