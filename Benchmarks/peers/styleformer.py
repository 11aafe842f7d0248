# Styleformer and Styleformer-L generators: modulated attention with explicit attention maps.
import math

import torch
from torch import nn
from torch.nn import functional as F

from layers import FullyConnectedLayer, setup_filter, upsample2d
from stylegan2 import MappingNetwork

LINFORMER_KEYS = 256
LINFORMER_FROM = 32  # pixels


def uniform(*shape, fan_in):
    """Parameter drawn uniformly from +-1 / sqrt(fan_in)."""
    return nn.Parameter((torch.rand(*shape) * 2 - 1) / math.sqrt(fan_in))


def demodulation(weight, style):
    """Weight [O, I], style [N, I] to factors [N, 1, O]."""
    w = weight.unsqueeze(0) * style.unsqueeze(1)
    return (w.square().sum(dim=2) + 1e-8).rsqrt().unsqueeze(1)


class EncoderLayer(nn.Module):
    """x [N, L, h], w [N, w_dim] to [N, L, o]."""

    def __init__(self, h_dim, out_dim, seq_length, w_dim, depth, minimum_head, conv_clamp, proj_weight):
        super().__init__()
        self.heads = max(minimum_head, h_dim // depth)
        self.conv_clamp = conv_clamp
        self.affine1 = FullyConnectedLayer(w_dim, 2 * h_dim, bias_init=1.0)
        for name, rows in [("q", h_dim), ("k", h_dim), ("v", h_dim), ("w", out_dim), ("u", out_dim)]:
            self.register_parameter(f"{name}_weight", uniform(rows, h_dim, fan_in=h_dim))
        self.bias = nn.Parameter(torch.zeros(out_dim))
        self.noise_strength = nn.Parameter(torch.zeros([]))
        self.register_buffer("noise_const", torch.randn(seq_length, 1))
        self.proj_weight = proj_weight

    def split_heads(self, x):
        n, length, c = x.shape
        return x.reshape(n, length, self.heads, c // self.heads).permute(0, 2, 1, 3)

    def forward(self, x, w):
        style_input, style_value = self.affine1(w).chunk(2, dim=1)
        x = x * style_input.unsqueeze(1)
        x = F.instance_norm(x, eps=1e-5)
        q = torch.matmul(x, self.q_weight.t()) * demodulation(self.q_weight, style_input)
        k = torch.matmul(x, self.k_weight.t()) * demodulation(self.k_weight, style_input)
        v = torch.matmul(x, self.v_weight.t()) * demodulation(self.v_weight, style_input)
        v = v * style_value.unsqueeze(1)
        q, k, v_heads = self.split_heads(q), self.split_heads(k), self.split_heads(v)
        if self.proj_weight is not None:
            k = torch.matmul(self.proj_weight, k)
            v_heads = torch.matmul(self.proj_weight, v_heads)
        attention = torch.matmul(q, k.transpose(2, 3)) * (q.shape[3] ** -0.5)
        attention = attention.softmax(dim=-1)
        y = torch.matmul(attention, v_heads).permute(0, 2, 1, 3).reshape(v.shape)
        y = torch.matmul(y, self.w_weight.t()) * demodulation(self.w_weight, style_value)
        y = y + torch.matmul(v, self.u_weight.t()) * demodulation(self.u_weight, style_value)
        y = y + self.noise_const * self.noise_strength
        y = F.leaky_relu(y + self.bias, 0.2)
        return y.clamp(-self.conv_clamp, self.conv_clamp)


class ToRGBLayer(nn.Module):
    """Modulated and demodulated linear map of x [N, L, C] to [N, L, img_channels]."""

    def __init__(self, in_channels, img_channels, w_dim):
        super().__init__()
        self.affine = FullyConnectedLayer(w_dim, in_channels, bias_init=1.0)
        self.weight = uniform(img_channels, in_channels, fan_in=in_channels)
        self.bias = nn.Parameter(torch.zeros(img_channels))

    def forward(self, x, w):
        style = self.affine(w)
        y = torch.matmul(x * style.unsqueeze(1), self.weight.t()) * demodulation(self.weight, style)
        return y + self.bias


class Block(nn.Module):
    """One encoder layer; the last of a resolution adds to the image and doubles the side."""

    def __init__(self, resolution, h_dim, out_dim, w_dim, img_channels, depth, minimum_head, conv_clamp,
                 linformer, first, is_last, is_start, grows):
        super().__init__()
        length = resolution ** 2
        self.resolution, self.is_last, self.grows = resolution, is_last, grows
        self.register_buffer("resample_filter", setup_filter())
        self.proj_weight = None
        if linformer and resolution >= LINFORMER_FROM:
            self.proj_weight = uniform(LINFORMER_KEYS, length, fan_in=length)
        self.pos_embedding = nn.Parameter(torch.zeros(1, length, h_dim)) if first else None
        self.const = nn.Parameter(torch.randn(length, h_dim)) if is_start else None
        self.enc = EncoderLayer(h_dim, out_dim, length, w_dim, depth, minimum_head, conv_clamp,
                                self.proj_weight)
        if is_last:
            self.torgb = ToRGBLayer(out_dim, img_channels, w_dim)

    def unflatten(self, x):
        return x.permute(0, 2, 1).reshape(x.shape[0], x.shape[2], self.resolution, self.resolution)

    def forward(self, x, img, w, w_rgb):
        if self.const is not None:
            x = self.const.unsqueeze(0).repeat([w.shape[0], 1, 1])
        if self.pos_embedding is not None:
            x = x + self.pos_embedding
        x = self.enc(x, w)
        if self.is_last:
            y = self.unflatten(self.torgb(x, w_rgb))
            img = y if img is None else upsample2d(img, self.resample_filter) + y
            if self.grows:
                x = upsample2d(self.unflatten(x), self.resample_filter).flatten(2).permute(0, 2, 1)
        return x, img


class SynthesisNetwork(nn.Module):
    """ws [N, num_ws, w_dim] to images [N, img_channels, R, R]."""

    def __init__(self, img_resolution, num_layers, hidden, w_dim, img_channels, depth, minimum_head,
                 conv_clamp, linformer):
        super().__init__()
        stages = len(num_layers)
        self.names = []
        for i, count in enumerate(num_layers):
            r = img_resolution // 2 ** (stages - 1 - i)
            for j in range(count):
                last = j == count - 1
                out = hidden[i + 1] if last and i + 1 < stages else hidden[i]
                block = Block(r, hidden[i], out, w_dim, img_channels, depth, minimum_head, conv_clamp,
                              linformer, j == 0, last, i == j == 0, i + 1 < stages)
                self.names.append(f"b{r}_{j}")
                setattr(self, self.names[-1], block)
        self.num_ws = len(self.names) + stages

    def forward(self, ws, trace=None):
        x = img = None
        for i, name in enumerate(self.names):
            x, img = getattr(self, name)(x, img, ws[:, i], ws[:, i + 1])
            if trace is not None:
                trace[name] = (x, img)
        return img


class Generator(nn.Module):
    """z [N, z_dim] to images [N, img_channels, R, R]."""

    def __init__(self, img_resolution, num_layers, hidden, linformer=False, z_dim=512, w_dim=512,
                 mapping_layers=2, img_channels=3, depth=32, minimum_head=1, conv_clamp=256):
        super().__init__()
        self.z_dim = z_dim
        self.synthesis = SynthesisNetwork(img_resolution, num_layers, hidden, w_dim, img_channels, depth,
                                          minimum_head, conv_clamp, linformer)
        self.mapping = MappingNetwork(z_dim, w_dim, self.synthesis.num_ws, mapping_layers)

    def forward(self, z):
        return self.synthesis(self.mapping(z))
