// `stylist align`: faces of photographs brought to one place and size.

import ArgumentParser
import Workbench

/// Cuts faces out of photographs.
struct Align: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Cut faces out of photographs, upright and of one size.",
    usage: """
      stylist align --source=<path> --points=<list or file> --dest=<folder>
        [<options>]
      stylist align --source=<path> --detector=<path> --dest=<folder>
        [<options>]
      """,
    discussion: """
      EXAMPLES
        stylist align --source=photo.jpg --dest=faces \\
          --points=310,242,420,236,330,360,412,355
        stylist align --source=photos --points=points.csv --dest=faces --size=1024
        stylist align --source=img_celeba --points=list_landmarks_celeba.txt \\
          --dest=faces
        stylist align --source=photos --detector=mtcnn --dest=faces --faces=largest

      Networks that learned from FFHQ or CelebA-HQ know faces that stand as those
      were cut out: by the eyes and the corners of the mouth. --points has them in
      pixels from the upper left corner, x before y: the middles of the left and the
      right eye, then the left and the right corner of the mouth. Left is the left
      of the picture, not of the person. For a folder it is a table whose first line
      is

        file,left_eye_x,left_eye_y,right_eye_x,right_eye_y,left_mouth_x, …

      or CelebA's list as it is.

      --detector finds the points instead, with the weights of MTCNN that you
      have: a folder with pnet.pt, rnet.pt and onet.pt of facenet-pytorch or with
      pnet.npy, rnet.npy and onet.npy of pSp's scripts, or the one file that
      stylist model convert makes of it. They are read as data; nothing in them
      runs. A photograph of more than four megapixels is searched in a copy of
      that size.

      Writes NAME.png for each face, and landmarks.csv, which is a table for
      --points, to be looked at and corrected. Pictures that cannot be used, or in
      which there is no face, are said at the end, with the exit code of the
      first; all others are made.
      """)

  @Option(
    help: ArgumentHelp("A photograph, or a folder or zip archive of them.", valueName: "path"),
    completion: .pictures)
  var source: String

  @Option(
    help: ArgumentHelp("Eight numbers for one photograph, or a table.", valueName: "list or file"),
    completion: .file())
  var points: String?

  @Option(
    help: ArgumentHelp(
      "The folder with MTCNN's weights, or a .safetensors file of them.", valueName: "path"),
    completion: .file(extensions: ["safetensors"]))
  var detector: String?

  @Option(
    help: ArgumentHelp("The folder for the faces; made if it is not there.", valueName: "folder"),
    completion: .directory)
  var dest: String

  @Option(help: ArgumentHelp("The width and height of the faces.", valueName: "pixels"))
  var size = 256

  @Option(
    help: ArgumentHelp(
      "How many times as large a face is sampled first: 4 as for FFHQ, 1 as in pSp's script.",
      valueName: "factor"))
  var supersample = 4

  @Option(
    help: ArgumentHelp(
      "Where a photograph has several faces: only, largest or all.", valueName: "which"),
    completion: .list(AlignJob.Choice.allCases.map(\.rawValue)))
  var faces = "only"

  @Option(
    help: ArgumentHelp(
      "With --detector: the width of the smallest faces to find, from 12 on; larger is faster "
        + "(default: 20).", valueName: "pixels"))
  var minFace: Int?

  @OptionGroup var report: ReportOptions

  func run() async throws {
    let job = try job()
    let count = try job.plan(into: dest)
    try OutputFolder.check(dest)
    if report.isDryRun {
      let unusable = try await job.unusable(into: dest)
      let left = count - unusable.count
      try report.print(
        DryRun(pictures: left),
        lines: ["would align the faces of \(counted(left, "picture")) into \(dest)"])
      try SomeFailed.check(unusable, of: count)
      return
    }
    let dest = dest
    let outcome = try await interruptible(leaving: "every file written so far is whole") {
      try await job.run(into: try OutputFolder(making: dest), progress: ProgressReporter().show)
    }
    try report.print(outcome, lines: outcome.lines)
    outcome.remarks.forEach(say)
    try SomeFailed.check(outcome.failures, of: count)
  }

  /// What `-n` prints as JSON.
  private struct DryRun: Encodable {
    let pictures: Int
    var dryRun = true
  }

  private func job() throws -> AlignJob {
    guard let choice = AlignJob.Choice(rawValue: faces) else {
      throw UsageError("--faces: expected only, largest or all, found \(faces)")
    }
    var job = AlignJob(source, points: try chosenPoints())
    job.choice = choice
    job.rule = try AlignJob.rule(size: size, supersampling: supersample)
    return job
  }

  /// Where the points come from; opens and checks all files that they need.
  private func chosenPoints() throws -> AlignJob.Points {
    switch (points, detector) {
    case (let points?, nil):
      guard minFace == nil else { throw UsageError("--min-face goes with --detector") }
      return try AlignJob.Points(points)
    case (nil, let detector?):
      return .finder(try FaceDetectorHost(detector, minFaceSize: minFace ?? 20))
    default: throw UsageError("give either --points=LIST or --detector=FOLDER")
    }
  }
}
