# StyleGAN generator of 2018 in PyTorch operations, with the variables' names and layouts of the TensorFlow files.
import math

import torch
from torch import nn
from torch.nn import functional as F

from layers import normalize_2nd_moment


def equalized(weight, gain=math.sqrt(2), lrmul=1.0):
    """Weight [..., I, O] scaled at run time."""
    fan_in = weight[..., 0].numel()
    return weight * (gain / math.sqrt(fan_in) * lrmul)


def conv2d(x, weight):
    """Correlation with weight [k, k, I, O], zero padding."""
    return F.conv2d(x, weight.permute(3, 2, 0, 1), padding=weight.shape[0] // 2)


def upscale2d_conv2d(x, weight):
    """Doubles the side and convolves: one transposed convolution from 128 pixels up, two steps below."""
    if x.shape[2] * 2 >= 128:
        w = F.pad(weight, [0, 0, 0, 0, 1, 1, 1, 1])
        w = w[1:, 1:] + w[:-1, 1:] + w[1:, :-1] + w[:-1, :-1]
        return F.conv_transpose2d(x, w.permute(2, 3, 0, 1), stride=2, padding=1)
    n, c, h, w = x.shape
    x = x.reshape(n, c, h, 1, w, 1).expand(n, c, h, 2, w, 2).reshape(n, c, 2 * h, 2 * w)
    return conv2d(x, weight)


def blur2d(x):
    """Depthwise [1, 2, 1] filter on both axes."""
    f = torch.tensor([1.0, 2.0, 1.0], dtype=x.dtype)
    f = f.outer(f) / 16
    return F.conv2d(x, f[None, None].repeat(x.shape[1], 1, 1, 1), padding=1, groups=x.shape[1])


def instance_norm(x):
    """Zero mean and unit mean square over the positions of each map."""
    x = x - x.mean(dim=[2, 3], keepdim=True)
    return x * (x.square().mean(dim=[2, 3], keepdim=True) + 1e-8).rsqrt()


class Generator(nn.Module):
    """z [N, latent] to images [N, 3, R, R]; all parameters lie in one flat table."""

    def __init__(self, res, fmap_base=8192, fmap_max=512, latent=512, dlatent=512, mapping_fmaps=512, layers=8):
        super().__init__()
        self.z_dim, self.layers = latent, layers
        self.res_log2 = int(math.log2(res))
        self.num_layers = 2 * self.res_log2 - 2
        nf = lambda stage: min(fmap_base // 2 ** stage, fmap_max)
        self.register_buffer("dlatent_avg", torch.zeros(dlatent))
        for i in range(layers):
            fan_in = latent if i == 0 else mapping_fmaps
            fan_out = dlatent if i == layers - 1 else mapping_fmaps
            self.add(f"G_mapping/Dense{i}/weight", torch.randn(fan_in, fan_out) / 0.01)
            self.add(f"G_mapping/Dense{i}/bias", torch.zeros(fan_out))
        for i in range(self.num_layers):
            side = 2 ** (i // 2 + 2)
            self.register_buffer(f"G_synthesis/noise{i}", torch.randn(1, 1, side, side))
        self.add("G_synthesis/4x4/Const/const", torch.ones(1, nf(1), 4, 4))
        for r in range(2, self.res_log2 + 1):
            prefix = f"G_synthesis/{2 ** r}x{2 ** r}/"
            channels, before = nf(r - 1), nf(r - 2)
            first, second = ("Const", "Conv") if r == 2 else ("Conv0_up", "Conv1")
            if r > 2:
                self.add(prefix + first + "/weight", torch.randn(3, 3, before, channels))
            self.add(prefix + second + "/weight", torch.randn(3, 3, channels, channels))
            for layer in (first, second):
                self.add(f"{prefix}{layer}/Noise/weight", torch.zeros(channels))
                self.add(f"{prefix}{layer}/bias", torch.zeros(channels))
                self.add(f"{prefix}{layer}/StyleMod/weight", torch.randn(dlatent, 2 * channels))
                self.add(f"{prefix}{layer}/StyleMod/bias", torch.zeros(2 * channels))
            lod = self.res_log2 - r
            self.add(f"G_synthesis/ToRGB_lod{lod}/weight", torch.randn(1, 1, channels, 3))
            self.add(f"G_synthesis/ToRGB_lod{lod}/bias", torch.zeros(3))

    def add(self, name, value):
        self.register_parameter(name, nn.Parameter(value))

    def mapping(self, z):
        """z to dlatents [N, num_layers, dlatent]."""
        x = normalize_2nd_moment(z)
        for i in range(self.layers):
            weight = equalized(getattr(self, f"G_mapping/Dense{i}/weight"), lrmul=0.01)
            bias = getattr(self, f"G_mapping/Dense{i}/bias")
            x = F.leaky_relu(x @ weight + bias * 0.01, 0.2)
        return x[:, None].repeat(1, self.num_layers, 1)

    def truncate(self, dlatents, psi, cutoff):
        """The first cutoff layers' dlatents moved towards the average."""
        near = self.dlatent_avg.lerp(dlatents[:, :cutoff], psi)
        return torch.cat([near, dlatents[:, cutoff:]], dim=1)

    def epilogue(self, x, dlatents, layer, index):
        """Noise, bias, leaky ReLU, instance normalisation, style."""
        get = lambda name: getattr(self, f"{layer}/{name}")
        x = x + getattr(self, f"G_synthesis/noise{index}") * get("Noise/weight").reshape(1, -1, 1, 1)
        x = F.leaky_relu(x + get("bias").reshape(1, -1, 1, 1), 0.2)
        x = instance_norm(x)
        style = dlatents[:, index] @ equalized(get("StyleMod/weight"), gain=1) + get("StyleMod/bias")
        style = style.reshape(-1, 2, x.shape[1], 1, 1)
        return x * (style[:, 0] + 1) + style[:, 1]

    def synthesis(self, dlatents):
        """Dlatents to images of the full resolution."""
        x = getattr(self, "G_synthesis/4x4/Const/const").repeat(dlatents.shape[0], 1, 1, 1)
        x = self.epilogue(x, dlatents, "G_synthesis/4x4/Const", 0)
        x = conv2d(x, equalized(getattr(self, "G_synthesis/4x4/Conv/weight")))
        x = self.epilogue(x, dlatents, "G_synthesis/4x4/Conv", 1)
        for r in range(3, self.res_log2 + 1):
            prefix = f"G_synthesis/{2 ** r}x{2 ** r}/"
            x = blur2d(upscale2d_conv2d(x, equalized(getattr(self, prefix + "Conv0_up/weight"))))
            x = self.epilogue(x, dlatents, prefix + "Conv0_up", 2 * r - 4)
            x = conv2d(x, equalized(getattr(self, prefix + "Conv1/weight")))
            x = self.epilogue(x, dlatents, prefix + "Conv1", 2 * r - 3)
        weight = equalized(getattr(self, "G_synthesis/ToRGB_lod0/weight"), gain=1)
        return conv2d(x, weight) + getattr(self, "G_synthesis/ToRGB_lod0/bias").reshape(1, -1, 1, 1)

    def forward(self, z):
        return self.synthesis(self.mapping(z))
