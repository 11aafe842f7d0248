# StyleGAN2 generator, architecture skip: modulated weights, grouped convolutions, resampling in plain operations.
import math

import torch
from torch import nn

from layers import (FullyConnectedLayer, bias_act, conv2d_resample, normalize_2nd_moment, setup_filter,
                    upsample2d)


def modulated_conv2d(x, weight, styles, noise=None, up=1, padding=0, f=None, demodulate=True, fused=True):
    """Convolution of x [N, I, H, W] with weight [O, I, k, k] scaled by styles [N, I]."""
    n = x.shape[0]
    out, in_channels, k, _ = weight.shape
    w = dcoefs = None
    if demodulate or fused:
        w = weight.unsqueeze(0) * styles.reshape(n, 1, -1, 1, 1)
    if demodulate:
        dcoefs = (w.square().sum(dim=[2, 3, 4]) + 1e-8).rsqrt()
    if not fused:
        x = x * styles.reshape(n, -1, 1, 1)
        x = conv2d_resample(x, weight, f, up=up, padding=padding, flip_weight=up == 1)
        if demodulate:
            x = x * dcoefs.reshape(n, -1, 1, 1)
        return x if noise is None else x + noise
    if demodulate:
        w = w * dcoefs.reshape(n, -1, 1, 1, 1)
    x = x.reshape(1, -1, *x.shape[2:])
    w = w.reshape(-1, in_channels, k, k)
    x = conv2d_resample(x, w, f, up=up, padding=padding, groups=n, flip_weight=up == 1)
    x = x.reshape(n, out, *x.shape[2:])
    return x if noise is None else x + noise


class MappingNetwork(nn.Module):
    """z [N, z_dim] to ws [N, num_ws, w_dim]."""

    def __init__(self, z_dim, w_dim, num_ws, num_layers=8, lr_multiplier=0.01, w_avg_beta=0.995):
        super().__init__()
        self.num_ws, self.num_layers, self.w_avg_beta = num_ws, num_layers, w_avg_beta
        for i in range(num_layers):
            fc = FullyConnectedLayer(z_dim if i == 0 else w_dim, w_dim, "lrelu", lr_multiplier)
            setattr(self, f"fc{i}", fc)
        self.register_buffer("w_avg", torch.zeros(w_dim))

    def forward(self, z, truncation_psi=1, skip_w_avg_update=False):
        x = normalize_2nd_moment(z)
        for i in range(self.num_layers):
            x = getattr(self, f"fc{i}")(x)
        if self.training and not skip_w_avg_update:
            self.w_avg.copy_(x.detach().mean(dim=0).lerp(self.w_avg, self.w_avg_beta))
        x = x.unsqueeze(1).repeat([1, self.num_ws, 1])
        return x if truncation_psi == 1 else self.w_avg.lerp(x, truncation_psi)


class SynthesisLayer(nn.Module):
    """Modulated 3x3 convolution, noise, bias and leaky ReLU."""

    def __init__(self, in_channels, out_channels, w_dim, resolution, up=1, conv_clamp=None, use_noise=True):
        super().__init__()
        self.resolution, self.up, self.conv_clamp, self.use_noise = resolution, up, conv_clamp, use_noise
        self.register_buffer("resample_filter", setup_filter())
        self.affine = FullyConnectedLayer(w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 3, 3))
        if use_noise:
            self.register_buffer("noise_const", torch.randn(resolution, resolution))
            self.noise_strength = nn.Parameter(torch.zeros([]))
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def forward(self, x, w, noise_mode, fused):
        styles = self.affine(w)
        noise = None
        if self.use_noise and noise_mode == "random":
            shape = [x.shape[0], 1, self.resolution, self.resolution]
            noise = torch.randn(shape, dtype=x.dtype) * self.noise_strength
        if self.use_noise and noise_mode == "const":
            noise = self.noise_const * self.noise_strength
        x = modulated_conv2d(x, self.weight, styles, noise, self.up, 1, self.resample_filter, fused=fused)
        return bias_act(x, self.bias, act="lrelu", clamp=self.conv_clamp)


