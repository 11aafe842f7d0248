# StyleGAN2 discriminator, architecture resnet.
import math

import torch
from torch import nn

from layers import FullyConnectedLayer, bias_act, conv2d_resample, setup_filter
from stylegan2 import channels_at


class Conv2dLayer(nn.Module):
    """Convolution with equalised learning rate, halving if down is 2, bias and activation."""

    def __init__(self, in_channels, out_channels, kernel_size, bias=True, act="lrelu", down=1, gain=1.0,
                 conv_clamp=None):
        super().__init__()
        self.act, self.down, self.padding = act, down, kernel_size // 2
        self.gain = gain * (math.sqrt(2) if act == "lrelu" else 1)
        self.clamp = None if conv_clamp is None else conv_clamp * gain
        self.register_buffer("resample_filter", setup_filter())
        self.weight_gain = 1 / math.sqrt(in_channels * kernel_size ** 2)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None

    def forward(self, x):
        w = self.weight * self.weight_gain
        x = conv2d_resample(x, w, self.resample_filter, down=self.down, padding=self.padding)
        return bias_act(x, self.bias, self.act, self.gain, self.clamp)


class DiscriminatorBlock(nn.Module):
    """fromrgb (first block only), then two convolutions beside the skip convolution; halves the side."""

    def __init__(self, tmp_channels, out_channels, img_channels, conv_clamp):
        super().__init__()
        self.fromrgb = None
        if img_channels:
            self.fromrgb = Conv2dLayer(img_channels, tmp_channels, 1, conv_clamp=conv_clamp)
        gain = math.sqrt(0.5)
        self.conv0 = Conv2dLayer(tmp_channels, tmp_channels, 3, conv_clamp=conv_clamp)
        self.conv1 = Conv2dLayer(tmp_channels, out_channels, 3, down=2, gain=gain, conv_clamp=conv_clamp)
        self.skip = Conv2dLayer(tmp_channels, out_channels, 1, bias=False, act="linear", down=2, gain=gain)

    def forward(self, x):
        if self.fromrgb is not None:
            x = self.fromrgb(x)
        y = self.skip(x)
        x = self.conv1(self.conv0(x))
        return y.add_(x)


def minibatch_std(x, group_size):
    """x [N, C, H, W] with one more channel: the mean deviation within groups of the batch."""
    n, c, h, w = x.shape
    group = min(group_size, n)
    y = x.reshape(group, -1, 1, c, h, w)
    y = y - y.mean(dim=0)
    y = (y.square().mean(dim=0) + 1e-8).sqrt()
    y = y.mean(dim=[2, 3, 4]).reshape(-1, 1, 1, 1).repeat(group, 1, h, w)
    return torch.cat([x, y], dim=1)


class Epilogue(nn.Module):
    """Maps [N, C, 4, 4] to logits [N, 1]."""

    def __init__(self, channels, mbstd_group_size, conv_clamp):
        super().__init__()
        self.mbstd_group_size = mbstd_group_size
        self.conv = Conv2dLayer(channels + 1, channels, 3, conv_clamp=conv_clamp)
        self.fc = FullyConnectedLayer(channels * 16, channels, "lrelu")
        self.out = FullyConnectedLayer(channels, 1)

    def forward(self, x):
        x = self.conv(minibatch_std(x, self.mbstd_group_size))
        return self.out(self.fc(x.flatten(1)))


class Discriminator(nn.Module):
    """Images [N, img_channels, R, R] to logits [N, 1]."""

    def __init__(self, img_resolution, channel_base=32768, channel_max=512, img_channels=3,
                 mbstd_group_size=4, conv_clamp=256):
        super().__init__()
        self.resolutions = [2 ** i for i in range(int(math.log2(img_resolution)), 2, -1)]
        for r in self.resolutions:
            tmp, out = (channels_at(side, channel_base, channel_max) for side in (r, r // 2))
            from_img = img_channels if r == img_resolution else 0
            setattr(self, f"b{r}", DiscriminatorBlock(tmp, out, from_img, conv_clamp))
        self.b4 = Epilogue(channels_at(4, channel_base, channel_max), mbstd_group_size, conv_clamp)

    def forward(self, img):
        x = img
        for r in self.resolutions:
            x = getattr(self, f"b{r}")(x)
        return self.b4(x)
