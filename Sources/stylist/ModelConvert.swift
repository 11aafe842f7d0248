// `stylist model convert`: the same networks in another form of file.

public import ArgumentParser
import Foundation
public import Workbench

/// Converts checkpoints between our own form and those of other programs, and compares pictures.
struct ModelConvert: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Write a checkpoint's networks in another form, and compare them.",
    usage: "stylist model convert <files> ... [<options>]",
    discussion: """
      EXAMPLES
        stylist model convert ffhq.pkl ffhq.safetensors
        stylist model convert ffhq.pkl ffhq.pt --to=rosinality
        stylist model convert 550000.pt church.pt --to=nvidia
        stylist model convert FFHQ_256.pt ffhq256.safetensors
        stylist model convert ffhq.pkl f.safetensors --role=G --role=D
        stylist model convert f-G.safetensors f-D.safetensors f.pt --to=nvidia
        stylist model convert psp_ffhq_encode.pt faces.safetensors
        stylist model convert mtcnn detector.safetensors

      The forms are safetensors (one network, with all that rebuilds it),
      nvidia (state dictionaries under NVIDIA's names), rosinality, and
      styleswin and stylenat for networks of those families; Python opens all
      but the first with torch.load(FILE, weights_only=True). The new file is
      opened again and must give the same pictures from the same seeds, else
      the command ends with 2. It writes all its files or, if it fails or is
      interrupted, none. What a form has no room for is said in remarks.
      Two roles or more in safetensors get a file each, with the role in its
      name: f-G.safetensors and f-D.safetensors. A generator with the encoder
      that inverts pictures for it gives faces-G_ema.safetensors and
      faces-encoder.safetensors. A folder with pnet, rnet and onet, as .pt or
      .npy, is a detector of faces (stylist align).

      Files that are there are replaced only with --force; links, folders and
      devices never.
      """)

  @Argument(
    help: "The checkpoints, then the file to write; its folder is made if it is not there.",
    completion: .checkpoint)
  var files: [String]

  @Option(
    help: ArgumentHelp(
      "safetensors, nvidia, rosinality, styleswin or stylenat (default: safetensors if the new "
        + "file is so called).",
      valueName: "form"))
  var to: ConvertJob.Form?

  @Option(
    help: ArgumentHelp(
      "\(KnownNames.roles.joined(separator: ", ")); may be given again (default: all that fit into "
        + "one file, or a generator and its encoder).",
      valueName: "role"), completion: .list(KnownNames.roles))
  var role: [String] = []

  @Option(
    help: ArgumentHelp("The seeds to compare with.", valueName: "list"),
    transform: SeedList.parse)
  var seeds: SeedList?

  @Option(
    help: ArgumentHelp(
      "The largest difference that pictures in [-1, 1], or logits, may have.", valueName: "number"))
  var tolerance = 1e-3

  @Option(
    help: ArgumentHelp(
      "The terms of use to state in a safetensors file, such as CC0-1.0 (default: the source's).",
      valueName: "terms"))
  var licence: String?

  @Flag(help: "Replace files that are there.")
  var force = false

  @OptionGroup var report: ReportOptions

  func run() async throws {
    let job = try job()
    if report.isDryRun {
      let plan = try job.plan()
      try report.print(plan, lines: plan.lines)
      return
    }
    let outcome = try await interruptible(leaving: "no file was written") {
      try job.run(progress: ProgressReporter().show)
    }
    try report.print(outcome, lines: outcome.lines)
    guard outcome.failure == nil else {
      throw CheckFailure("\(job.destination): not written, it would differ from its source")
    }
  }

  private func job() throws(UsageError) -> ConvertJob {
    guard files.count >= 2, let destination = files.last else {
      throw UsageError("give at least one checkpoint and the file to write")
    }
    guard !destination.isEmpty else {
      throw UsageError("the file to write: expected a name, found an empty one")
    }
    guard tolerance >= 0, tolerance.isFinite else {
      throw UsageError("--tolerance: expected a finite number, 0 or more, found \(tolerance)")
    }
    var job = ConvertJob(
      Array(files.dropLast()), to: destination, form: try form(of: destination))
    guard licence == nil || job.form == .safetensors else {
      throw UsageError("--licence goes with safetensors; \(job.form.rawValue) has no room for it")
    }
    job.licence = licence
    if !role.isEmpty { job.roles = role }
    if let seeds { job.seeds = seeds.seeds }
    job.tolerance = tolerance
    job.mayReplace = force
    return job
  }

  private func form(of destination: String) throws(UsageError) -> ConvertJob.Form {
    let ending = URL(filePath: destination).pathExtension.lowercased()
    if let to {
      guard to.endings.contains(ending) else {
        let names = to.endings.map { "*.\($0)" }.joined(separator: " or ")
        throw UsageError(
          "--to=\(to.rawValue): expected a file called \(names), found \(destination)")
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
