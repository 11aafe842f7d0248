// `stylist dataset create`: pictures of any size made into a data set.

import ArgumentParser
import Workbench

/// Makes a data set of pictures in a folder or archive.
struct DatasetCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a data set of the pictures in a folder or zip archive.",
    usage: "stylist dataset create --source=<path> --dest=<path> [<options>]",
    discussion: """
      EXAMPLES
        stylist dataset create --source=photos --dest=photos256.zip \\
          --transform=center-crop --resolution=256
        stylist dataset create --source=cars --dest=cars512.zip \\
          --transform=center-crop-wide --resolution=512x384
        stylist dataset create --source=set.zip --dest=small.zip \\
          --resolution=64 --resize-filter=box --max-images=1000
        stylist dataset create --source=img_align_celeba --dest=celeba64.zip \\
          --attributes=list_attr_celeba.txt --transform=center-crop --resolution=64

      Takes PNG, JPEG and WebP from the folder and all below it, in the order of
      their paths, and the labels of its dataset.json, or with --attributes a
      named 0 or 1 for each attribute of CelebA's list. Writes the published form:
      PNG without compression under 00000/img00000000.png, and dataset.json.
      center-crop takes the square in the middle, center-crop-wide makes a square
      with black rows and leaves out pictures that are smaller than the size;
      without --transform a picture is stretched to --resolution. All must end up
      square, of one size, with a power of two as their side.

      The data set appears when it is whole, and nothing is ever replaced. The
      same source gives the same bytes.
      """)

  @Option(
    help: ArgumentHelp("The folder or zip archive of pictures.", valueName: "path"),
    completion: .pictures)
  var source: String

  @Option(
    help: ArgumentHelp("The .zip archive or the folder to create.", valueName: "path"),
    completion: .pictures)
  var dest: String

  @Option(help: ArgumentHelp("Take only the first pictures.", valueName: "count"))
  var maxImages: Int?

  @Option(
    help: ArgumentHelp(
      "Take labels from CelebA's list_attr_celeba.txt or .csv, not from dataset.json.",
      valueName: "file"), completion: .file(extensions: ["txt", "csv"]))
  var attributes: String?

  @Option(
    help: ArgumentHelp(
      "center-crop or center-crop-wide (default: neither).", valueName: "name"),
    completion: .list(["center-crop", "center-crop-wide"]))
  var transform: String?

  @Option(
    help: ArgumentHelp(
      "The new size, such as 256 or 512x384 (default: that of the pictures).", valueName: "size"))
  var resolution: String?

  @Option(help: .hidden)
  var width: Int?

  @Option(help: .hidden)
  var height: Int?

  @Option(
    help: ArgumentHelp("lanczos, bilinear or box, as Pillow computes them.", valueName: "name"),
    completion: .list(["lanczos", "bilinear", "box"]))
  var resizeFilter = "lanczos"

  @Flag(help: "Make grey pictures RGB, and take alpha from those that have it.")
  var toRgb = false

  @Option(
    help: ArgumentHelp("Also write a PNG of some of the new pictures.", valueName: "file"),
    completion: .file(extensions: ["png"]))
  var sheet: String?

  @OptionGroup var report: ReportOptions

  func run() async throws {
    let job = try job()
    let isDryRun = report.isDryRun
    let summary = try await interruptible {
      isDryRun ? try job.plan() : try job.run(progress: ProgressReporter().show)
    }
    try report.print(summary)
  }

  private func job() throws -> DatasetCreateJob {
    var job = try DatasetCreateJob(
      source, to: dest, crop: transform, size: size(), filter: resizeFilter, makesRGB: toRgb)
    job.maxImages = maxImages
    job.attributes = attributes
    job.sheet = sheet
    return job
  }

  /// `--resolution`, or `--width` and `--height` as the older published tool has them.
  private func size() throws(UsageError) -> String? {
    guard width != nil || height != nil else { return resolution }
    guard let width, let height, resolution == nil else {
      throw UsageError("give either --resolution, or both --width and --height")
    }
    return "\(width)x\(height)"
  }
}

extension ReportOptions {
  /// Prints what a job that makes a data set has written, or would write.
  func print(_ summary: DatasetSummary) throws {
    let lines = summary.lines
    guard isDryRun else { return try print(summary, lines: lines) }
    try print(DryRun(summary), lines: ["would write \(lines[0])"] + lines.dropFirst())
  }
}

/// What would be written, marked as such.
private struct DryRun<Summary: Encodable>: Encodable {
  let summary: Summary

  private enum CodingKeys: CodingKey { case dryRun }

  init(_ summary: Summary) { self.summary = summary }

  func encode(to encoder: any Encoder) throws {
    try summary.encode(to: encoder)
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encode(true, forKey: .dryRun)
  }
}
