# What StyleSwin and StyleNAT share: AdaIN, perceptron, upsampling, toRGB and the generator around their blocks.
import math

import torch
from torch import nn
from torch.nn import functional as F

from layers import FullyConnectedLayer, setup_filter, style_mapping, upsample2d

CHANNEL_STEPS = {64: 256, 128: 128, 256: 64, 512: 32, 1024: 16}


def linear(in_features, out_features, bias=True):
    """Linear layer, truncated normal of deviation 0.02."""
    layer = nn.Linear(in_features, out_features, bias=bias)
    nn.init.trunc_normal_(layer.weight, std=0.02)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer


class AdaIN(nn.Module):
    """Instance normalisation of x [B, C, N], scaled and shifted by style [B, style_dim]."""

    def __init__(self, dim, style_dim):
        super().__init__()
        self.style = FullyConnectedLayer(style_dim, 2 * dim)

    def forward(self, x, style):
        gamma, beta = self.style(style).unsqueeze(-1).chunk(2, dim=1)
        return gamma * F.instance_norm(x, eps=1e-5) + beta


class MLP(nn.Module):
    """Linear, GELU, linear."""

    def __init__(self, dim, mlp_ratio=4):
        super().__init__()
        self.fc1 = linear(dim, mlp_ratio * dim)
        self.fc2 = linear(mlp_ratio * dim, dim)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


def sinusoidal_grid(channels, side):
    """Positional code [1, channels, side, side]: columns in the first half, rows in the second."""
    per_axis = channels // 2
    half = per_axis // 2
    frequency = torch.exp(torch.arange(half, dtype=torch.float32) * -(math.log(10000) / (half - 1)))
    angle = torch.arange(1, side + 1, dtype=torch.float32)[:, None] * frequency[None]
    code = torch.cat([angle.sin(), angle.cos()], dim=1).t()
    columns = code[:, None, :].expand(-1, side, -1)
    rows = code[:, :, None].expand(-1, -1, side)
    return torch.cat([columns, rows], dim=0)[None]


class Upsample(nn.Module):
    """Bilinear doubling of tokens x [B, R * R, C], layer norm, linear map, scaled positional code."""

    def __init__(self, resolution, dim, out_dim):
        super().__init__()
        self.resolution = resolution
        self.norm = nn.LayerNorm(dim)
        self.reduction = linear(dim, out_dim, bias=False)
        self.alpha = nn.Parameter(torch.zeros(1))
        grid = sinusoidal_grid(out_dim, 2 * resolution).flatten(2).permute(0, 2, 1)
        self.register_buffer("grid", grid.contiguous(), persistent=False)

    def forward(self, x):
        b, _, c = x.shape
        x = x.permute(0, 2, 1).reshape(b, c, self.resolution, self.resolution)
        x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
        x = x.permute(0, 2, 3, 1).reshape(b, -1, c)
        return self.reduction(self.norm(x)) + self.grid * self.alpha


class ToRGB(nn.Module):
    """1x1 convolution with two biases, plus the image so far."""

    def __init__(self, in_channels, grows):
        super().__init__()
        self.grows = grows
        self.bias = nn.Parameter(torch.zeros(1, 3, 1, 1))
        self.conv = nn.Conv2d(in_channels, 3, 1)
        self.register_buffer("kernel", setup_filter(), persistent=False)

    def forward(self, x, skip):
        out = self.conv(x) + self.bias
        if skip is None:
            return out
        return out + (upsample2d(skip, self.kernel) if self.grows else skip)


class Level(nn.Module):
    """Two blocks of one resolution and, but for the last, the upsampling."""

    def __init__(self, blocks, upsample):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)
        self.upsample = upsample

    def forward(self, x, styles):
        for i, block in enumerate(self.blocks):
            x = block(x, styles[:, i])
        return x if self.upsample is None else self.upsample(x)


class Generator(nn.Module):
    """z [N, style_dim] to images [N, 3, size, size].

    make_block(level, resolution, dim, heads, style_dim) gives one transformer block.
    """

    def __init__(self, size, make_block, min_heads=4, style_dim=512, n_mlp=8, channel_multiplier=2,
                 base_channels=512):
        super().__init__()
        self.z_dim = style_dim
        resolutions = [2 ** i for i in range(2, int(math.log2(size)) + 1)]
        dims = [base_channels if r < 64 else CHANNEL_STEPS[r] * channel_multiplier for r in resolutions]
        self.n_latent = 2 * len(resolutions)
        self.style = style_mapping(style_dim, n_mlp)
        self.input = nn.ParameterDict({"input": nn.Parameter(torch.randn(1, dims[0], 4, 4))})
        self.layers, self.to_rgbs = nn.ModuleList(), nn.ModuleList()
        for i, (r, dim) in enumerate(zip(resolutions, dims)):
            last = i == len(dims) - 1
            out = dim if last else dims[i + 1]
            blocks = [make_block(i, r, dim, max(dim // 32, min_heads), style_dim) for _ in range(2)]
            self.layers.append(Level(blocks, None if last else Upsample(r, dim, out)))
            self.to_rgbs.append(ToRGB(out, grows=not last))

    def synthesis(self, ws, trace=None):
        """ws [N, n_latent, style_dim] to images."""
        x = self.input["input"].repeat(ws.shape[0], 1, 1, 1).flatten(2).permute(0, 2, 1)
        img = None
        for i, (level, to_rgb) in enumerate(zip(self.layers, self.to_rgbs)):
            x = level(x, ws[:, 2 * i:2 * i + 2])
            if trace is not None:
                trace[f"layer{i}"] = x
            side = math.isqrt(x.shape[1])
            img = to_rgb(x.permute(0, 2, 1).reshape(x.shape[0], -1, side, side), img)
        return img

    def map(self, z):
        """z to ws: the same w in all slots."""
        return self.style(z).unsqueeze(1).repeat(1, self.n_latent, 1)

    def forward(self, z):
        return self.synthesis(self.map(z))
