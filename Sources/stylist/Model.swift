// `stylist model`: what checkpoints hold, whether they are whole and safe, and other forms of them.

import ArgumentParser

/// Looks into checkpoints and turns them into other forms.
struct Model: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look into checkpoints, check them, and turn them into other forms.",
    discussion: """
      EXAMPLES
        stylist model list
        stylist model inspect ffhq.pkl
        stylist model verify ffhq.pkl --published=stylegan2-ada-ffhq --outdir=out
        stylist model convert ffhq.pkl ffhq.safetensors
        stylist model scan downloads/*.pkl

      Opening a file never runs it: pickles are read as data.
      """,
    subcommands: [
      ModelList.self, ModelInspect.self, ModelVerify.self, ModelConvert.self, ModelScan.self,
    ])
}
