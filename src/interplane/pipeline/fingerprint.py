"""The fingerprint of a step: the digest of everything of the project that its function reaches."""

from __future__ import annotations

import enum
import sys
import types
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from interplane.pipeline.graph import Pipeline
from interplane.pipeline.modules import ENGINES, Elsewhere, Modules, is_editable, version_of
from interplane.pipeline.sources import Definition, SourceFile, source_file
from interplane.pipeline.values import Opaque, Writer, code_text
from interplane.record import Digest, Value, digest_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from interplane.pipeline.scopes import Read, Reads
    from interplane.pipeline.steps import Step

__all__ = ["Fingerprint", "Fingerprinted", "Fingerprinter"]


class Fingerprinted(Protocol):
    """An object that says what a step depends on when it reads the object.

    The values may be texts, numbers, containers of them, functions and classes: functions and
    classes of the project are followed in their turn.
    """

    def __fingerprint__(self) -> Mapping[str, object]:
        """Return what the object is made of, by name."""
        ...


class Fingerprint(Value, frozen=True, kw_only=True):
    """What a step's outcome may depend on besides its parameters and inputs.

    Attributes:
        code: a digest for each function, class and constant of the project that is reached, by
            qualified name.
        distributions: the version of each distribution that this code imports, by name.
        unfollowed: what could not be followed, in words.
    """

    code: dict[str, Digest]
    distributions: dict[str, str]
    unfollowed: tuple[str, ...] = ()


class _Facts(NamedTuple):
    """What one reached object is, and what it leads to."""

    name: str
    digest: Digest | None = None
    leads_to: tuple[tuple[str, Any], ...] = ()
    packages: tuple[str, ...] = ()
    unfollowed: tuple[str, ...] = ()


class _Place(NamedTuple):
    """Where names are looked up: closure, then module, then builtins."""

    name: str
    module: str
    package: str
    closure: Mapping[str, Any]
    globals: Mapping[str, Any]


_NOTHING: Final = object()


