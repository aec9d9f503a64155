"""An extraction as a Python script: the request exactly as it was sent, and a pydantic model for its answer. Pure."""

import json
import keyword
import re
from collections.abc import Iterator
from itertools import chain, count
from typing import Any

from chat_core.wire import Expression, python_literal

ROOT_CLASS = "Extracted"
# Schemas come from strangers: one that is nested without end is written as ``Any`` below this.
_DEEPEST = 30
# Schemas within the schema that are looked at; references to references can multiply without end.
_MOST_WORK = 5_000
_SCALARS = {"string": "str", "number": "float", "integer": "int", "boolean": "bool", "null": "None"}
_FORMATS = {"date": "datetime.date", "date-time": "datetime.datetime", "time": "datetime.time", "uuid": "uuid.UUID"}
# Names that a model has already, or that its annotations use: an attribute would hide them.
_TAKEN = frozenset(
    {
        *("copy", "dict", "json", "schema", "construct", "validate", "parse_obj", "parse_raw", "from_orm", "fields"),
        *("datetime", "uuid", "Any", "Literal", "Field", "list"),
        *keyword.kwlist,
        *_SCALARS.values(),
    }
)
_IMPORTED = frozenset({"BaseModel", "Field", "TypeAdapter", "Any", "Literal", "OpenAI", "Path", "UUID"})


def as_code(body: dict[str, Any], base_url: str, schema: dict[str, Any], pictures: tuple[str, ...] = ()) -> str:
    """A script with the ``openai`` and ``pydantic`` packages that does the same as the request ``body``.

    ``schema``: what the answer is checked against.  ``pictures``: the file names of the pictures in the body, in their
    order; the script reads them from there instead of carrying them. The key is read from the environment.
    """
    body = {name: value for name, value in body.items() if name not in ("stream", "stream_options")}
    names = list(pictures)
    body["messages"] = _with_files(body["messages"], names)
    carries = len(names) < len(pictures)
    models = _Models(schema)
    arguments = "".join(f"    {name}={python_literal(value)},\n" for name, value in body.items())
    parts = [
        models.imports(pictures=carries),
        models.source,
        *([_DATA_URL] if carries else []),
        f'client = OpenAI(base_url={base_url!r}, api_key=os.environ.get("OPENAI_API_KEY") or "not-needed")\n'
        f"completion = client.chat.completions.create(\n{arguments})\n"
        "answer = completion.choices[0].message.content\n"
        f"extracted = {models.read}\n"
        "print(extracted)\n"
        "print(completion.usage)\n",
    ]
    return "\n\n".join(part.strip("\n") + "\n" for part in parts if part)


_DATA_URL = """def data_url(path: str) -> str:
    kind = mimetypes.guess_type(path)[0] or "image/png"
    return f"data:{kind};base64,{base64.b64encode(Path(path).read_bytes()).decode()}"
"""


def _with_files(value: Any, names: list[str]) -> Any:
    """The messages with each picture's data replaced by what reads it from its file; takes used names off the list."""
    if isinstance(value, list):
        return [_with_files(item, names) for item in value]
    if not isinstance(value, dict):
        return value
    url = value.get("url")
    if isinstance(url, str) and url.startswith("data:image/") and names:
        return value | {"url": Expression(f"data_url({names.pop(0)!r})")}
    return {key: _with_files(item, names) for key, item in value.items()}


