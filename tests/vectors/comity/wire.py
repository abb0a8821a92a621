"""The canonical encoding (docs/formats.md, "Encoding") between bytes and JSON renderings.

Each type has `put` (rendering to bytes) and `take` (bytes to rendering). A rendering is what
docs/formats.md, "JSON" shows: numbers, strings, lists, dicts, None, True, False.
"""


class Refused(Exception):
    """Bytes that are no value. `kind` is the fault as the table in "Encoding" names it."""

    def __init__(self, kind, reason):
        super().__init__(f"{kind}: {reason}")
        self.kind = kind


class Reader:
    """Takes bytes off the front."""

    def __init__(self, data):
        self.data, self.at, self.is_canonical = data, 0, True

    def left(self):
        """Bytes not yet taken."""
        return len(self.data) - self.at

    def take(self, count):
        """The next `count` bytes."""
        start, end = self.at, self.at + count
        if end > len(self.data):
            raise Refused("truncated", f"{count} bytes wanted, {self.left()} left")
        self.at = end
        return self.data[start:end]


def encode(kind, value):
    """The canonical bytes of a value."""
    return kind.put(value)


def decode(kind, data, limit):
    """The value of all of `data`."""
    if len(data) > limit:
        raise Refused("oversized", f"{len(data)} bytes, {limit} allowed")
    reader = Reader(data)
    value = kind.take(reader)
    if reader.left():
        raise Refused("trailing", f"{reader.left()} bytes")
    if not reader.is_canonical:
        raise Refused("not-canonical", "a set out of order")
    return value


class Int:
    """A fixed-width integer."""

    def __init__(self, size, signed=False):
        self.size, self.signed = size, signed

    def put(self, value):
        return value.to_bytes(self.size, "little", signed=self.signed)

    def take(self, reader):
        return int.from_bytes(reader.take(self.size), "little", signed=self.signed)


U8, U16, U32, U64, I16 = Int(1), Int(2), Int(4), Int(8), Int(2, signed=True)


class Bool:
    """True or False."""

    def put(self, value):
        return bytes([bool(value)])

    def take(self, reader):
        byte = reader.take(1)[0]
        if byte > 1:
            raise Refused("malformed", f"{byte} is no bool")
        return byte == 1


class Raw:
    """`size` bytes without a length; rendered in hexadecimal. `check` may refuse them."""

    def __init__(self, size, check=lambda data: True):
        self.size, self.check = size, check

    def put(self, value):
        data = bytes.fromhex(value)
        assert len(data) == self.size
        return data

    def take(self, reader):
        data = reader.take(self.size)
        if not self.check(data):
            raise Refused("malformed", f"{data.hex()} is not allowed here")
        return data.hex()


class Blob:
    """Bytes with their length; rendered in hexadecimal."""

    def put(self, value):
        data = bytes.fromhex(value)
        return U64.put(len(data)) + data

    def take(self, reader):
        return reader.take(U64.take(reader)).hex()


class Str:
    """A string that `check` accepts."""

    def __init__(self, check):
        self.check = check

    def put(self, value):
        data = value.encode()
        return U64.put(len(data)) + data

    def take(self, reader):
        data = reader.take(U64.take(reader))
        try:
            value = data.decode()
        except UnicodeDecodeError as error:
            raise Refused("malformed", str(error)) from error
        if not self.check(value):
            raise Refused("malformed", f"{value!r} is not allowed here")
        return value


class List:
    """Elements in a given order. `check` may refuse the whole."""

    def __init__(self, kind, check=lambda elements: True):
        self.kind, self.check = kind, check

    def put(self, value):
        return U64.put(len(value)) + b"".join(self.kind.put(element) for element in value)

    def take(self, reader):
        count = U64.take(reader)
        if count > reader.left():
            raise Refused("truncated", f"{count} elements")
        value = [self.kind.take(reader) for _ in range(count)]
        if not self.check(value):
            raise Refused("malformed", "a list that its type refuses")
        return value


class Set(List):
    """Different elements, ascending by `rank`."""

    def __init__(self, kind, rank):
        super().__init__(kind)
        self.rank = rank

    def put(self, value):
        return super().put(sorted(set(value), key=self.rank))

    def take(self, reader):
        value = super().take(reader)
        ranks = [self.rank(element) for element in value]
        reader.is_canonical &= all(a < b for a, b in zip(ranks, ranks[1:]))
        return value


