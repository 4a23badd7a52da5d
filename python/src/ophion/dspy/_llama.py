"""A language model in this process: llama.cpp through `xllamacpp`, one loaded model, one call at a time.

Decoding is constrained by a grammar made from the job's JSON schema, so that a small model keeps the format.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import secrets
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

from ophion.dspy._backend import Generation, Job, OneAtATime
from ophion.dspy._errors import CallCancelledError, ModelFileError
from ophion.dspy._model_file import ModelFile
from ophion.dspy._schema import bounded

CONTEXT_TOKENS = 2048
_THREADS_MAX = 4
_CLOSE_SECONDS = 5.0
_COMPACT = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}


class LlamaBackend:
    """Loads the file on the first use and keeps it for the life of the process."""

    stand_in = False

    def __init__(self, file: ModelFile) -> None:
        self.model = file.name
        self._file = file
        self._server: Any = None
        self._loading = threading.Lock()
        self._queue = OneAtATime()
        self._closed = False

    def load(self) -> None:
        """Raises `ModelFileError` when the file is cut short or not a model; a later call tries again."""
        with self._loading:
            if self._closed:
                raise CallCancelledError("the language model was closed: the process is ending")
            if self._server is None:
                self._file.check()
                self._server = _chat_server(self._file)
                close = weakref.WeakMethod(self.close)
                atexit.register(lambda: (method := close()) and method())

    def generate(self, job: Job, on_text: Callable[[str], None], cancelled: Callable[[], bool]) -> Generation:
        """Generate, handing each piece of text to `on_text` in the calling thread.

        Raises `CallCancelledError` at the next token once `cancelled()` is true, `EngineBusyError` when
        too many calls wait, and lm15's errors for what the engine refuses (a prompt too long, for one).
        """
        self.load()

        def unwanted() -> bool:
            return self._closed or cancelled()

        reader = _ChunkReader(on_text, unwanted)
        with self._queue.turn(unwanted):
            self._server.handle_chat_completions(_body(job), reader)
        return reader.generation()

    def close(self) -> None:
        """Stop what is generating and free the model, for good. Runs by itself when the process ends.

        Without it a thread that is inside native code at that moment crashes the interpreter on its way out.
        Waits at most 5 s, for a long prompt cannot be interrupted.
        """
        self._closed = True
        deadline = time.monotonic() + _CLOSE_SECONDS
        with contextlib.suppress(CallCancelledError), self._queue.turn(lambda: time.monotonic() > deadline):
            self._server = None


class _ChunkReader:
    """Receives the engine's chunks. Answering true stops the generation at that token."""

    def __init__(self, on_text: Callable[[str], None], cancelled: Callable[[], bool]) -> None:
        self._on_text = on_text
        self._cancelled = cancelled
        self._pieces: list[str] = []
        self._finish: str | None = None
        self._report: dict[str, Any] | None = None
        self._failure: BaseException | None = None

    def __call__(self, chunk: dict[str, Any]) -> bool:
        # The binding drops whatever is raised here, so it is kept and raised by generation().
        try:
            return self._accept(chunk)
        except BaseException as error:
            self._failure = error
            return True

    def _accept(self, chunk: dict[str, Any]) -> bool:
        if "error" in chunk:
            raise _refusal(chunk["error"])
        for choice in chunk.get("choices", ()):
            if text := choice.get("delta", {}).get("content"):
                self._pieces.append(text)
                self._on_text(text)
            self._finish = choice.get("finish_reason") or self._finish
        self._report = chunk.get("__verbose") or self._report
        if self._cancelled():
            raise CallCancelledError("the language model was stopped in the middle of an answer")
        return False

    def generation(self) -> Generation:
        if self._failure is not None:
            raise self._failure
        if self._finish is None or self._report is None:
            from dspy import lm15

            raise lm15.ServerError("the language model ended without an answer")
        settings = self._report["generation_settings"]
        return Generation(
            text="".join(self._pieces),
            finish_reason="length" if self._finish == "length" else "stop",
            prompt_tokens=self._report["tokens_evaluated"],
            completion_tokens=self._report["tokens_predicted"],
            received={
                # The engine computes in 32 bits: 0.9 comes back as 0.8999999761581421.
                "temperature": round(settings["temperature"], 6),
                "top_p": round(settings["top_p"], 6),
                "top_k": settings["top_k"],
                "max_tokens": settings["max_tokens"],
                "seed": settings["seed"],
                "grammar": bool(settings["grammar"]),
            },
        )


def _body(job: Job) -> dict[str, Any]:
    optional = {
        "top_p": job.top_p,
        "top_k": job.top_k,
        "presence_penalty": job.presence_penalty,
        "frequency_penalty": job.frequency_penalty,
    }
    body: dict[str, Any] = {
        "messages": job.messages,
        "max_tokens": job.max_tokens,
        "temperature": job.temperature,
        "seed": job.seed,
        "stream": True,
        # The last chunk then carries the settings that the engine ran with.
        "verbose": True,
        # A prompt cached in part is computed in other batches, and rounding then changes answers.
        "cache_prompt": False,
        **{name: value for name, value in optional.items() if value is not None},
    }
    if job.stop:
        body["stop"] = list(job.stop)
    if job.schema is not None:
        body["grammar"] = _grammar(bounded(job.schema, job.max_tokens))
    return body


def _grammar(schema: dict[str, Any]) -> str:
    import xllamacpp

    grammar: str = xllamacpp.json_schema_to_grammar(json.dumps({**schema, "x-guidance": _COMPACT}))
    return grammar


def embedding_server(file: ModelFile) -> Any:
    """The same engine, for embeddings: a text is one batch, and its vector the mean over its tokens."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    params.n_batch = params.n_ubatch = CONTEXT_TOKENS
    return _start(file, params)


def _chat_server(file: ModelFile) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.force_pure_content_parser = True
    return _start(file, params)


def _start(file: ModelFile, params: Any) -> Any:
    import xllamacpp

    params.model.path = file.path
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    params.cache_ram_mib = 0
    params.verbosity = -1
    threads = _threads()
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    # The binding always opens an HTTP listener, which we do not use. So: a socket file in a folder of our
    # own, removed once the engine is up, and a key that nobody has.
    params.api_keys = [secrets.token_hex(32)]
    folder = tempfile.mkdtemp(prefix="ophion-lm-")
    params.hostnames = [os.path.join(folder, "closed.sock")]
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        size = os.path.getsize(file.path)
        problem = f"is not a whole model: the engine refused its {size} bytes"
        raise ModelFileError(file.path, problem, file.way_out) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _threads() -> int:
    """Half of the processors, at most four. The engine's threads spin while they wait for each other: on a
    processor that others use, one more thread made an answer ten times slower, not faster."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(_THREADS_MAX, available // 2))


def _refusal(error: dict[str, Any]) -> Exception:
    from dspy import lm15

    message = str(error.get("message", error))
    if error.get("type") == "exceed_context_size_error":
        return lm15.ContextLengthError(message)  # type: ignore[no-any-return]
    kind = lm15.InvalidRequestError if error.get("code") == 400 else lm15.ServerError
    return kind(message)  # type: ignore[no-any-return]
