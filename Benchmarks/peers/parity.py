# Checks every peer against the parity cases: python parity.py [CASES_FOLDER]; exit status 0 only if all pass.
import copy
import fnmatch
import json
import math
import pathlib
import sys

import numpy as np
import torch
from safetensors.torch import load_file

import discriminator
import encoder
import stylegan1
import stylegan2
import styleformer
import stylenat
import styleswin
import training

CASES = pathlib.Path(__file__).resolve().parents[2] / "Tests/ParityTests/Cases"
WORD = 2 ** 64 - 1


def fill(name, shape, seed, low, high):
    """The tensor that a case calls by this name."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001B3 & WORD
    start = (h + (seed + 1) * 0x9E3779B97F4A7C15) & WORD
    x = np.arange(math.prod(shape), dtype=np.uint64) + np.uint64(start)
    x = (x ^ x >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ x >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    u = (x >> np.uint64(40)).astype(np.float64) * 2.0 ** -24
    return torch.from_numpy((low + (high - low) * u).astype(np.float32)).reshape(shape)


class Case:
    """One folder: configuration, inputs, weights and expected tensors."""

    def __init__(self, folder):
        self.description = json.loads((folder / "case.json").read_text())
        self.expected = load_file(folder / "expected.safetensors")
        self.config = self.description["config"]
        self.inputs = {entry["name"]: self.tensor(entry) for entry in self.description["inputs"]}

    def tensor(self, entry):
        if "value" in entry:
            return torch.tensor(entry["value"])
        return fill(entry["name"], entry["shape"], self.description["seed"], entry["low"], entry["high"])

    def load(self, network, prefix=""):
        """Fills the network; only noise strengths may be missing in the case."""
        tensors = dict(network.named_parameters(remove_duplicate=False)) | dict(network.named_buffers())
        missing = {name for name, _ in network.named_parameters() if not name.endswith("noise_strength")}
        for entry in self.description["parameters"]:
            if entry["name"].startswith(prefix):
                name = entry["name"][len(prefix):]
                with torch.no_grad():
                    if name in tensors:
                        if tensors[name].shape != torch.Size(entry["shape"]):
                            sys.exit(f"{name}: shape {tuple(tensors[name].shape)}, expected {entry['shape']}")
                        tensors[name].copy_(self.tensor(entry))
                    elif not name.endswith("noise_const"):
                        sys.exit(f"the network has no {name}")
                missing.discard(name)
        if missing:
            sys.exit(f"the case has no {sorted(missing)}")
        return network

    def part(self, name, computed):
        """The stored part of the computed tensor."""
        for field in ("subsample", "statistics", "metadata"):
            rule = self.description.get(field, {}).get(name)
            if rule is None:
                continue
            full = computed[rule["of"]]
            if field == "metadata":
                stride = self.description["subsample"].get(name.replace(".stride", ".sub"), {}).get("stride")
                return torch.tensor(full.shape if rule["value"] == "shape" else [stride])
            if field == "statistics":
                x = full.double()
                values = {"mean": x.mean(), "std_population": x.std(unbiased=False), "sum": x.sum(),
                          "abs_sum": x.abs().sum(), "min": x.min(), "max": x.max()}
                return torch.stack([values[f] for f in rule["fields"]]).float()
            if "slices" in rule:
                return full[tuple(slice(*s) for s in rule["slices"])]
            return full.reshape(-1)[rule["offset"]::rule["stride"]][:rule.get("count")]
        return computed[name]

    def tolerance(self, name):
        """Atol, rtol and relative_to_max of an expected tensor."""
        rule = self.description["tolerance"]
        overrides = rule["overrides"]
        for pattern in [name] * (name in overrides) + list(overrides):
            if fnmatch.fnmatchcase(name, pattern.replace("[", "[[]").replace("?", "[?]")):
                return overrides[pattern]
        return rule

    def worst(self, computed):
        """The largest error as a share of the tolerance, and the tensor where it is."""
        result = (0.0, "")
        for name, want in self.expected.items():
            got = self.part(name, computed).detach()
            want = want.double()
            if got.numel() == want.numel() == 1 or name in self.description.get("subsample", {}):
                got = got.reshape(want.shape)
            if got.shape != want.shape:
                return math.inf, f"{name} of shape {tuple(got.shape)}, expected {tuple(want.shape)}"
            error = (got.double() - want).abs()
            if not got.is_floating_point():
                ratio = 0.0 if error.max() == 0 else math.inf
            else:
                t = self.tolerance(name)
                limit = t["atol"] + t["rtol"] * want.abs() + t["relative_to_max"] * want.abs().max()
                ratio = (error / limit.clamp(min=1e-300)).max().item()
            if not ratio <= result[0]:
                result = (math.inf if math.isnan(ratio) else ratio, name)
        return result


def stylegan2_settings(g):
    """Arguments of the generator from a case's."""
    return dict(img_resolution=g["res"], z_dim=g["z_dim"], w_dim=g["w_dim"], channel_base=g["channel_base"],
                channel_max=g["channel_max"], num_layers=g["num_layers"], conv_clamp=g.get("conv_clamp"),
                use_noise=g.get("use_noise", True))


