# Writes numpy.json, files that NumPy itself made: python3 make_numpy.py (NumPy 1.24). Each array in base64 with its dtype,
# shape and values; arrays that are refused; archives.
import base64
import io
import json
import pathlib

import numpy as np

random = np.random.default_rng(5)


def bytes_of(write, *arrays, **options):
    buffer = io.BytesIO()
    write(buffer, *arrays, **options)
    return base64.b64encode(buffer.getvalue()).decode()


def values_of(array):
    flat = array.ravel()
    if array.dtype.kind == "f":
        return flat.astype("f8").tolist()
    return [str(int(value)) for value in flat]


def recorded(array, npy=None, dtype=None):
    return dict(
        dtype=dtype or str(array.dtype),
        shape=list(array.shape),
        values=values_of(array),
        npy=npy or bytes_of(np.save, array),
    )


arrays = {}
for code in "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8".split():
    array = random.standard_normal((2, 3)) * 20
    arrays[code] = recorded((abs(array) if code[0] == "u" else array).astype(code))
arrays["bool"] = recorded(random.random((3, 4)) > 0.5)
arrays["scalar"] = recorded(np.float32(1.5))
arrays["empty"] = recorded(np.zeros((0, 3), "f4"))
arrays["big-endian f4"] = recorded(random.standard_normal((2, 3)).astype(">f4"))
arrays["big-endian i8"] = recorded(np.arange(5).astype(">i8"))
arrays["fortran"] = recorded(np.asfortranarray(random.standard_normal((2, 3, 4)).astype("f4")))
arrays["int64 large"] = recorded(np.array([2**62 + 1, -(2**63)]))
four = np.arange(4, dtype="f4")
for version in [(2, 0), (3, 0)]:
    npy = bytes_of(np.lib.format.write_array, four, version=version)
    arrays[f"version {version[0]}"] = recorded(four, npy)
halves = np.array([0x3F80, 0xC000], dtype="u2").view("V2")
arrays["bfloat16"] = recorded(np.array([1.0, -2.0]), bytes_of(np.save, halves), "bfloat16")

refused = {
    "objects": np.array([None, {}], dtype=object),
    "texts": np.array(["a", "bc"]),
    "complex numbers": np.array([1j]),
    "records": np.zeros(2, dtype=[("a", "f4"), ("b", "i4")]),
    "dates": np.array(["2020-01-01"], dtype="M8[D]"),
}
members = dict(weights=np.arange(6, dtype="f4").reshape(2, 3), steps=np.int64(7))
recording = dict(
    source=f"NumPy {np.__version__}, by make_numpy.py",
    arrays=arrays,
    refused={name: bytes_of(np.save, array, allow_pickle=True) for name, array in refused.items()},
    archives=dict(stored=bytes_of(np.savez, **members), compressed=bytes_of(np.savez_compressed, **members)),
)
pathlib.Path(__file__).with_name("numpy.json").write_text(json.dumps(recording, indent=1) + "\n")