class Fingerprinter:
    """Fingerprints the steps of one project, as it is now.

    Args:
        root: the project's folder: what lies below it is the project's, but for installed
            packages.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._modules = Modules(self._root)
        self._known: dict[tuple[int, str], tuple[Any, _Facts]] = {}

    def of(self, step: Step) -> Fingerprint:
        """Return the fingerprint of a step.

        Defaults of its hyperparameters are left out: their values are parameters of the key.
        """
        code: dict[str, list[Digest]] = {}
        packages = {"python", *ENGINES}
        unfollowed: set[str] = set()
        waiting = [self._function(step.function, is_step=True)]
        seen = {(id(step.function), "")}
        while waiting:
            facts = waiting.pop()
            if facts.digest is not None:
                code.setdefault(facts.name, []).append(facts.digest)
            packages.update(facts.packages)
            unfollowed.update(facts.unfollowed)
            for name, value in facts.leads_to:
                mark = (id(value), "" if _has_a_name(value) else name)
                if mark not in seen:
                    seen.add(mark)
                    waiting.append(self._facts(name, value))
        return Fingerprint(
            code={name: _joined(digests) for name, digests in sorted(code.items())},
            distributions=self._versions(packages, unfollowed),
            unfollowed=tuple(sorted(unfollowed)),
        )

    def _versions(self, packages: Iterable[str], unfollowed: set[str]) -> dict[str, str]:
        versions: dict[str, str] = {}
        for package in packages:
            found = version_of(package)
            if found is not None:
                versions[found[0]] = found[1]
                if package not in ENGINES and package != "python" and is_editable(found[0]):
                    unfollowed.add(f"{package}: it is installed to be edited, outside the project")
            elif not _is_standard(package):
                unfollowed.add(f"{package}: neither in the project nor an installed distribution")
        return dict(sorted(versions.items()))

    def _facts(self, name: str, value: Any) -> _Facts:
        key = (id(value), "" if _has_a_name(value) else name)
        known = self._known.get(key)
        if known is None:
            # The value is kept with its facts, so that its id stays its own.
            known = self._known[key] = (value, self._look(name, value))
        return known[1]

    def _look(self, name: str, value: Any) -> _Facts:
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, types.ModuleType):
            return self._module(value)
        module = getattr(value, "__module__", None)
        if isinstance(value, types.BuiltinFunctionType):
            return _Facts(name, packages=_package(module))
        return self._constant(name, value)

    def _function(self, function: types.FunctionType | Any, *, is_step: bool = False) -> _Facts:
        module = str(function.__globals__.get("__name__") or function.__module__ or "?")
        name = f"{function.__module__ or module}.{function.__qualname__}"
        place = _place_of(function, name, module)
        wrapped = getattr(function, "__wrapped__", None)
        inside = [(f"{name}.{key}", value) for key, value in place.closure.items()]
        inside += [(name, wrapped)] if wrapped is not None else []
        if not is_step and not self._modules.is_our_code(function.__code__, module):
            # A wrapper from elsewhere: what it wraps, or dispatches to, may be the project's.
            ours = [(key, value) for key, value in inside if _may_hold_ours(value)]
            return _Facts(name, leads_to=tuple(ours), packages=_package(module))
        file = source_file(function.__code__.co_filename)
        definition = file.function(function.__code__) if file else None
        if definition is None:
            text = code_text(function.__code__)
            blind = (f"{name}: its source is not there",)
            return _Facts(name, digest_bytes(text.encode()), tuple(inside), unfollowed=blind)
        found = self._definition(definition, place)
        if is_step:
            # The key has the name of an enumeration's member; what it means stands in the class.
            kinds = [type(item) for item in (function.__kwdefaults__ or {}).values()]
            enums = tuple((_qualified(k), k) for k in kinds if issubclass(k, enum.Enum))
            return found._replace(name=name, leads_to=found.leads_to + enums)
        defaults = self._constant(name, (function.__defaults__, function.__kwdefaults__))
        return _merged(name, found, defaults, self._attributes(name, function))

    def _definition(self, definition: Definition, place: _Place) -> _Facts:
        """Follow a definition; decorators of a pipeline are its wiring and no code of the step."""
        facts = [self._reads(definition.reads, place, definition.digest)]
        for digest, reads in definition.decorators:
            roots = [_root(read, place) for read in reads.names]
            if not any(isinstance(root, Pipeline) for root in roots):
                facts.append(self._reads(reads, place, digest))
        return _merged(place.name, *facts)

    def _reads(self, reads: Reads, place: _Place, digest: Digest) -> _Facts:
        leads_to: list[tuple[str, Any]] = []
        packages: list[str] = []
        unfollowed = [f"{place.name}: {what}" for what in reads.blind]
        for read in reads.names:
            found = self._resolve(read, place)
            if not isinstance(found, Elsewhere):
                leads_to.extend(found)
            elif found.reason:
                unfollowed.append(f"{place.name}: {found.reason}")
            else:
                packages.append(found.package)
        return _Facts(place.name, digest, tuple(leads_to), tuple(packages), tuple(unfollowed))

    def _resolve(self, read: Read, place: _Place) -> tuple[tuple[str, Any], ...] | Elsewhere:
        """Return the value that is read, with its name; nothing for builtins and local names."""
        name, value, rest = self._start(read, place)
        while isinstance(value, types.ModuleType):
            package = value.__name__.partition(".")[0]
            if (value.__name__, rest[:1]) == ("importlib", ("import_module",)):
                return Elsewhere(package, "importlib.import_module")
            if not self._modules.is_ours(value.__name__):
                return Elsewhere(package)
            if not rest:
                return () if read.is_import else ((name, value),)
            name = f"{value.__name__}.{rest[0]}"
            value = getattr(value, rest[0], _NOTHING)
            value = self._modules.load(name) if value is _NOTHING else value
            rest = rest[1:]
        if isinstance(value, Elsewhere):
            return value
        return () if value is _NOTHING else ((name, value),)

    def _start(self, read: Read, place: _Place) -> tuple[str, Any, tuple[str, ...]]:
        if read.module is None:
            owner = place.name if read.path[0] in place.closure else place.module
            return f"{owner}.{read.path[0]}", _root(read, place), read.path[1:]
        name = read.module
        if read.level:
            parents = place.package.split(".")
            base = ".".join(parents[: len(parents) - read.level + 1])
            name = f"{base}.{name}".rstrip(".")
        return name, self._modules.load(name), read.path

    def _class(self, cls: type) -> _Facts:
        name = f"{cls.__module__}.{cls.__qualname__}"
        if not self._modules.is_ours(cls.__module__):
            return _Facts(name, packages=_package(cls.__module__))
        above = [(_qualified(base), base) for base in (*cls.__bases__, type(cls))]
        file = _file_of(cls.__module__)
        current = file is not None and all(file.has(code) for code in _codes_of(cls))
        definitions = file.classes(cls.__qualname__) if file and current else []
        place = _place_in(cls.__module__, name)
        facts = [self._definition(definition, place) for definition in definitions]
        if not definitions:
            facts = [self._made_class(name, cls)]
        elif "<locals>" in cls.__qualname__:
            facts.append(_Facts(name, unfollowed=(f"{name}: what its function binds",)))
        facts.append(self._attributes(name, cls))
        return _merged(name, *facts, _Facts(name, leads_to=tuple(above)))

    def _attributes(self, name: str, owner: Any) -> _Facts:
        """Follow what a class or function has as plain values, wherever they were put there."""
        found: list[_Facts] = []
        for key, value in sorted(vars(owner).items()):
            own = getattr(value, "__qualname__", "") == f"{owner.__qualname__}.{key}"
            if own or key.startswith("__") or _is_descriptor(value):
                continue  # the syntax of the class has it
            facts = self._constant(f"{name}.{key}", value)
            if not (facts.unfollowed and key.startswith("_")):
                found.append(facts)
        return _merged(name, *found)

    def _made_class(self, name: str, cls: type) -> _Facts:
        """Follow a class that no class statement made: a named tuple, an enumeration."""
        bound = self._bound(name)
        if issubclass(cls, enum.Enum):
            members = {key: member.value for key, member in cls.__members__.items()}
            return _merged(name, bound, self._constant(name, members))
        if issubclass(cls, tuple) and hasattr(cls, "_fields"):
            return _merged(name, bound, self._constant(name, cls._fields))
        methods = {k: v for k, v in vars(cls).items() if isinstance(v, types.FunctionType)}
        inside = tuple((f"{name}.{key}", value) for key, value in methods.items())
        blind = (f"{name}: its source is not there",)
        return _merged(name, bound, _Facts(name, leads_to=inside, unfollowed=blind))

    def _module(self, module: types.ModuleType) -> _Facts:
        name = module.__name__
        file = _file_of(name)
        if not self._modules.is_ours(name):
            return _Facts(name, packages=_package(name))
        if file is None:
            return _Facts(name, unfollowed=(f"{name}: its source is not there",))
        return self._definition(file.module, _place_in(name, name))

    def _constant(self, name: str, value: Any) -> _Facts:
        writer = Writer(self._root, self._modules.is_ours)
        try:
            text = writer.write(value)
        except Opaque as error:
            blind = (f"{name}: the state of {error}",)
            hidden = _Facts(name, None, ((name, type(value)),), unfollowed=blind)
            return _merged(name, self._bound(name), hidden)
        leads_to = tuple((_qualified(item), item) for item in writer.referred)
        return _Facts(name, digest_bytes(text.encode("utf-8", "surrogatepass")), leads_to)

    def _bound(self, name: str) -> _Facts:
        """Follow the statements that bind a name of a module: all that is known of what hides itself."""
        module, _, attribute = name.rpartition(".")
        file = _file_of(module) if self._modules.is_ours(module) else None
        found = file.bindings(attribute) if file else []
        if not found:
            return _Facts(name)
        place = _place_in(module, name)
        return _merged(name, *(self._definition(item, place) for item in found))


def _merged(name: str, *facts: _Facts) -> _Facts:
    digests = [item.digest for item in facts if item.digest is not None]
    return _Facts(
        name,
        digest_bytes("".join(digests).encode()) if digests else None,
        tuple(lead for item in facts for lead in item.leads_to),
        tuple(package for item in facts for package in item.packages),
        tuple(what for item in facts for what in item.unfollowed),
    )


def _joined(digests: list[Digest]) -> Digest:
    """Several objects can have one qualified name: a wrapper and what it wraps, two lambdas."""
    return digests[0] if len(digests) == 1 else digest_bytes("".join(sorted(digests)).encode())


def _has_a_name(value: Any) -> bool:
    return isinstance(value, types.FunctionType | type | types.ModuleType)


def _codes_of(cls: type) -> list[types.CodeType]:
    """Return the code of the methods that a class statement in its module's file has."""
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    codes = [v.__code__ for v in vars(cls).values() if isinstance(v, types.FunctionType)]
    return [code for code in codes if code.co_filename == file]


