"""Metrics of two folders of pictures by the programs whose rules Stylist follows, with weights from files.

    python metrics.py weights --inception=inception.pth --vgg=vgg.pth
    python metrics.py pytorch-fid A B --inception=inception.pth
    python metrics.py torch-fidelity A B --inception=inception.pth --vgg=vgg.pth
    python metrics.py clean-fid A B --inception=inception.pth

`weights` draws random ones with the published names and shapes, which serve to compare programs. The others print one line
of JSON with the numbers by the names of `stylist metrics folders` and the seconds that they took. clean-fid's network is
NVIDIA's archive of a program; here pytorch-fid's layers with the same weights stand for it.
"""

import argparse
import json
import os
import time

import torch
import torchvision

THREADS = 2


def draw_weights(inception, vgg):
    import pytorch_fid.inception as published

    torch.manual_seed(0)
    own = torchvision.models.inception.Inception3.load_state_dict
    torchvision.models.inception.Inception3.load_state_dict = lambda network, state, **options: None
    published.load_state_dict_from_url = lambda *names, **options: None
    network = published.fid_inception_v3()
    torchvision.models.inception.Inception3.load_state_dict = own
    for name, parameter in network.named_parameters():
        if name.endswith("conv.weight"):
            torch.nn.init.kaiming_normal_(parameter)
        elif name.endswith("bn.bias"):
            torch.nn.init.normal_(parameter, std=0.2)
        elif name.startswith("fc"):
            torch.nn.init.normal_(parameter, std=0.05)
    for name, buffer in network.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(std=0.1)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)
    torch.save(network.state_dict(), inception)
    torch.save(torchvision.models.vgg16(weights=None).state_dict(), vgg)


def pytorch_fid(options):
    import pytorch_fid.fid_score as score
    import pytorch_fid.inception as published

    state = torch.load(options.inception, weights_only=True)
    published.load_state_dict_from_url = lambda *names, **others: state
    found = score.calculate_fid_given_paths(options.folders, 50, torch.device("cpu"), 2048, THREADS)
    return {"fid": float(found)}


def torch_fidelity(options):
    import torch_fidelity as fidelity

    common = dict(
        input1=options.folders[0], input2=options.folders[1], cuda=False, cache=False, verbose=False,
        samples_find_deep=True)
    found = fidelity.calculate_metrics(
        isc=True, fid=True, kid=True, kid_subset_size=options.kid_subset_size,
        feature_extractor_weights_path=options.inception, **common)
    results = {
        "fid": found["frechet_inception_distance"],
        "kid": found["kernel_inception_distance_mean"],
        "kid_std": found["kernel_inception_distance_std"],
        "is": found["inception_score_mean"],
        "is_std": found["inception_score_std"],
    }
    if options.vgg:
        found = fidelity.calculate_metrics(prc=True, feature_extractor_weights_path=options.vgg, **common)
        results.update(precision=found["precision"], recall=found["recall"])
    return {name: float(value) for name, value in results.items()}


def clean_fid(options):
    import cleanfid.fid as fid
    import numpy
    import pytorch_fid.inception as published

    state = torch.load(options.inception, weights_only=True)
    published.load_state_dict_from_url = lambda *names, **others: state
    layers = published.InceptionV3([3], resize_input=False, normalize_input=False).eval()

    def features(pictures):
        with torch.no_grad():
            return layers((pictures - 128) / 128)[0].flatten(1)

    both = [
        fid.get_folder_features(
            folder, model=features, num_workers=THREADS, batch_size=50, device=torch.device("cpu"),
            mode="clean", verbose=False)
        for folder in options.folders
    ]
    moments = [(numpy.mean(rows, axis=0), numpy.cov(rows, rowvar=False)) for rows in both]
    return {"fid": float(fid.frechet_distance(*moments[0], *moments[1]))}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("program", choices=["weights", "pytorch-fid", "torch-fidelity", "clean-fid"])
    parser.add_argument("folders", nargs="*")
    parser.add_argument("--inception", required=True)
    parser.add_argument("--vgg")
    parser.add_argument("--kid-subset-size", type=int, default=1000)
    options = parser.parse_args()
    torch.set_num_threads(THREADS)
    if options.program == "weights":
        draw_weights(options.inception, options.vgg)
        return
    if len(options.folders) != 2:
        parser.error("expected two folders")
    start = time.perf_counter()
    programs = {"pytorch-fid": pytorch_fid, "torch-fidelity": torch_fidelity, "clean-fid": clean_fid}
    results = programs[options.program](options)
    print(json.dumps({
        "system": options.program, "results": results, "seconds": time.perf_counter() - start,
        "pictures": [sum(len(files) for _, _, files in os.walk(folder)) for folder in options.folders],
    }))


if __name__ == "__main__":
    main()
