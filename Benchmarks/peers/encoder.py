# Style Transformer encoder: IR-SE50 trunk, feature pyramid and three transformer decoder layers.
import torch
from torch import nn
from torch.nn import functional as F

from layers import style_mapping

STAGES = [(64, 64, 3), (64, 128, 4), (128, 256, 14), (256, 512, 3)]  # in, depth, units


class SEModule(nn.Module):
    """Channel gates from the global average of x [B, C, H, W]."""

    def __init__(self, channels, reduction=16):
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1, bias=False)
        self.relu = nn.ReLU(inplace=True)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1, bias=False)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        return x * self.sigmoid(self.fc2(self.relu(self.fc1(self.avg_pool(x)))))


class BottleneckIRSE(nn.Module):
    """Residual unit with channel gates."""

    def __init__(self, in_channels, depth, stride):
        super().__init__()
        if in_channels == depth:
            self.shortcut_layer = nn.MaxPool2d(1, stride)
        else:
            self.shortcut_layer = nn.Sequential(
                nn.Conv2d(in_channels, depth, 1, stride, bias=False), nn.BatchNorm2d(depth))
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(in_channels), nn.Conv2d(in_channels, depth, 3, 1, 1, bias=False),
            nn.PReLU(depth), nn.Conv2d(depth, depth, 3, stride, 1, bias=False), nn.BatchNorm2d(depth),
            SEModule(depth))

    def forward(self, x):
        return self.res_layer(x) + self.shortcut_layer(x)


class DecoderLayer(nn.Module):
    """Self-attention of the tokens, attention to the memory, perceptron; all [tokens, B, d_model]."""

    def __init__(self, d_model=512, nhead=4, dim_feedforward=1024, dropout=0.1):
        super().__init__()
        self.self_attn = nn.MultiheadAttention(d_model, nhead, dropout=dropout)
        self.multihead_attn = nn.MultiheadAttention(d_model, nhead, dropout=dropout)
        self.linear1 = nn.Linear(d_model, dim_feedforward)
        self.linear2 = nn.Linear(dim_feedforward, d_model)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(d_model) for _ in range(3))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x, memory):
        x = self.norm1(x + self.dropout(self.self_attn(x, x, value=x)[0]))
        x = self.norm2(x + self.dropout(self.multihead_attn(query=x, key=memory, value=memory)[0]))
        y = self.linear2(self.dropout(F.relu(self.linear1(x))))
        return self.norm3(x + self.dropout(y))


class Encoder(nn.Module):
    """Images [B, 3, 256, 256] and initial queries [B, n_styles, 512] to codes [B, n_styles, 512]."""

    def __init__(self, n_styles):
        super().__init__()
        self.z = nn.Parameter(torch.randn(1, n_styles, 512))
        self.input_layer = nn.Sequential(
            nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64), nn.PReLU(64))
        units = []
        for in_channels, depth, count in STAGES:
            units.append(BottleneckIRSE(in_channels, depth, 2))
            units += [BottleneckIRSE(depth, depth, 1) for _ in range(count - 1)]
        self.body = nn.Sequential(*units)
        self.latlayer1 = nn.Conv2d(256, 512, 1)
        self.latlayer2 = nn.Conv2d(128, 512, 1)
        self.transformerlayer_coarse = DecoderLayer()
        self.transformerlayer_medium = DecoderLayer()
        self.transformerlayer_fine = DecoderLayer()

    def pyramid(self, x):
        """Feature maps of 1/16, 1/8 and 1/4 of the image's side, 512 channels each."""
        taps = {}
        x = self.input_layer(x)
        for i, unit in enumerate(self.body):
            x = unit(x)
            taps[i] = x
        c1, c2, c3 = taps[6], taps[20], taps[23]
        enlarge = lambda a, b: F.interpolate(a, size=b.shape[2:], mode="bilinear", align_corners=True)
        p2 = enlarge(c3, c2) + self.latlayer1(c2)
        return c3, p2, enlarge(p2, c1) + self.latlayer2(c1)

    def forward(self, x, query, trace=None):
        query = query.permute(1, 0, 2)
        layers = (self.transformerlayer_coarse, self.transformerlayer_medium, self.transformerlayer_fine)
        for name, layer, memory in zip(("coarse", "medium", "fine"), layers, self.pyramid(x)):
            memory = memory.flatten(2).permute(2, 0, 1)
            query = layer(query, memory)
            if trace is not None:
                trace[f"memory_{name}"] = memory.permute(1, 0, 2)
                trace[f"query_{name}"] = query.permute(1, 0, 2)
        return query.permute(1, 0, 2)


class StyleTransformer(nn.Module):
    """Images [B, 3, 256, 256] to codes [B, n_styles, 512] without the average."""

    def __init__(self, n_styles=18):
        super().__init__()
        self.encoder = nn.ModuleDict({"module": Encoder(n_styles)})
        self.decoder = nn.ModuleDict({"module": nn.ModuleDict({"style": style_mapping()})})

    def forward(self, x, trace=None):
        encoder = self.encoder["module"]
        z = encoder.z.repeat(x.shape[0], 1, 1)
        query = self.decoder["module"]["style"](z.flatten(0, 1)).reshape(z.shape)
        if trace is not None:
            trace["query"] = query
        return encoder(x, query, trace)
