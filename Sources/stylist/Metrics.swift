// `stylist metrics`: numbers that say how good pictures and generators are.

import ArgumentParser

/// Measures pictures and generators.
struct Metrics: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure how good pictures and generators are.",
    discussion: """
      EXAMPLES
        stylist metrics --network=cats.pkl --data=cats.zip --metrics=fid50k_full \\
          --inception=inception-2015-12-05.pt
        stylist metrics folders fakes reals --inception=inception-2015-12-05.pt
        stylist metrics folders fakes ffhq.npz --protocol=pytorch-fid \\
          --inception=pt_inception-2015-12-05-6726825d.pth --max-fid=10
        stylist metrics disentanglement --network=stylegan2-portraits64 --outdir=out
        stylist metrics editing --network=stylegan2-portraits64 --attribute=Smiling \\
          --method='smile: --direction=directions.safetensors' --outdir=out

      Numbers depend on the network, on how pictures are resized, and on how many
      there are; every result says all of it.
      """,
    subcommands: [
      MetricsGenerator.self, MetricsFolders.self, MetricsPairs.self, MetricsDisentanglement.self,
      MetricsInversion.self, MetricsEditing.self,
    ],
    defaultSubcommand: MetricsGenerator.self)
}
