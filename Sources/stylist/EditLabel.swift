// `stylist edit label`: pictures that get an attribute, or lose it.

public import ArgumentParser
public import Workbench

/// Moves codes towards an attribute, or away from it.
struct EditLabel: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "label",
    abstract: "Give pictures an attribute, or take it away.",
    usage: """
      stylist edit label --network=<file> --classifier=<file>
        --attribute=<name> --seeds=<list> --outdir=<folder> [<options>]
      """,
    discussion: """
      EXAMPLES
        stylist edit label --network=ffhq.pkl --classifier=latent_classifier.pt \\
          --attribute=Smiling --seeds=2,7 --outdir=out
        stylist edit label --network=ffhq.pkl --classifier=latent_classifier.pt \\
          --attribute=Eyeglasses --strength=3,6,12 --remove --steps=10 \\
          --latents=out/codes.safetensors --outdir=out
        stylist edit label --network=ffhq.pkl --classifier=latent_classifier.pt \\
          --attribute=31 --norm=row --strength=-3,3 --layers=0-7 --seeds=85 \\
          --outdir=out

      The classifier, a .pt of Style Transformer's program or a file of ours, tells
      the attributes of codes. Each code moves along the gradient of its own logit,
      by the strength: the length of the whole change, or with --norm=row of each
      row's, where the published program takes 3. With --steps the gradient is taken
      again on the way.

      stylist train latent-classifier makes a classifier for any generator, that of
      portraits in minutes; Style Transformer's was never published.

      Writes each picture as it is and at each strength, codes.safetensors with the
      edited codes, and grid.png with a row for each code. The table says how the
      attribute's logit changed, how much those of all other attributes did in the
      mean (less is better), and how far the code moved.

      Of photographs found.safetensors keeps the codes that were found, for
      --latents, so that they are sought once; after an interruption, those found so
      far. Photographs that cannot be used are said at the end, with the exit code
      of the first; all others are edited.

      The attributes of published classifiers:
      \(KnownNames.celebAAttributes.joined(separator: ", ")).
      """)

  @OptionGroup var networkOptions: NetworkOptions
  @OptionGroup var subjectOptions: SubjectOptions

  @Option(
    help: ArgumentHelp(
      "A classifier of codes: Style Transformer's .pt, or our .safetensors.", valueName: "file"),
    completion: .checkpoint)
  var classifier: String

  @Option(
    help: ArgumentHelp(
      "The attribute by its name, such as Smiling, or its place from 0.", valueName: "name"),
    completion: .list(KnownNames.celebAAttributes))
  var attribute: String

  @Option(
    help: ArgumentHelp(
      "How far, a column of the sheet each; negative to take away (default: 1.5,3,6).",
      valueName: "list"),
    transform: PsiList.parse)
  var strength: PsiList?

  @Flag(help: "Take the attribute away instead of giving it.")
  var remove = false

  @Option(
    help: ArgumentHelp(
      "first: along the gradient; second: along its change in a random direction.",
      valueName: "order"))
  var order = EditLabelJob.Order.first

  @Option(
    help: ArgumentHelp(
      "Whose length a strength is: that of the whole code's change, or of each row's.",
      valueName: "what"))
  var norm = EditLabelJob.Norm.code

  @Option(
    help: ArgumentHelp("In how many steps a code is moved, 1 to 10000.", valueName: "count"))
  var steps = 1

  @OptionGroup var rowOptions: RowOptions
  @OptionGroup var editOptions: EditOptions

  func run() async throws {
    try networkOptions.check()
    let job = try job()
    guard let (network, made) = try await editOptions.make(job, networkOptions) else { return }
    var report = EditReport(network, made.files, made.failures)
    (report.attribute, report.edits) = (made.attribute, made.edits)
    try editOptions.finish(report, lines: made.lines, job)
  }

  private func job() throws -> EditLabelJob {
    let subject = try subjectOptions.subject(classIndex: editOptions.classIndex)
    var words =
      ["label"] + subjectOptions.spelling
      + ["--classifier=\(classifier)", "--attribute=\(attribute)"]
    if let strength { words.append("--strength=\(strength.text)") }
    if remove { words.append("--remove") }
    if order != .first { words.append("--order=\(order.rawValue)") }
    if norm != .code { words.append("--norm=\(norm.rawValue)") }
    if steps != 1 { words.append("--steps=\(steps)") }
    let request = try editOptions.request(
      subject, networkOptions, words, layers: rowOptions.layers,
      reading: [subjectOptions.latents, classifier])
    var job = EditLabelJob(request, attribute: attribute, by: classifier)
    if let strength { job.strengths = strength.values }
    if remove { job.strengths = job.strengths.map { -$0 } }
    (job.order, job.norm, job.steps) = (order, norm, steps)
    return job
  }
}

extension EditLabelJob.Order: ExpressibleByArgument {}
extension EditLabelJob.Norm: ExpressibleByArgument {}