def _is_descriptor(value: Any) -> bool:
    return hasattr(type(value), "__get__") and not isinstance(value, types.FunctionType)


def _may_hold_ours(value: Any) -> bool:
    return _has_a_name(value) or type(value) in {dict, list, tuple}


def _qualified(value: Any) -> str:
    if isinstance(value, types.ModuleType):
        return value.__name__
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"


def _package(module: str | None) -> tuple[str, ...]:
    return (module.partition(".")[0],) if module else ()


def _is_standard(package: str) -> bool:
    return package == "__main__" or package in sys.stdlib_module_names


def _root(read: Read, place: _Place) -> Any:
    if read.module is not None:
        return _NOTHING
    name = read.path[0]
    return place.closure.get(name, place.globals.get(name, _NOTHING))


def _place_of(function: types.FunctionType, name: str, module: str) -> _Place:
    names = function.__code__.co_freevars
    closure: dict[str, Any] = {}
    for key, cell in zip(names, function.__closure__ or (), strict=True):
        try:
            closure[key] = cell.cell_contents
        except ValueError:  # not bound yet
            continue
    package = str(function.__globals__.get("__package__") or module.rpartition(".")[0])
    return _Place(name, module, package, closure, function.__globals__)


def _place_in(module: str, name: str) -> _Place:
    names = vars(sys.modules[module])
    package = str(names.get("__package__") or module.rpartition(".")[0])
    return _Place(name, module, package, {}, names)


def _file_of(module: str) -> SourceFile | None:
    file = getattr(sys.modules.get(module), "__file__", None)
    return source_file(file) if file else None
