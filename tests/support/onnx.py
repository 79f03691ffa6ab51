"""Owns a network for tests, a few hundred bytes: its mask is the mean of the colours, so light pieces stand out."""


def brightness_network(side: int = 320) -> bytes:
    """ONNX by hand: one ReduceMean over the channels of a 1×3×side×side picture."""
    axes = _field(1, b"axes") + _field(8, _varint(1)) + _number(20, 7)
    keep = _field(1, b"keepdims") + _number(3, 1) + _number(20, 2)
    node = _field(1, b"in") + _field(2, b"out") + _field(4, b"ReduceMean") + _field(5, axes) + _field(5, keep)
    shapes = (_field(11, _value(b"in", (1, 3, side, side))), _field(12, _value(b"out", (1, 1, side, side))))
    graph = _field(1, node) + _field(2, b"g") + b"".join(shapes)
    opset = _field(1, b"") + _number(2, 13)
    return _number(1, 8) + _field(7, graph) + _field(8, opset)


def _value(name: bytes, shape: tuple[int, ...]) -> bytes:
    dims = b"".join(_field(1, _number(1, size)) for size in shape)
    tensor = _number(1, 1) + _field(2, dims)
    return _field(1, name) + _field(2, _field(1, tensor))


def _field(number: int, body: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(body)) + body


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)
