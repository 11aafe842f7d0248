// `stylist dataset create`: pictures of any size made into a data set.

import ArgumentParser
import Workbench

/// Makes a data set of pictures in a folder, an archive or a published data set.
struct DatasetCreate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a data set of pictures, or of a data set as it is published.",
    usage: "stylist dataset create --source=<path> --dest=<path> [<options>]",
    discussion: """
      EXAMPLES
        stylist dataset create --source=photos --dest=photos256.zip \\
          --transform=center-crop --resolution=256
        stylist dataset create --source=cars --dest=cars512.zip \\
          --transform=center-crop-wide --resolution=512x384
        stylist dataset create --source=set.zip --dest=small.zip \\
          --resolution=64 --resize-filter=box --max-images=1000
        stylist dataset create --source=animals --labels=folders \\
          --dest=animals.zip --transform=pad --resolution=128
        stylist dataset create --source=img_align_celeba --dest=celeba64.zip \\
          --labels=list_attr_celeba.txt --transform=celeba-crop --resolution=64
        stylist dataset create --source=cifar-10-python.tar.gz --dest=cifar10.zip
        stylist dataset create --source=stl10_binary --split=train+unlabeled \\
          --dest=stl10.zip --resolution=48
        stylist dataset create --source=church_outdoor_train_lmdb \\
          --dest=church.zip --transform=center-crop --resolution=256

      What the source is, its content tells:
        a folder or zip    PNG, JPEG and WebP in it and all below it, in the order
                           of their paths, with the labels of dataset.json; FFHQ,
                           CelebA, CelebA-HQ and ImageNet are such folders
        an lmdb            LSUN; or pictures under keys such as 256-00000
        CIFAR-10, -100     folder or tar.gz, binary or Python's, with classes
        STL-10             folder or tar.gz, binary, with classes
        MNIST              folder or one file, packed or not, with classes and a
                           black border that makes 32x32 of 28x28
      Of the last three the part train is taken; --split=test, unlabeled, all or
      train+unlabeled takes others. Pictures without classes leave all without.

      --labels=folders makes a class of each folder, and keeps the folders' names;
      --labels=FILE takes a table with lines such as a.png,2 or a.png,cat or
      a.png,0.5,1, a dataset.json, or CelebA's list; --labels=none takes none.

      Writes the published form: PNG without compression under
      00000/img00000000.png, and dataset.json. All pictures must end up square, of
      one size, with a power of two or three times one as their side.

        stretch            to --resolution, whatever the picture's shape
        center-crop        the square in the middle
        center-crop-wide   a square with black rows; pictures that are smaller than
                           the size are left out
        pad                the whole picture, with black to make a square
        celeba-crop        128x128 of CelebA's 178x218, as StyleGAN took them

      The data set appears when it is whole, and nothing is ever replaced. The
      same source gives the same bytes.
      """)

  @Option(
    help: ArgumentHelp("Where the pictures are; what that is, is seen.", valueName: "path"),
    completion: .pictures)
  var source: String

  @Option(
    help: ArgumentHelp("The .zip archive or the folder to create.", valueName: "path"),
    completion: .pictures)
  var dest: String

  @Option(
    help: ArgumentHelp(
      "Of CIFAR, STL-10 and MNIST: train, test, unlabeled or all (default: train).",
      valueName: "parts"), completion: .list(["train", "test", "unlabeled", "all"]))
  var split: String?

  @Option(help: ArgumentHelp("Take only the first pictures.", valueName: "count"))
  var maxImages: Int?

  @Option(
    help: ArgumentHelp(
      "Where labels come from: folders, none or a file (default: the source).",
      valueName: "from"), completion: .file(extensions: ["txt", "csv", "json"]))
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "Take labels from CelebA's list_attr_celeba.txt or .csv, as --labels does.",
      valueName: "file"), completion: .file(extensions: ["txt", "csv"]))
  var attributes: String?

  @Option(
    help: ArgumentHelp(
      "stretch, center-crop, center-crop-wide, pad or celeba-crop (default: stretch).",
      valueName: "name"),
    completion: .list(["stretch", "center-crop", "center-crop-wide", "pad", "celeba-crop"]))
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
    help: ArgumentHelp(
      "lanczos, bicubic, hamming, bilinear, box or area, as Pillow computes them.",
      valueName: "name"),
    completion: .list(["lanczos", "bicubic", "hamming", "bilinear", "box", "area"]))
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
    (job.labels, job.attributes, job.split) = (labels, attributes, split)
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
struct DryRun<Summary: Encodable>: Encodable {
  let summary: Summary

  private enum CodingKeys: CodingKey { case dryRun }

  init(_ summary: Summary) { self.summary = summary }

  func encode(to encoder: any Encoder) throws {
    try summary.encode(to: encoder)
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encode(true, forKey: .dryRun)
  }
}