class Gaps:
    """At most `limit` different numbers, ascending, as the gaps that they are; rendered as the numbers."""

    def __init__(self, limit):
        self.limit = limit

    def put(self, value):
        gaps = []
        for number in sorted(set(value)):
            if gaps and gaps[-1][1] + 1 == number:
                gaps[-1][1] = number
            else:
                gaps.append([number, number])
        return U64.put(len(gaps)) + b"".join(U64.put(end) for gap in gaps for end in gap)

    def take(self, reader):
        numbers = []
        for _ in range(U64.take(reader)):
            first, last = U64.take(reader), U64.take(reader)
            fits = first <= last and (not numbers or first > numbers[-1] + 1)
            if not fits or last - first >= self.limit - len(numbers):
                raise Refused("malformed", "gaps that do not ascend, or leave out too many")
            numbers += range(first, last + 1)
        return numbers


class Map:
    """Pairs with different keys, ascending by the keys' `rank`; rendered as a dict."""

    def __init__(self, key, value, rank):
        self.key, self.value, self.rank = key, value, rank

    def put(self, value):
        pairs = sorted(value.items(), key=lambda pair: self.rank(pair[0]))
        return U64.put(len(pairs)) + b"".join(
            self.key.put(key) + self.value.put(content) for key, content in pairs
        )

    def take(self, reader):
        count = U64.take(reader)
        if count > reader.left():
            raise Refused("truncated", f"{count} pairs")
        pairs = [(self.key.take(reader), self.value.take(reader)) for _ in range(count)]
        ranks = [self.rank(key) for key, _ in pairs]
        reader.is_canonical &= all(a < b for a, b in zip(ranks, ranks[1:]))
        return dict(pairs)


class Option:
    """A value or None."""

    def __init__(self, kind):
        self.kind = kind

    def put(self, value):
        return b"\0" if value is None else b"\1" + self.kind.put(value)

    def take(self, reader):
        byte = reader.take(1)[0]
        if byte > 1:
            raise Refused("malformed", f"{byte} is no option")
        return self.kind.take(reader) if byte else None


class Struct:
    """Fields in order. `absent` names those that JSON leaves out when there is none, or false."""

    def __init__(self, *fields, absent=()):
        self.fields, self.absent = fields, absent

    def put(self, value):
        known = {name for name, _ in self.fields}
        assert set(value) <= known, f"unknown fields {set(value) - known}"
        return b"".join(kind.put(value.get(name)) for name, kind in self.fields)

    def take(self, reader):
        taken = {name: kind.take(reader) for name, kind in self.fields}
        return {
            name: value
            for name, value in taken.items()
            if not (name in self.absent and (value is None or value is False))
        }


def take_variant(reader, variants):
    """The variant whose number comes next."""
    number = U32.take(reader)
    if number >= len(variants):
        raise Refused("malformed", f"{number} is no variant")
    return variants[number]


class Unit:
    """An enum without fields, rendered as a string."""

    def __init__(self, *names):
        self.names = names

    def put(self, value):
        return U32.put(self.names.index(value))

    def take(self, reader):
        return take_variant(reader, self.names)

    def rank(self, value):
        """The number of a variant."""
        return self.names.index(value)


class Tagged:
    """An enum whose rendering is an object with the variant's name under `tag`."""

    def __init__(self, tag, **variants):
        self.tag = tag
        self.variants = [(name.replace("_", "-"), kind) for name, kind in variants.items()]

    def put(self, value):
        fields = {name: field for name, field in value.items() if name != self.tag}
        for number, (name, kind) in enumerate(self.variants):
            if name == value[self.tag]:
                return U32.put(number) + kind.put(fields)
        raise KeyError(value[self.tag])

    def take(self, reader):
        name, kind = take_variant(reader, self.variants)
        return {self.tag: name, **kind.take(reader)}


class Outer:
    """An enum whose rendering is a name, or an object with the name above the content."""

    def __init__(self, **variants):
        self.variants = list(variants.items())

    def put(self, value):
        name, content = next(iter(value.items())) if isinstance(value, dict) else (value, None)
        for number, (known, kind) in enumerate(self.variants):
            if known == name:
                return U32.put(number) + (b"" if kind is None else kind.put(content))
        raise KeyError(name)

    def take(self, reader):
        name, kind = take_variant(reader, self.variants)
        return name if kind is None else {name: kind.take(reader)}
