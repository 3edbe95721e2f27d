"""Every module in this folder describes families of ops; all are imported."""
import importlib
import pathlib

from .family import FAMILIES

for module in sorted(pathlib.Path(__file__).parent.glob("[a-z]*.py")):
    importlib.import_module(f".{module.stem}", __package__)

__all__ = ["FAMILIES"]
