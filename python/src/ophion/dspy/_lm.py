"""Which language model a run talks to: the local one, its stand-in, or any that DSPy knows by name.

`OPHION_LM` decides: unset or `local` is the demo's model; a path to a `.gguf` file is that model;
`stand-in` is the stand-in; anything else is a name for `dspy.LM`, such as `openai/gpt-4o-mini`.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dspy

from ophion._program_error import ProgramError
from ophion.dspy._adapter import LocalAdapter
from ophion.dspy._backend import Backend
from ophion.dspy._bindings import LM_PARAMETERS
from ophion.dspy._engine import AsyncLocalEngine, LocalEngine, Run
from ophion.dspy._listener import FieldListener
from ophion.dspy._llama import LlamaBackend
from ophion.dspy._model_file import PACKAGE, ModelFile, find_model_file
from ophion.dspy._remote import RemoteLM
from ophion.dspy._stand_in import StandInBackend

_MODELS_MAX = 4


@dataclass(frozen=True)
class LanguageModel:
    """A language model as a run uses it. `why` tells why a stand-in is used, else None."""

    model: str
    stand_in: bool = False
    why: str | None = None
    backend: Backend | None = field(default=None, repr=False)

    def load(self) -> None:
        """Load it now, so that the first call is quick. Raises `ModelFileError`; a remote one has nothing to load."""
        if self.backend is not None:
            self.backend.load()

    def check(self, options: Mapping[str, Any]) -> None:
        """Refuse an option that it cannot have. Raises `ProgramError`; what `dspy.LM` takes, that knows itself."""
        for option in options:
            if self.backend is not None and option not in LM_PARAMETERS:
                known = ", ".join(LM_PARAMETERS)
                raise ProgramError(
                    f"the language model {self.model} has no option {option!r}; it has {known}", "bad_option"
                )
            if option in ("engine", "async_engine", "callbacks"):
                raise ProgramError(f"{option!r} is no data: it cannot be an option of a program's lm", "bad_option")

    def lm(self, run: Run | None = None, **parameters: Any) -> dspy.LM:
        """An LM for DSPy with these sampling parameters, its calls recorded in `run`. DSPy's cache is off; for a remote
        one `cache=True` is an option.
        """
        run = run or Run()
        if self.backend is None:
            # DSPy's fallback library would fetch a price list from the internet when it is first used.
            os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
            return RemoteLM(self.model, run, **{"cache": False, **parameters})
        engine = LocalEngine(self.backend, run)
        return dspy.LM(
            f"local/{self.model}",
            engine=engine,
            async_engine=AsyncLocalEngine(engine),
            cache=False,
            num_retries=0,
            **parameters,
        )

    @property
    def adapter(self) -> dspy.Adapter:
        """The adapter that suits it: ours for the local one, DSPy's default for the others."""
        return LocalAdapter() if self.backend is not None else dspy.ChatAdapter()

    def listener(self, name: str, predictor: Any) -> dspy.streaming.StreamListener:
        """A listener for one output field of one predictor, for `dspy.streamify`."""
        kind = FieldListener if self.backend is not None else dspy.streaming.StreamListener
        return kind(signature_field_name=name, predict=predictor, predict_name=name, allow_reuse=True)

    def facts(self) -> dict[str, Any]:
        """What a report says of it."""
        why = {} if self.why is None else {"why": self.why}
        return {"model": self.model, "stand_in": self.stand_in, **why}


_models: dict[str, LanguageModel] = {}
_choosing = threading.Lock()


def language_model(name: str | None = None) -> LanguageModel:
    """The language model of that name, by default of `OPHION_LM`; the same object each time.

    Nothing is loaded yet. A process keeps the four it used last.
    """
    name = name or os.environ.get("OPHION_LM") or "local"
    with _choosing:
        model = _models.pop(name, None) or _choose(name)
        _models[name] = model
        while len(_models) > _MODELS_MAX:
            del _models[next(iter(_models))]
    return model


def _choose(name: str) -> LanguageModel:
    if name == "stand-in":
        return _stand_in("OPHION_LM=stand-in asks for it")
    if name != "local" and not name.endswith(".gguf"):
        return LanguageModel(model=name)
    try:
        importlib.import_module("xllamacpp")
    except ImportError as error:
        return _stand_in(f"the Python package xllamacpp cannot be loaded ({error})")
    file = ModelFile(name) if name.endswith(".gguf") else find_model_file()
    if file is None:
        return _stand_in(f"no model file of the Python package {PACKAGE} is installed")
    return LanguageModel(model=file.name, backend=LlamaBackend(file))


def _stand_in(why: str) -> LanguageModel:
    return LanguageModel(model=StandInBackend.model, stand_in=True, why=why, backend=StandInBackend())
