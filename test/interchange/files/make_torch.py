# Writes torch.json: state_dicts of PyTorch models as safetensors in base64, an input and the output of each, and pickles
# as PyTorch saves them: python3 make_torch.py (PyTorch 1.13).
import base64
import io
import json
import pathlib
import struct

import torch
from torch import nn


def safetensors(tensors):
    """The container as its specification says, in the order of the names."""
    names = {torch.float32: "F32", torch.int64: "I64"}
    header, parts, end = {}, [], 0
    for name in sorted(tensors):
        data = tensors[name].contiguous().numpy().tobytes()
        header[name] = dict(
            dtype=names[tensors[name].dtype], shape=list(tensors[name].shape), data_offsets=[end, end + len(data)]
        )
        end += len(data)
        parts.append(data)
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


def encoded(data):
    return base64.b64encode(data).decode()


class Network(nn.Module):
    def __init__(self, compute, **modules):
        super().__init__()
        self.compute = compute
        for name, module in modules.items():
            self.add_module(name, module)

    def forward(self, x):
        return self.compute(self, x)


def case(name, model, x, channels_last=False):
    torch.manual_seed(len(name))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.5, 0.5)
        for key, buffer in model.named_buffers():
            if key.endswith("running_mean"):
                buffer.uniform_(-0.5, 0.5)
            if key.endswith("running_var"):
                buffer.uniform_(0.5, 1.5)
        model.eval()
        y = model(x)
    if channels_last:
        x = x.permute(0, *range(2, x.dim()), 1).contiguous()
        if y.dim() == 4:
            y = y.permute(0, 2, 3, 1).contiguous()
    tensor = lambda t: dict(shape=list(t.shape), data=[round(v, 7) for v in t.flatten().tolist()])
    return dict(name=name, weights=encoded(safetensors(model.state_dict())), input=tensor(x), output=tensor(y))


torch.manual_seed(1)
random = torch.randn
layer = nn.TransformerEncoderLayer(8, 2, 12, batch_first=True, dropout=0)
last = lambda m, x: m.rnn(x)[0]
cases = [
    case("dense", nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 3)), random(2, 5)),
    case(
        "convolutions",
        Network(
            lambda m, x: m.fc2(m.bn1(torch.relu(m.fc1(m.pool(torch.relu(m.bn(m.conv1(m.pad(x)))))))).flatten(1)),
            pad=nn.Identity(),
            conv1=nn.Conv2d(3, 4, 3),
            bn=nn.BatchNorm2d(4),
            pool=nn.Sequential(nn.MaxPool2d(2), nn.Flatten()),
            fc1=nn.Linear(4 * 3 * 2, 6),
            bn1=nn.BatchNorm1d(6),
            fc2=nn.Linear(6, 2),
        ),
        random(2, 3, 8, 6),
        True,
    ),
    case(
        "groups, transposed, group norm, prelu",
        nn.Sequential(
            nn.Conv2d(4, 6, (3, 2), groups=2, bias=False),
            nn.GroupNorm(3, 6),
            nn.PReLU(6),
            nn.ConvTranspose2d(6, 4, (2, 3), stride=2, groups=2),
        ),
        random(2, 4, 5, 6),
        True,
    ),
    case("lstm of two layers", Network(last, rnn=nn.LSTM(3, 4, num_layers=2, batch_first=True)), random(2, 5, 3)),
    case("gru", Network(last, rnn=nn.GRU(3, 4, batch_first=True)), random(2, 5, 3)),
    case("both ways", Network(last, rnn=nn.LSTM(3, 4, batch_first=True, bidirectional=True)), random(2, 5, 3)),
    case("simple rnn", Network(last, rnn=nn.RNN(3, 4, batch_first=True)), random(2, 5, 3)),
    case(
        "attention",
        Network(lambda m, x: m.norm(m.attention(x, x, x)[0]), attention=nn.MultiheadAttention(8, 2, batch_first=True), norm=nn.LayerNorm(8)),
        random(2, 5, 8),
    ),
    case(
        "transformer",
        Network(
            lambda m, x: m.head(m.encoder(m.embed(x))),
            embed=nn.Embedding(9, 8),
            encoder=nn.TransformerEncoder(layer, 2, nn.LayerNorm(8), enable_nested_tensor=False),
            head=nn.Linear(8, 9),
        ),
        torch.randint(9, (2, 6)),
    ),
]


def pickled(**options):
    buffer = io.BytesIO()
    torch.save(nn.Linear(2, 1).state_dict(), buffer, **options)
    return encoded(buffer.getvalue())


recording = dict(
    source=f"PyTorch {torch.__version__}, by make_torch.py",
    cases=cases,
    pickles=dict(archive=pickled(), legacy=pickled(_use_new_zipfile_serialization=False)),
)
pathlib.Path(__file__).with_name("torch.json").write_text(json.dumps(recording) + "\n")
