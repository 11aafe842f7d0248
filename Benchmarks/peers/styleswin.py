# StyleSwin generator: double attention in plain and in shifted windows.
import torch
from torch import nn

import token_generator
from token_generator import MLP, AdaIN, linear


def window_partition(x, window):
    """x [B, H, W, C] to [B * windows, window * window, C]."""
    b, h, w, c = x.shape
    x = x.view(b, h // window, window, w // window, window, c)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(-1, window * window, c)


def window_reverse(x, window, h, w):
    """Inverse of window_partition."""
    b = x.shape[0] // (h * w // window ** 2)
    x = x.view(b, h // window, w // window, window, window, -1)
    return x.permute(0, 1, 3, 2, 4, 5).contiguous().view(b, h, w, -1)


def relative_position_index(window):
    """Row of the bias table for query and key, [window^2, window^2]: query minus key."""
    position = torch.arange(window ** 2)
    rows, columns = position // window, position % window
    dy = rows[:, None] - rows[None] + window - 1
    dx = columns[:, None] - columns[None] + window - 1
    return dy * (2 * window - 1) + dx


def shifted_window_mask(resolution, window, shift):
    """-100 between regions that were not neighbours before the shift, [windows, window^2, window^2]."""
    axis = torch.zeros(resolution)
    axis[-window:-shift] = 1
    axis[-shift:] = 2
    region = (3 * axis[:, None] + axis[None])[None, :, :, None]
    region = window_partition(region, window)[:, :, 0]
    return (region[:, None] != region[:, :, None]).float() * -100


class WindowAttention(nn.Module):
    """Attention within windows of one half of the heads."""

    def __init__(self, window, heads, head_dim):
        super().__init__()
        self.window, self.heads, self.scale = window, heads, head_dim ** -0.5
        table = torch.zeros((2 * window - 1) ** 2, heads)
        self.relative_position_bias_table = nn.Parameter(nn.init.trunc_normal_(table, std=0.02))
        self.register_buffer("relative_position_index", relative_position_index(window), persistent=False)

    def forward(self, q, k, v, mask):
        """q, k, v [B, H, W, C] to [B, H, W, C]."""
        _, h, w, c = q.shape
        q, k, v = (window_partition(t, self.window) for t in (q, k, v))
        n = self.window ** 2
        q, k, v = (t.reshape(-1, n, self.heads, c // self.heads).permute(0, 2, 1, 3) for t in (q, k, v))
        attention = (q * self.scale) @ k.transpose(-2, -1)
        bias = self.relative_position_bias_table[self.relative_position_index.view(-1)]
        attention = attention + bias.view(n, n, -1).permute(2, 0, 1).contiguous().unsqueeze(0)
        if mask is not None:
            windows = mask.shape[0]
            attention = attention.view(-1, windows, self.heads, n, n) + mask.unsqueeze(1).unsqueeze(0)
            attention = attention.view(-1, self.heads, n, n)
        x = (attention.softmax(dim=-1) @ v).transpose(1, 2).reshape(-1, n, c)
        return window_reverse(x, self.window, h, w)


class StyleSwinBlock(nn.Module):
    """x [B, R * R, C], style [B, style_dim] to [B, R * R, C]."""

    def __init__(self, resolution, dim, heads, style_dim, full_resolution=8):
        super().__init__()
        self.resolution = resolution
        window = min(resolution, full_resolution)
        self.shift = window // 2 if resolution > window else 0
        self.norm1 = AdaIN(dim, style_dim)
        self.qkv = linear(dim, 3 * dim)
        self.attn = nn.ModuleList([WindowAttention(window, heads // 2, dim // heads) for _ in range(2)])
        self.proj = linear(dim, dim)
        self.norm2 = AdaIN(dim, style_dim)
        self.mlp = MLP(dim)
        mask = shifted_window_mask(resolution, window, self.shift) if self.shift else None
        self.register_buffer("attn_mask2", mask, persistent=False)

    def forward(self, x, style):
        b, length, c = x.shape
        shortcut = x
        x = self.norm1(x.transpose(-1, -2), style).transpose(-1, -2)
        qkv = self.qkv(x).reshape(b, length, 3, c).permute(2, 0, 1, 3).contiguous()
        qkv = qkv.view(3, b, self.resolution, self.resolution, c)
        first, second = qkv[..., :c // 2], qkv[..., c // 2:]
        if self.shift:
            second = torch.roll(second, shifts=(-self.shift, -self.shift), dims=(2, 3))
        first = self.attn[0](*first.unbind(0), None)
        second = self.attn[1](*second.unbind(0), self.attn_mask2)
        if self.shift:
            second = torch.roll(second, shifts=(self.shift, self.shift), dims=(1, 2))
        x = torch.cat([first.reshape(b, length, -1), second.reshape(b, length, -1)], dim=2)
        x = shortcut + self.proj(x)
        y = self.norm2(x.transpose(-1, -2), style).transpose(-1, -2)
        return x + self.mlp(y)


def Generator(size, **settings):
    """StyleSwin generator."""
    block = lambda level, *shape: StyleSwinBlock(*shape)
    return token_generator.Generator(size, block, **settings)
