# Times one peer and prints one line of JSON: python bench.py generate|encode|train --cfg=NAME --batch=N ...
import argparse
import json
import os
import statistics
import time


def status_mib(field):
    """A figure of /proc/self/status in MiB."""
    for line in open("/proc/self/status"):
        if line.startswith(field + ":"):
            return round(int(line.split()[1]) / 1024, 1)


def seconds_since_start():
    """Seconds since this process started."""
    ticks = int(open("/proc/self/stat").read().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


import torch

RUNTIME_MIB = status_mib("VmRSS")

import discriminator
import encoder
import stylegan1
import stylegan2
import styleformer
import stylenat
import styleswin
import training

KERNELS = [[3]] + [[7]] * 8
DILATIONS = [[1], [1], [1, 2], [1, 4], [1, 8], [1, 16], [1, 32], [1, 64], [1, 128]]

GENERATORS = {
    "stylegan2-256": lambda: stylegan2.Generator(256),
    "stylegan2-512": lambda: stylegan2.Generator(512),
    "stylegan2-1024": lambda: stylegan2.Generator(1024),
    "stylegan1-256": lambda: stylegan1.Generator(256),
    "stylegan1-1024": lambda: stylegan1.Generator(1024),
    "styleformer-cifar10": lambda: styleformer.Generator(32, [1, 3, 3], [1024, 512, 512]),
    "styleformer-stl10": lambda: styleformer.Generator(48, [1, 3, 3], [1024, 256, 64]),
    "styleformer-celeba64l": lambda: styleformer.Generator(64, [1, 2, 1, 1], [1024, 256, 64, 64], True),
    "styleformer-lsun128l": lambda: styleformer.Generator(128, [1, 2, 1, 1, 1], [1024, 256, 64, 64, 64], True),
    "styleswin-ffhq256": lambda: styleswin.Generator(256),
    "styleswin-ffhq1024": lambda: styleswin.Generator(1024, channel_multiplier=1),
    "stylenat-ffhq256": lambda: stylenat.Generator(256, KERNELS, DILATIONS),
    "stylenat-ffhq1024": lambda: stylenat.Generator(1024, KERNELS, DILATIONS),
}
ENCODERS = {"style-transformer": lambda: encoder.StyleTransformer(18)}
TRAININGS = {  # pixels, channel base, channel maximum, mapping layers
    "auto-64": (64, 4096, 128, 2),
}
CONFIGURATIONS = {"generate": GENERATORS, "encode": ENCODERS, "train": TRAININGS}


def parameters(network):
    return sum(p.numel() for p in network.parameters())


def forward(options):
    """Seconds of each round, seconds to the first image, and the number of parameters."""
    dtype = getattr(torch, options.dtype)
    network = CONFIGURATIONS[options.command][options.cfg]().eval().to(dtype)
    shape = [network.z_dim] if options.command == "generate" else [3, 256, 256]
    times = []
    with torch.inference_mode():
        network(torch.randn(1, *shape, dtype=dtype))
        first = seconds_since_start()
        x = torch.randn(options.batch, *shape, dtype=dtype)
        network(x)
        for _ in range(options.rounds):
            start = time.perf_counter()
            network(x)
            times.append(time.perf_counter() - start)
    return times, first, parameters(network)


def train(options):
    """Seconds of each round for each phase, seconds to the first phase's end, and both parameter counts."""
    resolution, channel_base, channel_max, mapping_layers = TRAININGS[options.cfg]
    G = stylegan2.Generator(resolution, channel_base=channel_base, channel_max=channel_max,
                            num_layers=mapping_layers)
    D = discriminator.Discriminator(resolution, channel_base, channel_max)
    gamma = 0.0002 * resolution ** 2 / options.batch
    trainer = training.Trainer(training.Loss(G, D, gamma), lr=0.0025)
    times = {phase: [] for phase in training.PHASES}
    first = None
    for i in range(options.rounds + 1):
        for phase in training.PHASES:
            z = torch.randn(options.batch, G.z_dim)
            real = torch.rand(options.batch, 3, resolution, resolution) * 2 - 1
            start = time.perf_counter()
            trainer.run(phase, real, z)
            if i > 0:
                times[phase].append(time.perf_counter() - start)
            first = first or seconds_since_start()
    return times, first, {"G": parameters(G), "D": parameters(D)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["generate", "encode", "train"])
    parser.add_argument("--cfg", required=True)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if options.cfg not in CONFIGURATIONS[options.command]:
        parser.error(f"--cfg is {options.cfg}, expected one of {', '.join(CONFIGURATIONS[options.command])}")
    if options.command == "train" and (options.dtype != "float32" or options.batch % 4 != 0):
        parser.error("train takes --dtype=float32 and a --batch that is a multiple of 4")
    torch.set_num_threads(options.threads)
    tuned = {"MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"} <= os.environ.keys()
    report = {"system": "pytorch", **vars(options), "allocator": "tuned" if tuned else "default"}
    per_image = lambda seconds: round(seconds / options.batch, 5)
    if options.command == "train":
        times, first, count = train(options)
        report["cfg"], _, resolution = options.cfg.rpartition("-")
        report["resolution"], report["cbase"], report["cmax"], _ = CONFIGURATIONS["train"][options.cfg]
        phases = {phase: statistics.median(t) for phase, t in times.items()}
        best = {phase: min(t) for phase, t in times.items()}
        mix = lambda t: t["Gmain"] + t["Greg"] / 4 + t["Dmain"] + t["Dreg"] / 16
        report |= {"s_per_image": per_image(mix(phases)), "best": per_image(mix(best)),
                   "phases": {phase: per_image(t) for phase, t in phases.items()}}
    else:
        times, first, count = forward(options)
        report |= {"s_per_image": per_image(statistics.median(times)), "best": per_image(min(times))}
    report |= {"first_image_s": round(first, 2), "peak_mib": status_mib("VmHWM"),
               "runtime_mib": RUNTIME_MIB, "parameters": count}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
