# StyleNAT generator: Hydra neighbourhood attention, a kernel size and a dilation for each group of heads.
import time

import torch
from torch import nn

import token_generator
from token_generator import MLP, AdaIN, linear

# Queries a side that share one product with all keys that one of them needs; -inf hides the others. FFHQ-256 on
# two cores of 202 GFLOP/s (convolutions): 4 GFLOP/s without dilation, 9 to 23 where a dilation group has 8 x 8
# tokens. The published kernels for CPUs (NATTEN 0.14.6) reach 1.8 to 6.2 on two cores of 536 GFLOP/s.
TILE = 8


def axis_tiles(length, kernel):
    """For each tile of queries on an axis: its keys [tiles, S], and slots [tiles, T, S] of the bias.

    A slot is key - query + kernel - 1; keys outside the query's window have the slot 2 * kernel - 1.
    """
    side = TILE if length % TILE == 0 else length
    span = min(length, side + kernel - 1)
    first = torch.arange(0, length, side)
    keys = (first - kernel // 2).clamp(0, length - span)[:, None] + torch.arange(span)
    queries = first[:, None] + torch.arange(side)
    start = (queries - kernel // 2).clamp(0, length - kernel)[:, :, None]
    outside = (keys[:, None] < start) | (keys[:, None] >= start + kernel)
    slots = keys[:, None] - queries[:, :, None] + kernel - 1
    return keys, slots.masked_fill(outside, 2 * kernel - 1)


def neighborhood_attention(q, k, v, rpb, kernel, dilation):
    """Each query attends to the kernel x kernel nearest keys of its dilation group.

    q (scaled), k, v [B, h, H, W, D], rpb [h, 2 * kernel - 1, 2 * kernel - 1] to [B, h, H, W, D].
    H and W must be multiples of the dilation.
    """
    b, heads, height, width, depth = q.shape
    rows, columns = height // dilation, width // dilation

    def groups(x):
        x = x.reshape(b, heads, rows, dilation, columns, dilation, depth)
        return x.permute(0, 3, 5, 1, 2, 4, 6).reshape(-1, heads, rows, columns, depth)

    q, k, v = groups(q), groups(k), groups(v)
    keys_y, slots_y = axis_tiles(rows, kernel)
    keys_x, slots_x = axis_tiles(columns, kernel)
    tiles, side = slots_x.shape[:2]
    bias = nn.functional.pad(rpb, (0, 1, 0, 1), value=-torch.inf)
    out = []
    for y in range(len(keys_y)):
        height_of_tile, window = slots_y.shape[1], keys_y.shape[1] * keys_x.shape[1]
        queries = q[:, :, y * height_of_tile:(y + 1) * height_of_tile]
        queries = queries.reshape(-1, heads, height_of_tile, tiles, side, depth).transpose(2, 3)
        queries = queries.reshape(-1, heads, tiles, height_of_tile * side, depth)
        near_k, near_v = (
            t[:, :, keys_y[y][0]:keys_y[y][-1] + 1].index_select(3, keys_x.flatten())
            .reshape(-1, heads, keys_y.shape[1], tiles, keys_x.shape[1], depth).transpose(2, 3)
            .reshape(-1, heads, tiles, window, depth) for t in (k, v))
        near = bias[:, slots_y[y][None, :, None, :, None], slots_x[:, None, :, None, :]]
        logits = queries @ near_k.transpose(-1, -2)
        logits += near.reshape(1, heads, tiles, height_of_tile * side, window)
        x = logits.softmax(dim=-1) @ near_v
        x = x.reshape(-1, heads, tiles, height_of_tile, side, depth).transpose(2, 3)
        out.append(x.reshape(-1, heads, height_of_tile, columns, depth))
    x = torch.cat(out, dim=2).reshape(b, dilation, dilation, heads, rows, columns, depth)
    return x.permute(0, 3, 4, 1, 5, 2, 6).reshape(b, heads, height, width, depth)


class HydraNeighborhoodAttention(nn.Module):
    """x [B, H, W, C] to [B, H, W, C]; the heads are split over pairs of kernel size and dilation."""

    def __init__(self, dim, heads, kernels, dilations):
        super().__init__()
        parts = max(len(kernels), len(dilations))
        self.kernels = kernels * parts if len(kernels) == 1 else kernels
        self.dilations = dilations * parts if len(dilations) == 1 else dilations
        self.heads, self.scale = heads, (dim // heads) ** -0.5
        self.split = [heads // parts + (i >= parts - heads % parts) for i in range(parts)]
        self.qkv = linear(dim, 3 * dim)
        self.rpb = nn.ParameterList([
            nn.init.trunc_normal_(torch.zeros(h, 2 * k - 1, 2 * k - 1), std=0.02)
            for h, k in zip(self.split, self.kernels)])
        self.proj = linear(dim, dim)

    def forward(self, x):
        b, h, w, c = x.shape
        qkv = self.qkv(x).reshape(b, h, w, 3, self.heads, c // self.heads).permute(3, 0, 4, 1, 2, 5)
        q, k, v = (t.split(self.split, dim=1) for t in (qkv[0] * self.scale, qkv[1], qkv[2]))
        parts = zip(q, k, v, self.rpb, self.kernels, self.dilations)
        x = torch.cat([neighborhood_attention(*part) for part in parts], dim=1)
        return self.proj(x.permute(0, 2, 3, 1, 4).reshape(b, h, w, c))


class MHSARPB(nn.Module):
    """Full attention with relative position bias, for 4x4 maps; x [B, H, W, C]."""

    def __init__(self, dim, heads, side):
        super().__init__()
        self.heads, self.scale = heads, (dim // heads) ** -0.5
        self.qkv = linear(dim, 3 * dim)
        self.rpb = nn.Parameter(nn.init.trunc_normal_(torch.zeros(heads, 2 * side - 1, 2 * side - 1), std=0.02))
        self.proj = linear(dim, dim)
        position = torch.arange(side ** 2)
        rows, columns = position // side, position % side
        dy, dx = rows[None] - rows[:, None] + side - 1, columns[None] - columns[:, None] + side - 1
        self.register_buffer("relative_position_index", dy * (2 * side - 1) + dx, persistent=False)

    def forward(self, x):
        b, h, w, c = x.shape
        qkv = self.qkv(x).reshape(b, h * w, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        attention = (qkv[0] * self.scale) @ qkv[1].transpose(-2, -1)
        bias = self.rpb.flatten(1)[:, self.relative_position_index.flatten()]
        attention = attention + bias.reshape(1, -1, h * w, h * w)
        x = attention.softmax(dim=-1) @ qkv[2]
        return self.proj(x.transpose(1, 2).reshape(b, h, w, c))


class StyleNATBlock(nn.Module):
    """x [B, R * R, C], style [B, style_dim] to [B, R * R, C]."""

    def __init__(self, resolution, dim, heads, style_dim, kernels, dilations):
        super().__init__()
        self.resolution = resolution
        self.norm1 = AdaIN(dim, style_dim)
        if resolution == 4:
            self.attn = MHSARPB(dim, heads, resolution)
        else:
            self.attn = HydraNeighborhoodAttention(dim, heads, kernels, dilations)
        self.norm2 = AdaIN(dim, style_dim)
        self.mlp = MLP(dim)

    def forward(self, x, style):
        b, length, c = x.shape
        y = self.norm1(x.transpose(-1, -2), style).transpose(-1, -2)
        y = self.attn(y.reshape(b, self.resolution, self.resolution, c))
        x = x + y.reshape(b, length, c)
        return x + self.mlp(self.norm2(x.transpose(-1, -2), style).transpose(-1, -2))


def Generator(size, kernels, dilations, **settings):
    """StyleNAT generator; kernels and dilations list one entry a level, the first of them unused."""
    block = lambda level, *shape: StyleNATBlock(*shape, kernels[level], dilations[level])
    return token_generator.Generator(size, block, **settings)


def main():
    """Prints the rate of neighbourhood attention on the maps of FFHQ-256, two threads."""
    torch.set_num_threads(2)
    for side, heads, dilations in [(8, 16, [1]), (16, 8, [1, 2]), (32, 8, [1, 4]), (64, 8, [1, 8]),
                                   (128, 4, [1, 16]), (256, 2, [1, 32])]:
        for dilation in dilations:
            q, k, v = (torch.randn(1, side, side, heads, 32).permute(0, 3, 1, 2, 4) for _ in range(3))
            rpb = torch.randn(heads, 13, 13)
            seconds = []
            with torch.inference_mode():
                for _ in range(6):
                    start = time.perf_counter()
                    neighborhood_attention(q, k, v, rpb, 7, dilation)
                    seconds.append(time.perf_counter() - start)
            rate = 4 * side ** 2 * heads * 32 * 49 / min(seconds) / 1e9
            print(f"{side:3} pixels, {heads:2} heads of 32, dilation {dilation:2}: {rate:5.1f} GFLOP/s")


if __name__ == "__main__":
    main()
