# Writes keras.json: an .h5 and a .keras file in base64 as Keras lays them out, by h5py and NumPy alone, with an input and the
# output that NumPy computes: python3 make_keras.py (h5py 3.7, NumPy 1.24). Layouts: keras/src/saving/saving_lib.py and
# keras/src/legacy/saving/legacy_h5_format.py of Keras 3, and what Keras 2 wrote: arrays of fixed-length texts, float16 tensors, names of weights in several attributes.
import base64
import io
import json
import pathlib
import zipfile

import h5py
import numpy as np

random = np.random.default_rng(3)
kernel, bias = random.standard_normal((4, 5)).astype("f4"), random.standard_normal(5).astype("f4")
gamma, beta = random.standard_normal(5).astype("f4"), random.standard_normal(5).astype("f4")
mean, variance = random.standard_normal(5).astype("f4"), random.random(5).astype("f4") + 1
last, last_bias = random.standard_normal((5, 2)).astype("f2"), random.standard_normal(2).astype("f2")
x = random.standard_normal((3, 4)).astype("f4")
hidden = np.tanh(x @ kernel + bias)
normal = (hidden - mean) / np.sqrt(variance + 1e-3) * gamma + beta
y = normal @ last.astype("f4") + last_bias.astype("f4")


def layer(class_name, config, **more):
    return dict(class_name=class_name, config=config, **more)


def layer3(class_name, config, module="keras.layers", **more):
    return dict(module=module, class_name=class_name, config=config, registered_name=None, **more)


glorot = layer("GlorotUniform", {"seed": None})
legacy_config = layer(
    "Sequential",
    dict(
        name="sequential",
        layers=[
            layer("InputLayer", dict(batch_input_shape=[None, 4], dtype="float32", sparse=False, ragged=False, name="input_1")),
            layer("Dense", dict(name="dense", trainable=True, dtype="float32", units=5, activation="tanh", use_bias=True, kernel_initializer=glorot, bias_initializer=layer("Zeros", {}), kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, kernel_constraint=None, bias_constraint=None)),
            layer("BatchNormalization", dict(name="batch_normalization", trainable=True, dtype="float32", axis=[1], momentum=0.99, epsilon=0.001, center=True, scale=True)),
            layer("Dropout", dict(name="dropout", trainable=True, dtype="float32", rate=0.5, noise_shape=None, seed=None)),
            layer("Dense", dict(name="dense_1", trainable=True, dtype="float32", units=2, activation="linear", use_bias=True)),
        ],
    ),
)
weights = {
    "dense": {"dense/kernel:0": kernel, "dense/bias:0": bias},
    "batch_normalization": {
        "batch_normalization/gamma:0": gamma,
        "batch_normalization/beta:0": beta,
        "batch_normalization/moving_mean:0": mean,
        "batch_normalization/moving_variance:0": variance,
    },
    "dropout": {},
    "dense_1": {"dense_1/kernel:0": last, "dense_1/bias:0": last_bias},
}


def legacy(compressed=False):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["keras_version"] = b"2.15.0"
        file.attrs["backend"] = b"tensorflow"
        file.attrs["model_config"] = json.dumps(legacy_config).encode()
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name in weights]
        for name, values in weights.items():
            inner = group.create_group(name)
            names = [key.encode() for key in values]
            if name == "batch_normalization":
                # As for a layer with more names than an attribute can hold.
                inner.attrs["weight_names0"], inner.attrs["weight_names1"] = names[:1], names[1:]
            else:
                inner.attrs["weight_names"] = np.array(names, dtype="S16") if names else np.zeros(0)
            for key, value in values.items():
                options = dict(compression="gzip", chunks=(2, 2)) if compressed and value.ndim == 2 else {}
                inner.create_dataset(key, data=value, **options)
    return buffer.getvalue()


def tensor3(name, shape):
    return layer("__keras_tensor__", dict(shape=shape, dtype="float32", keras_history=[name, 0, 0]))


def node(name, shape):
    return [dict(args=[tensor3(name, shape)], kwargs={})]


def archive():
    policy = layer3("DTypePolicy", {"name": "float32"}, "keras")
    glorot3 = layer3("GlorotUniform", {"seed": None}, "keras.initializers")
    config = layer3(
        "Functional",
        dict(
            name="functional",
            trainable=True,
            layers=[
                layer3("InputLayer", dict(batch_shape=[None, 4], dtype="float32", sparse=False, name="x y"), name="x y", inbound_nodes=[]),
                layer3("Dense", dict(name="dense", trainable=True, dtype=policy, units=5, activation="tanh", use_bias=True, kernel_initializer=glorot3), build_config=dict(input_shape=[None, 4]), name="dense", inbound_nodes=node("x y", [None, 4])),
                layer3("BatchNormalization", dict(name="norm", trainable=True, dtype=policy, axis=-1, momentum=0.99, epsilon=0.001), name="norm", inbound_nodes=node("dense", [None, 5])),
                layer3("Dense", dict(name="out/1", trainable=False, dtype=policy, units=2, activation="linear"), name="out/1", inbound_nodes=node("norm", [None, 5])),
            ],
            input_layers=["x y", 0, 0],
            output_layers=["out/1", 0, 0],
        ),
        "keras",
    )
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.create_group("vars")
        for path, values in {
            "dense": [kernel, bias],
            "batch_normalization": [gamma, beta, mean, variance],
            "dense_1": [last, last_bias],
        }.items():
            group = file.create_group(f"layers/{path}").create_group("vars")
            for i, value in enumerate(values):
                group[str(i)] = value
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as members:
        members.writestr("metadata.json", json.dumps(dict(keras_version="3.8.0", date_saved="2025-01-01@00:00:00")))
        members.writestr("config.json", json.dumps(config))
        members.writestr("model.weights.h5", buffer.getvalue())
    return zipped.getvalue()


recording = dict(
    source=f"h5py {h5py.__version__}, NumPy {np.__version__}, by make_keras.py",
    input=dict(shape=list(x.shape), data=x.ravel().tolist()),
    output=dict(shape=list(y.shape), data=y.ravel().tolist()),
    compressed=base64.b64encode(legacy(True)).decode(),
    files=dict(h5=base64.b64encode(legacy()).decode(), keras=base64.b64encode(archive()).decode()),
)
pathlib.Path(__file__).with_name("keras.json").write_text(json.dumps(recording) + "\n")