def stylegan2_image(case):
    c = case.config
    network = case.load(stylegan2.Generator(**stylegan2_settings(c)).eval())
    ws = network.mapping(case.inputs["z"], truncation_psi=c["psi"])
    return {"ws": ws, "img.const": network.synthesis(ws)}


def stylegan1_image(case):
    c = case.config
    network = case.load(stylegan1.Generator(**c["G"]))
    dlatents = network.mapping(case.inputs["latents"])
    truncated = network.truncate(dlatents, c["psi"], c["cutoff"])
    mixed = torch.cat([dlatents[:, :c["mix_at"]], dlatents.flip(0)[:, c["mix_at"]:]], dim=1)
    average = dlatents[:, 0].mean(dim=0).lerp(network.dlatent_avg, c["dlatent_avg_beta"])
    return {"dlatents": dlatents, "dlatents_truncated": truncated,
            "images.lod0.0.fused_auto": network.synthesis(truncated),
            "images.mixed": network.synthesis(mixed), "dlatent_avg_after_one_training_call": average}


def styleformer_image(case):
    c = case.config
    s = c["synthesis_kwargs"]
    network = styleformer.Generator(c["img_resolution"], s["num_layers"], s["G_dict"], s["linformer"],
                                    c["z_dim"], c["w_dim"], c["mapping_kwargs"]["num_layers"],
                                    c["img_channels"], s["depth"], s["minimum_head"], s["conv_clamp"])
    case.load(network.eval())
    ws = network.mapping(case.inputs["z"])
    trace = {}
    computed = {"ws": ws, "num_ws": torch.tensor(network.synthesis.num_ws), "w": ws[:, 0],
                "image": network.synthesis(ws, trace)}
    for name, (x, img) in trace.items():
        computed |= {f"{name}.x": x, f"{name}.img": img}
    return computed


def token_image(case):
    """StyleSwin and StyleNAT."""
    c = case.config
    settings = {k: c[k] for k in ("style_dim", "n_mlp", "channel_multiplier", "base_channels")}
    if case.description["system"] == "styleswin":
        network = styleswin.Generator(c["size"], **settings)
    else:
        network = stylenat.Generator(c["size"], c["kernels"], c["dilations"], min_heads=c["min_heads"],
                                     **settings)
    case.load(network)
    trace = {}
    ws, other = network.map(case.inputs["noise"]), network.map(case.inputs["noise_b"])
    mixed = torch.cat([ws[:, :c["mix_cut"]], other[:, c["mix_cut"]:]], dim=1)
    return {"ws": ws, "image": network.synthesis(ws, trace), "mix": network.synthesis(mixed),
            "wplus": network.synthesis(case.inputs["w_plus"]), **trace}


def encoder_codes(case):
    network = case.load(encoder.StyleTransformer(case.config["n_styles"]).eval())
    trace = {}
    codes = network(case.inputs["x"], trace)
    return {"codes": codes, "codes_plus_avg": codes + case.inputs["latent_avg"], **trace}


