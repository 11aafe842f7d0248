// `stylist train`: what can be trained.

import ArgumentParser

/// Trains networks.
struct Train: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train networks, and go on with trainings that stopped.",
    subcommands: [TrainGAN.self])
}
