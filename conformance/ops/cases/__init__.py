"""Every module in this folder registers cases; all are imported."""
import importlib
import pathlib

from .registry import CASES

for module in sorted(pathlib.Path(__file__).parent.glob("[a-z]*.py")):
    importlib.import_module(f".{module.stem}", __package__)

__all__ = ["CASES"]
