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
      """,
    discussion: """
      EXAMPLES
        stylist align --source=photo.jpg --dest=faces \\
          --points=310,242,420,236,330,360,412,355
        stylist align --source=photos --points=points.csv --dest=faces --size=1024
        stylist align --source=img_celeba --points=list_landmarks_celeba.txt \\
          --dest=faces

      Networks that learned from FFHQ or CelebA-HQ know faces that stand as those
      were cut out: by the eyes and the corners of the mouth. --points has them in
      pixels from the upper left corner, x and y, left and right as one looks at
      the picture: left eye, right eye, left and right corner of the mouth. For a
      folder it is a table whose first line is

        file,left_eye_x,left_eye_y,right_eye_x,right_eye_y,left_mouth_x, …

      or CelebA's list as it is. Writes NAME.png for each face, and landmarks.csv,
      which is such a table. Pictures that cannot be used are said at the end, with
      the exit code of the first; all others are made.
      """)

  @Option(
    help: ArgumentHelp("A photograph, or a folder or zip archive of them.", valueName: "path"),
    completion: .pictures)
  var source: String

  @Option(
    help: ArgumentHelp("Eight numbers for one photograph, or a table.", valueName: "list or file"),
    completion: .file())
  var points: String

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

  @OptionGroup var report: ReportOptions

  func run() async throws {
    let job = try job()
    let count = try job.plan()
    try OutputFolder.check(dest)
    if report.isDryRun {
      try report.print(
        DryRun(pictures: count), lines: ["would align the faces of \(count) pictures into \(dest)"])
      return
    }
    let dest = dest
    let outcome = try await interruptible(leaving: "every file written so far is whole") {
      try job.run(into: try OutputFolder(making: dest), progress: ProgressReporter().show)
    }
    try report.print(outcome, lines: outcome.lines)
    try SomeFailed.check(outcome.failures.map { ($0.reason, $0.exitCode) }, of: count)
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
    var job = try AlignJob(source, points: AlignJob.Points(points))
    job.choice = choice
    job.rule = try AlignJob.rule(size: size, supersampling: supersample)
    return job
  }
}