class ToRGBLayer(nn.Module):
    """Modulated 1x1 convolution without demodulation, and bias."""

    def __init__(self, in_channels, out_channels, w_dim, conv_clamp=None):
        super().__init__()
        self.conv_clamp = conv_clamp
        self.affine = FullyConnectedLayer(w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.weight_gain = 1 / math.sqrt(in_channels)

    def forward(self, x, w, fused):
        styles = self.affine(w) * self.weight_gain
        x = modulated_conv2d(x, self.weight, styles, demodulate=False, fused=fused)
        return bias_act(x, self.bias, clamp=self.conv_clamp)


class SynthesisBlock(nn.Module):
    """One resolution: conv0 (not at 4x4), conv1 and torgb."""

    def __init__(self, in_channels, out_channels, w_dim, resolution, img_channels, conv_clamp, use_noise):
        super().__init__()
        self.register_buffer("resample_filter", setup_filter())
        self.num_conv = 1 if in_channels == 0 else 2
        settings = dict(conv_clamp=conv_clamp, use_noise=use_noise)
        if in_channels == 0:
            self.const = nn.Parameter(torch.randn(out_channels, resolution, resolution))
        else:
            self.conv0 = SynthesisLayer(in_channels, out_channels, w_dim, resolution, up=2, **settings)
        self.conv1 = SynthesisLayer(out_channels, out_channels, w_dim, resolution, **settings)
        self.torgb = ToRGBLayer(out_channels, img_channels, w_dim, conv_clamp)

    def forward(self, x, img, ws, noise_mode):
        dtype = self.conv1.weight.dtype
        fused = not self.training and (dtype == torch.float32 or ws.shape[0] == 1)
        if x is None:
            x = self.const.unsqueeze(0).repeat([ws.shape[0], 1, 1, 1])
        else:
            x = self.conv0(x, ws[:, 0], noise_mode, fused)
        x = self.conv1(x, ws[:, self.num_conv - 1], noise_mode, fused)
        if img is not None:
            img = upsample2d(img, self.resample_filter)
        y = self.torgb(x, ws[:, self.num_conv], fused)
        return x, y if img is None else img.add_(y)


def channels_at(resolution, channel_base, channel_max):
    """Feature maps of a resolution."""
    return min(channel_base // resolution, channel_max)


class SynthesisNetwork(nn.Module):
    """ws [N, num_ws, w_dim] to images [N, img_channels, R, R]."""

    def __init__(self, w_dim, img_resolution, channel_base, channel_max, img_channels, conv_clamp, use_noise):
        super().__init__()
        self.resolutions = [2 ** i for i in range(2, int(math.log2(img_resolution)) + 1)]
        self.num_ws = 2 * len(self.resolutions)
        in_channels = 0
        for r in self.resolutions:
            out = channels_at(r, channel_base, channel_max)
            block = SynthesisBlock(in_channels, out, w_dim, r, img_channels, conv_clamp, use_noise)
            setattr(self, f"b{r}", block)
            in_channels = out

    def forward(self, ws, noise_mode="const"):
        x = img = None
        row = 0
        for r in self.resolutions:
            block = getattr(self, f"b{r}")
            x, img = block(x, img, ws[:, row:row + block.num_conv + 1], noise_mode)
            row += block.num_conv
        return img


class Generator(nn.Module):
    """z [N, z_dim] to images [N, img_channels, R, R]."""

    def __init__(self, img_resolution, z_dim=512, w_dim=512, channel_base=32768, channel_max=512,
                 num_layers=8, img_channels=3, conv_clamp=256, use_noise=True):
        super().__init__()
        self.z_dim = z_dim
        self.synthesis = SynthesisNetwork(w_dim, img_resolution, channel_base, channel_max, img_channels,
                                          conv_clamp, use_noise)
        self.mapping = MappingNetwork(z_dim, w_dim, self.synthesis.num_ws, num_layers)

    def forward(self, z, truncation_psi=1, noise_mode="const"):
        return self.synthesis(self.mapping(z, truncation_psi), noise_mode)
