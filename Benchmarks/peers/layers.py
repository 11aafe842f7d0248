# Layers that several peers share: equalised linear layers, bias and activation, resampling with a FIR filter.
import math

import torch
from torch import nn
from torch.nn import functional as F

ACTIVATION_GAINS = {"linear": 1.0, "lrelu": math.sqrt(2)}


def bias_act(x, b=None, act="linear", gain=None, clamp=None):
    """act(x + b) * gain, clamped; channels in dimension 1."""
    if b is not None:
        x = x + b.reshape([1, -1] + [1] * (x.ndim - 2))
    if act == "lrelu":
        x = F.leaky_relu(x, 0.2)
    gain = ACTIVATION_GAINS[act] if gain is None else gain
    if gain != 1:
        x = x * gain
    if clamp is not None:
        x = x.clamp(-clamp, clamp)
    return x


def setup_filter(taps=(1, 3, 3, 1)):
    """Two-dimensional low-pass filter of sum 1, [taps, taps]."""
    f = torch.tensor(taps, dtype=torch.float32)
    f = f.outer(f)
    return f / f.sum()


def upfirdn2d(x, f, up=1, down=1, padding=(0, 0, 0, 0), gain=1):
    """Zero insertion, padding or cropping [x0, x1, y0, y1], convolution with f [fh, fw], decimation."""
    n, c, h, w = x.shape
    x = x.reshape(n, c, h, 1, w, 1)
    x = F.pad(x, [0, up - 1, 0, 0, 0, up - 1])
    x = x.reshape(n, c, h * up, w * up)
    x0, x1, y0, y1 = padding
    x = F.pad(x, [max(x0, 0), max(x1, 0), max(y0, 0), max(y1, 0)])
    x = x[:, :, max(-y0, 0):x.shape[2] - max(-y1, 0), max(-x0, 0):x.shape[3] - max(-x1, 0)]
    f = (f * gain).to(x.dtype).flip([0, 1])
    x = F.conv2d(x, f[None, None].repeat(c, 1, 1, 1), groups=c)
    return x[:, :, ::down, ::down]


def upsample2d(x, f, up=2):
    """Doubles the side of x [N, C, H, W]."""
    taps = f.shape[0]
    first, last = (taps + up - 1) // 2, (taps - up) // 2
    return upfirdn2d(x, f, up=up, padding=(first, last, first, last), gain=up ** 2)


def conv2d_resample(x, w, f, up=1, down=1, padding=0, groups=1, flip_weight=True):
    """Convolution with w [O, I / groups, k, k] that also doubles (up = 2) or halves (down = 2) the side.

    flip_weight: true for correlation, false for true convolution.
    """
    out, in_per_group, k, _ = w.shape
    taps = 1 if f is None else f.shape[0]
    if up == 1 and down == 1:
        w = w if flip_weight else w.flip([2, 3])
        return F.conv2d(x, w, padding=padding, groups=groups)
    if down > 1:
        first, last = padding + (taps - down + 1) // 2, padding + (taps - down) // 2
        p = (first, last, first, last)
        w = w if flip_weight else w.flip([2, 3])
        if k == 1:
            return F.conv2d(upfirdn2d(x, f, down=down, padding=p), w, groups=groups)
        return F.conv2d(upfirdn2d(x, f, padding=p), w, stride=down, groups=groups)
    first, last = padding + (taps + up - 1) // 2, padding + (taps - up) // 2
    if k == 1:
        x = F.conv2d(x, w, groups=groups)
        return upfirdn2d(x, f, up=up, padding=(first, last, first, last), gain=up ** 2)
    if groups == 1:
        w = w.transpose(0, 1)
    else:
        w = w.reshape(groups, out // groups, in_per_group, k, k).transpose(1, 2)
        w = w.reshape(groups * in_per_group, out // groups, k, k)
    w = w.flip([2, 3]) if flip_weight else w
    first, last = first - (k - 1), last - (k - up)
    cut = max(min(-first, -last), 0)
    x = F.conv_transpose2d(x, w, stride=up, padding=cut, groups=groups)
    p = (first + cut, last + cut, first + cut, last + cut)
    return upfirdn2d(x, f, padding=p, gain=up ** 2)


class FullyConnectedLayer(nn.Module):
    """Linear layer with equalised learning rate and activation, [N, I] to [N, O]."""

    def __init__(self, in_features, out_features, act="linear", lr_multiplier=1.0, bias_init=0.0):
        super().__init__()
        self.act = act
        self.weight = nn.Parameter(torch.randn(out_features, in_features) / lr_multiplier)
        self.bias = nn.Parameter(torch.full([out_features], bias_init))
        self.weight_gain = lr_multiplier / math.sqrt(in_features)
        self.bias_gain = lr_multiplier

    def forward(self, x):
        w = self.weight * self.weight_gain
        b = self.bias * self.bias_gain if self.bias_gain != 1 else self.bias
        if self.act == "linear":
            return torch.addmm(b.unsqueeze(0), x, w.t())
        return bias_act(x.matmul(w.t()), b, act=self.act)


def normalize_2nd_moment(x):
    """x [N, C] divided by the root of its mean square over C."""
    return x * (x.square().mean(dim=1, keepdim=True) + 1e-8).rsqrt()


class PixelNorm(nn.Module):
    """normalize_2nd_moment as a layer."""

    def forward(self, x):
        return normalize_2nd_moment(x)


def style_mapping(style_dim=512, n_mlp=8, lr_mlp=0.01):
    """Mapping network under the names 1 ... n_mlp, [N, style_dim] to the same shape."""
    fcs = [FullyConnectedLayer(style_dim, style_dim, "lrelu", lr_mlp) for _ in range(n_mlp)]
    return nn.Sequential(PixelNorm(), *fcs)
