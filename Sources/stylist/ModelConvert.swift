// `stylist model convert`: the same networks in another form of file.

public import ArgumentParser
import Foundation
public import Workbench

/// Converts checkpoints between NVIDIA's, rosinality's and our own form, and compares pictures.
struct ModelConvert: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write a checkpoint's networks in another form, and compare them.",
    discussion: """
      EXAMPLES
        stylist model convert ffhq.pkl ffhq.safetensors
        stylist model convert ffhq.pkl ffhq.pt --to=rosinality
        stylist model convert 550000.pt church.pt --to=nvidia
        stylist model convert ffhq.pkl ffhq.safetensors --role=G --role=D --role=G_ema
        stylist model convert ffhq-G_ema.safetensors ffhq-D.safetensors ffhq.pt --to=rosinality

      The forms are safetensors (one network, with all that rebuilds it), nvidia (state
      dictionaries under NVIDIA's names) and rosinality; Python opens the last two with
      torch.load(FILE, weights_only=True). The new file is opened again and must give the same
      pictures from the same seeds, else the command ends with 2 and keeps no file.
      """)

  @Argument(help: "The checkpoints, then the file to write.")
  var files: [String]

  @Option(
    help: ArgumentHelp(
      "safetensors, nvidia or rosinality (default: safetensors if the new file is so called).",
      valueName: "form"))
  var to: ConvertJob.Form?

  @Option(
    help: ArgumentHelp(
      "G, D or G_ema; may be given again (default: all that fit into one file).",
      valueName: "role"))
  var role: [String] = []

  @Option(
    help: ArgumentHelp("The seeds to compare with.", valueName: "list"),
    transform: SeedList.parse)
  var seeds: SeedList?

  @Option(
    help: ArgumentHelp(
      "The largest difference that pictures in [-1, 1], or logits, may have.", valueName: "number"))
  var tolerance = 1e-3

  @OptionGroup var report: ReportOptions

  /// What a dry run would write.
  private struct Plan: Encodable {
    let file: String
    let roles: [String]
  }

  func run() async throws {
    let job = try job()
    if report.isDryRun {
      let plan = try job.plan().map { Plan(file: $0.file, roles: $0.roles) }
      try report.print(
        plan,
        lines: plan.map { "would write \($0.roles.joined(separator: ", ")) to \($0.file)" })
      return
    }
    let outcome = try await interruptible { try job.run(progress: ProgressReporter().show) }
    try report.print(outcome, lines: outcome.lines)
    guard outcome.failure == nil else {
      throw CheckFailure("\(job.destination): not written, its pictures differ from the source's")
    }
  }

  private func job() throws(UsageError) -> ConvertJob {
    guard files.count >= 2, let destination = files.last else {
      throw UsageError("give at least one checkpoint and the file to write")
    }
    guard tolerance >= 0, tolerance.isFinite else {
      throw UsageError("--tolerance: expected 0 or more, found \(tolerance)")
    }
    var job = ConvertJob(
      Array(files.dropLast()), to: destination, form: try form(of: destination))
    if !role.isEmpty { job.roles = role }
    if let seeds { job.seeds = seeds.seeds }
    job.tolerance = tolerance
    return job
  }

  private func form(of destination: String) throws(UsageError) -> ConvertJob.Form {
    let ending = URL(filePath: destination).pathExtension.lowercased()
    if let to {
      guard (to == .safetensors) == (ending == "safetensors") else {
        throw UsageError(
          "--to=\(to.rawValue): expected a file called "
            + "*.\(to == .safetensors ? "safetensors" : "pt"), found \(destination)")
      }
      return to
    }
    guard ending == "safetensors" else {
      throw UsageError("\(destination): say --to=nvidia or --to=rosinality")
    }
    return .safetensors
  }
}

extension ConvertJob.Form: ExpressibleByArgument {}
