# The four phases of a StyleGAN2 training iteration: Gmain, Greg (path length), Dmain, Dreg (R1).
import math

import torch
from torch.nn import functional as F

PHASES = ("Gmain", "Greg", "Dmain", "Dreg")


class Loss:
    """Gradients of each phase; statistics of the last phase are in stats."""

    def __init__(self, G, D, r1_gamma, style_mixing_prob=0.9, pl_weight=2, pl_decay=0.01, pl_batch_shrink=2):
        self.G, self.D, self.r1_gamma, self.style_mixing_prob = G, D, r1_gamma, style_mixing_prob
        self.pl_weight, self.pl_decay, self.pl_batch_shrink = pl_weight, pl_decay, pl_batch_shrink
        self.pl_mean = torch.zeros([])
        self.stats = {}

    def run_G(self, z):
        """Images and ws of z, with style mixing."""
        ws = self.G.mapping(z)
        if self.style_mixing_prob > 0:
            cutoff = torch.randint(1, ws.shape[1], []).item()
            if torch.rand([]) >= self.style_mixing_prob:
                cutoff = ws.shape[1]
            other = self.G.mapping(torch.randn_like(z), skip_w_avg_update=True)
            ws[:, cutoff:] = other[:, cutoff:]
        return self.G.synthesis(ws, noise_mode="random"), ws

    def accumulate_gradients(self, phase, real, z, gain, pl_noise=None):
        """Adds the phase's gradients to the parameters of G or D."""
        self.stats = {}
        getattr(self, phase)(real, z, gain, pl_noise)

    def Gmain(self, real, z, gain, pl_noise):
        logits = self.D(self.run_G(z)[0])
        loss = F.softplus(-logits)
        self.stats = {"Loss/scores/fake": logits, "Loss/G/loss": loss}
        loss.mean().mul(gain).backward()

    def Greg(self, real, z, gain, pl_noise):
        img, ws = self.run_G(z[:z.shape[0] // self.pl_batch_shrink])
        noise = torch.randn_like(img) if pl_noise is None else pl_noise
        noise = noise / math.sqrt(img.shape[2] * img.shape[3])
        grads, = torch.autograd.grad([(img * noise).sum()], [ws], create_graph=True, only_inputs=True)
        lengths = grads.square().sum(2).mean(1).sqrt()
        pl_mean = self.pl_mean.lerp(lengths.mean(), self.pl_decay)
        self.pl_mean = pl_mean.detach()
        penalty = (lengths - pl_mean).square()
        loss = penalty * self.pl_weight
        self.stats = {"Loss/pl_penalty": penalty, "Loss/G/reg": loss}
        (img[:, 0, 0, 0] * 0 + loss).mean().mul(gain).backward()

    def Dmain(self, real, z, gain, pl_noise):
        fake_logits = self.D(self.run_G(z)[0])
        loss_fake = F.softplus(fake_logits)
        loss_fake.mean().mul(gain).backward()
        real_logits = self.D(real)
        loss_real = F.softplus(-real_logits)
        self.stats = {"Loss/scores/fake": fake_logits, "Loss/scores/real": real_logits,
                      "Loss/D/loss": loss_fake + loss_real}
        loss_real.mean().mul(gain).backward()

    def Dreg(self, real, z, gain, pl_noise):
        real = real.detach().requires_grad_(True)
        logits = self.D(real)
        grads, = torch.autograd.grad([logits.sum()], [real], create_graph=True, only_inputs=True)
        penalty = grads.square().sum([1, 2, 3])
        loss = penalty * (self.r1_gamma / 2)
        self.stats = {"Loss/scores/real": logits, "Loss/r1_penalty": penalty, "Loss/D/reg": loss}
        (logits * 0 + loss[:, None]).mean().mul(gain).backward()


class Trainer:
    """Both networks with their Adam optimisers, lazily regularised."""

    def __init__(self, loss, lr, betas=(0.0, 0.99), eps=1e-8, G_reg_interval=4, D_reg_interval=16):
        self.loss = loss
        self.intervals = {"G": G_reg_interval, "D": D_reg_interval}
        self.networks = {"G": loss.G.requires_grad_(False), "D": loss.D.requires_grad_(False)}
        self.optimizers = {}
        for name, interval in self.intervals.items():
            ratio = interval / (interval + 1)
            adam = torch.optim.Adam(self.networks[name].parameters(), lr=lr * ratio,
                                    betas=[beta ** ratio for beta in betas], eps=eps)
            self.optimizers[name] = adam

    def gain(self, phase):
        """Factor on the loss: the interval of a regularising phase."""
        return self.intervals[phase[0]] if phase.endswith("reg") else 1

    def run(self, phase, real, z, pl_noise=None):
        """One phase: gradients and one step of the optimiser."""
        network, optimizer = self.networks[phase[0]], self.optimizers[phase[0]]
        optimizer.zero_grad(set_to_none=True)
        network.requires_grad_(True)
        self.loss.accumulate_gradients(phase, real, z, self.gain(phase), pl_noise)
        network.requires_grad_(False)
        for param in network.parameters():
            if param.grad is not None:
                torch.nan_to_num(param.grad, nan=0, posinf=1e5, neginf=-1e5, out=param.grad)
        optimizer.step()


@torch.no_grad()
def update_average(G_ema, G, beta):
    """Moving average of the parameters; buffers are copied."""
    for average, p in zip(G_ema.parameters(), G.parameters()):
        average.copy_(p.lerp(average, beta))
    for average, b in zip(G_ema.buffers(), G.buffers()):
        average.copy_(b)