class _Models:
    """The classes of one schema. ``source``: their text.  ``read``: what makes the answer a value of theirs."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._root = schema
        self._left = _MOST_WORK
        # An attribute of a class's name would hide it from the annotations below.
        self._keys = set(_keys(schema))
        self._classes: dict[str, str] = {}
        # Definitions that have a class by now, or are about to.
        self._of_ref: dict[str, str] = {}
        self._used: set[str] = set()
        # Of the classes of one name: the number that the next may have.
        self._numbers: dict[str, int] = {}
        root = self._type(schema, ROOT_CLASS, 0)
        self.source = "\n\n".join(text.strip("\n") + "\n" for text in self._classes.values())
        if root in self._classes:
            self.read = f"{root}.model_validate_json(answer)"
        else:
            self._used.add("TypeAdapter")
            self.read = f"TypeAdapter({root}).validate_json(answer)"

    def imports(self, *, pictures: bool) -> str:
        plain = ["base64", "mimetypes"] if pictures else []
        plain += sorted(self._used & {"datetime", "uuid"})
        lines = [f"import {name}" for name in sorted([*plain, "os"])]
        by_module: dict[str, list[str]] = {"pathlib": ["Path"]} if pictures else {}
        if typing := sorted(self._used & {"Any", "Literal"}):
            by_module["typing"] = typing
        lines += [f"from {module} import {', '.join(names)}" for module, names in sorted(by_module.items())]
        pydantic = sorted(self._used & {"BaseModel", "Field", "TypeAdapter"})
        return "\n".join([*lines, "", "from openai import OpenAI", f"from pydantic import {', '.join(pydantic)}", ""])

    def _type(self, schema: Any, name: str, depth: int) -> str:
        """The annotation of a schema; classes that it needs are made on the way."""
        self._left -= 1
        if not isinstance(schema, dict) or depth > _DEEPEST or self._left < 0:
            return self._any()
        if isinstance(ref := schema.get("$ref"), str):
            return self._referred(ref, name, depth)
        if "const" in schema:
            return self._literal([schema["const"]])
        if isinstance(schema.get("enum"), list):
            return self._literal(schema["enum"])
        ways = schema.get("anyOf", schema.get("oneOf"))
        if isinstance(ways, list) and ways:
            return _union([self._type(way, name, depth + 1) for way in ways])
        kinds = schema.get("type", "object" if "properties" in schema else None)
        listed = kinds if isinstance(kinds, list) and kinds else [kinds]
        return _union([self._of_kind(kind, schema, name, depth) for kind in listed])

    def _of_kind(self, kind: Any, schema: dict[str, Any], name: str, depth: int) -> str:
        if kind == "array":
            return f"list[{self._type(schema.get('items', True), _singular(name), depth + 1)}]"
        if kind == "object" and isinstance(schema.get("properties"), dict) and schema["properties"]:
            return self._class(schema, name, depth)
        if kind == "object":
            return f"dict[str, {self._any()}]"
        if kind == "string" and (moment := _FORMATS.get(str(schema.get("format")))):
            self._used.add(moment.partition(".")[0])
            return moment
        return _SCALARS.get(kind) or self._any() if isinstance(kind, str) else self._any()

    def _any(self) -> str:
        self._used.add("Any")
        return "Any"

    def _literal(self, values: list[Any]) -> str:
        """``Literal`` takes texts, whole numbers, truth values and None; anything else is left to the schema."""
        if not values or not all(value is None or isinstance(value, str | int) for value in values):
            return self._any()
        self._used.add("Literal")
        return f"Literal[{', '.join(map(repr, values))}]"

    def _referred(self, ref: str, name: str, depth: int) -> str:
        if ref in ("", "#"):
            return f'"{ROOT_CLASS}"'
        if ref in self._of_ref:
            return f'"{self._of_ref[ref]}"'
        target: Any = self._root
        for step in ref.removeprefix("#").strip("/").split("/"):
            target = target.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(target, dict) else None
        if not isinstance(target, dict) or not ref.startswith("#"):
            return self._any()
        wanted = self._free(_class_name(ref.rpartition("/")[2]) or name)
        if isinstance(target.get("properties"), dict) and target["properties"]:
            self._of_ref[ref] = wanted
        return self._type(target, wanted, depth + 1)

    def _class(self, schema: dict[str, Any], name: str, depth: int) -> str:
        name = name if name in self._of_ref.values() and name not in self._classes else self._free(name)
        self._classes[name] = ""
        self._used.add("BaseModel")
        listed = schema["required"] if isinstance(schema.get("required"), list) else []
        required = {name for name in listed if isinstance(name, str)}
        lines = [f"class {name}(BaseModel):"]
        if isinstance(told := schema.get("description"), str) and told.strip():
            lines += [f"    {json.dumps(told, ensure_ascii=False)}", ""]
        attributes: set[str] = set()
        for key, child in schema["properties"].items():
            lines.append(self._attribute(str(key), child, attributes, depth, required=key in required))
        # Below the classes that it uses: an annotation is read when the class is made.
        del self._classes[name]
        self._classes[name] = "\n".join(lines)
        return name

    def _attribute(self, key: str, schema: Any, taken: set[str], depth: int, *, required: bool) -> str:
        annotation = self._type(schema, self._free(_class_name(key) or "Part"), depth + 1)
        annotation = annotation if required else _union([annotation, "None"])
        told = schema.get("description") if isinstance(schema, dict) else None
        attribute = _attribute_name(key, taken)
        taken.add(attribute)
        options = [] if required else ["default=None"]
        if attribute != key:
            options.append(f"alias={json.dumps(key, ensure_ascii=False)}")
        if isinstance(told, str) and told.strip():
            options.append(f"description={json.dumps(told, ensure_ascii=False)}")
        if not options:
            return f"    {attribute}: {annotation}"
        if options == ["default=None"]:
            return f"    {attribute}: {annotation} = None"
        self._used.add("Field")
        return f"    {attribute}: {annotation} = Field({', '.join(options)})"

    def _free(self, name: str) -> str:
        """A name that no class has yet; the ones that are imported are taken."""
        referred = set(self._of_ref.values())
        taken = (_IMPORTED, self._keys, self._classes, referred)
        for free in (name, f"{name}Model"):
            if not any(free in each for each in taken):
                return free
        # No name becomes free again.
        number = self._numbers.get(name, 2)
        while any(f"{name}{number}" in each for each in taken):
            number += 1
        self._numbers[name] = number
        return f"{name}{number}"


def _keys(value: Any) -> Iterator[str]:
    """All keys of a schema, those of properties among them."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield from item
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item


