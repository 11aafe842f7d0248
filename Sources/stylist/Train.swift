// `stylist train`: what can be trained.

import ArgumentParser

/// Trains networks.
struct Train: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train networks, and go on with trainings that stopped.",
    discussion: """
      EXAMPLES
        stylist train gan --data=portraits --res=32 --kimg=100 --outdir=runs
        stylist train gan --resume=latest --outdir=runs
        stylist train ladder stylegan --data=portraits --res=32 --outdir=ladder
        stylist train attributes --data=portraits --res=32 --cbase=1024 --kimg=100 \\
          --outdir=runs
        stylist train identity --data=portraits --res=32 --cbase=1024 --kimg=100 \\
          --outdir=runs
        stylist train encoder --network=stylegan2-portraits64 --data=portraits \\
          --outdir=runs
        stylist train perceptual --classifier=attributes-portraits64 \\
          --data=portraits --out=distance.safetensors
        stylist train latent-classifier --network=stylegan2-portraits64 --outdir=runs
        stylist train edit --network=stylegan2-portraits64 --outdir=runs \\
          --classifier=latent-classifier.safetensors --attribute=Smiling
      """,
    subcommands: [
      TrainGAN.self, TrainLadder.self, TrainEncoder.self, TrainEncoderLadder.self,
      TrainAttributes.self, TrainIdentity.self, TrainPerceptual.self,
      TrainLatentClassifier.self, TrainEdit.self,
    ])
}
