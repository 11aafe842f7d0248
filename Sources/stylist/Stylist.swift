// The program `stylist`: its subcommands, and how it ends.

import ArgumentParser
import Foundation
import Workbench

/// The program.
@main
struct Stylist: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stylist",
    abstract: "Sample, mix and animate style-based image generators.",
    discussion: """
      EXAMPLES
        stylist generate --network=ffhq.pkl --seeds=0-35 --grid=6x6 --outdir=out
        stylist mix --network=ffhq.pkl --rows=85,100 --cols=55,821 --outdir=out
        stylist video --network=ffhq.pkl --seeds=0-3 --output=out/walk.webp
        stylist model inspect ffhq.pkl
        stylist dataset portraits --count=1000 --dest=faces.zip --sheet=faces.png
        stylist generate --cfg=config-e --res=64 --seeds=0-3 --outdir=out

      The last two need no file; the last draws with random weights.
      """,
    version: stylistVersion,
    subcommands: [
      Generate.self, Mix.self, Noise.self, Video.self, Attention.self, Align.self, Project.self,
      Invert.self, Directions.self, Edit.self, DatasetCommand.self, Train.self, Metrics.self,
      Model.self, Runs.self, Bench.self, Doctor.self, Completions.self,
    ])

  /// Runs the command line and ends the program with the documented exit code.
  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    endWhereFilesShrink()
    reuseMemory()
    let arguments = CommandLine.arguments.dropFirst().map(spelledWithHyphens)
    do {
      if let unknown = UsageError(arguments, of: Self.self) { throw unknown }
      var command = try parseAsRoot(arguments)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      end(with: error)
    }
  }

  /// The original programs spell long options with underscores (`--projected_w`), and give some
  /// flags a number (`--mirror=1`); both are understood.
  static func spelledWithHyphens(_ argument: String) -> String {
    guard argument.hasPrefix("--") else { return argument }
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0]).replacing("_", with: "-")
    if ["--mirror", "--cond"].contains(name), parts.count == 2 {
      if ["1", "true"].contains(parts[1].lowercased()) { return name }
      if ["0", "false"].contains(parts[1].lowercased()) {
        return name.replacing("--", with: "--no-", maxReplacements: 1)
      }
    }
    return ([name] + parts.dropFirst().map(String.init)).joined(separator: "=")
  }
}