def _union(kinds: list[str]) -> str:
    each = dict.fromkeys(part for kind in kinds for part in _parts(kind))
    # None last, as one writes it.
    ordered = [kind for kind in each if kind != "None"] + (["None"] if "None" in each else [])
    if len(ordered) > 1 and any(part.startswith('"') for part in ordered):
        # A name in quotes takes no part in "|": the whole is quoted.
        return '"' + " | ".join(part.strip('"') for part in ordered) + '"'
    return " | ".join(ordered)


def _parts(kind: str) -> list[str]:
    """The members of a union, so far as they can be told apart without looking into brackets and quotes."""
    if kind.startswith('"') and " | " in kind:
        return [f'"{part}"' if part != "None" else part for part in kind.strip('"').split(" | ")]
    if "[" not in kind:
        return kind.split(" | ")
    return [kind.removesuffix(" | None"), "None"] if kind.endswith(" | None") else [kind]


def _class_name(key: str) -> str:
    """A key as the name of a class; empty where no letter of it can stand in one."""
    name = "".join(word[:1].upper() + word[1:] for word in re.split(r"[\W_]+", key))
    return name if name.isidentifier() and not keyword.iskeyword(name) else ""


def _singular(name: str) -> str:
    return name[:-1] if len(name) > 3 and name.endswith("s") and not name.endswith("ss") else name


def _attribute_name(key: str, taken: set[str]) -> str:
    """A key as the name of an attribute: as it is, if that is possible."""
    name = re.sub(r"\W", "_", key).strip("_") or "value"
    name = name if name.isidentifier() else f"field_{name}"
    if name in _TAKEN or name.startswith("model_"):
        name = f"{name}_"
    names = chain((name,), (f"{name}_{number}" for number in count(2)))
    return next(free for free in names if free not in taken)