def training_networks(case):
    """G and D in training mode."""
    g, d = case.config["G"], case.config["D"]
    G = case.load(stylegan2.Generator(**stylegan2_settings(g)), "G.")
    D = discriminator.Discriminator(d["res"], d["channel_base"], d["channel_max"],
                                    mbstd_group_size=d["mbstd_group"], conv_clamp=d.get("conv_clamp"))
    return G, case.load(D, "D.")


def training_loss(case, G, D):
    c = case.config
    return training.Loss(G, D, c["r1_gamma"], c["style_mixing_prob"], c["pl_weight"], c["pl_decay"],
                         c["pl_batch_shrink"])


def loss_phases(case):
    c = case.config
    computed = {}
    for phase in training.PHASES:
        G, D = training_networks(case)
        network = {"G": G, "D": D.requires_grad_(False)}[phase[0]]
        G.requires_grad_(False)
        network.requires_grad_(True)
        loss = training_loss(case, G, D)
        loss.pl_mean = torch.tensor(c["pl_mean"])
        loss.accumulate_gradients(phase, case.inputs["real"], case.inputs["z"], c["gain"][phase],
                                  case.inputs["pl_noise"])
        computed |= {f"{phase}.{name}": value for name, value in loss.stats.items()}
        computed[f"{phase}.pl_mean_after"] = loss.pl_mean
        for name, p in network.named_parameters():
            computed |= {f"{phase}.grad.{name}": p.grad, f"{phase}.gradnorm.{name}": p.grad.norm()}
    return computed


def train_steps(case):
    c, x = case.config, case.inputs
    G, D = training_networks(case)
    G_ema = copy.deepcopy(G).eval().requires_grad_(False)
    networks = {"G": G, "D": D, "G_ema": G_ema}
    initial = {name: copy.deepcopy(network.state_dict()) for name, network in networks.items()}
    trainer = training.Trainer(training_loss(case, G, D), c["lr"], c["adam"]["betas"], c["adam"]["eps"],
                               c["G_reg_interval"], c["D_reg_interval"])
    computed, nimg = {}, c["start_nimg"]
    for i in range(c["iterations"]):
        for phase in c["phase_order"]:
            if phase.endswith("reg") and i % trainer.intervals[phase[0]]:
                continue
            trainer.run(phase, x[f"real{i}"], x[f"z_{phase}{i}"], x[f"pl_noise{i}"])
            computed |= {f"it{i}.{phase}.{k}": v.detach() for k, v in trainer.loss.stats.items()}
        ema_nimg = min(c["ema_kimg"] * 1000, nimg * c["ema_rampup"])
        training.update_average(G_ema, G, 0.5 ** (c["n"] / max(ema_nimg, 1e-8)))
        nimg += c["n"]
    for key, network in networks.items():
        for name, value in network.state_dict().items():
            computed[f"delta.{key}.{name}"] = value - initial[key][name]
    for key, optimizer in trainer.optimizers.items():
        for name, p in networks[key].named_parameters():
            computed[f"second_moment.{key}.{name}"] = optimizer.state[p]["exp_avg_sq"]
            computed[f"adam_step.{key}"] = optimizer.state[p]["step"].long()
    return computed | {"pl_mean": trainer.loss.pl_mean, "G_ema.img": G_ema(x["z_eval"])}


COMPUTE = {
    "stylegan2-full-config-f-256": stylegan2_image, "stylegan1-full-256": stylegan1_image,
    "stylegan1-generator-128": stylegan1_image, "styleformer-cifar10": styleformer_image,
    "styleformer-celeba64-l": styleformer_image, "styleformer-lsun128-l": styleformer_image,
    "styleswin-gen-256": token_image, "stylenat-gen-ffhq256": token_image,
    "inversion-style-transformer-1024": encoder_codes, "stylegan2-losses": loss_phases,
    "stylegan2-train-steps": train_steps,
}


def main():
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else CASES
    failed = 0
    for name, compute in COMPUTE.items():
        case = Case(folder / name)
        with torch.set_grad_enabled(compute in (loss_phases, train_steps)):
            ratio, where = case.worst(compute(case))
        failed += ratio > 1
        verdict = "FAILED" if ratio > 1 else "passed"
        print(f"{verdict} {name}: worst error {ratio:.3f} of its tolerance, at {where}", flush=True)
    print(f"{len(COMPUTE) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
