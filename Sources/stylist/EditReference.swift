// `stylist edit reference`: pictures that take something over from others.

public import ArgumentParser
public import Workbench

/// Gives codes what references have.
struct EditReference: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reference",
    abstract: "Give pictures what other pictures have.",
    usage: """
      stylist edit reference --network=<file> --editor=<file> --seeds=<list>
        --ref-seeds=<list> --outdir=<folder> [<options>]
      """,
    discussion: """
      EXAMPLES
        stylist edit reference --network=ffhq.pkl --editor=edit_transformer.pt \\
          --seeds=2,7 --ref-seeds=10-12 --outdir=out
        stylist edit reference --network=ffhq.pkl --editor=edit_transformer.pt \\
          --latents=mine.safetensors --ref=theirs.safetensors --attention=paper \\
          --outdir=out
        stylist edit reference --network=ffhq.pkl --editor=edit_transformer.pt \\
          --data=me.png --ref-data=others --encoder=e4e_ffhq_encode.pt --outdir=out

      The edit transformer, a .pt of Style Transformer's program or a file of ours,
      takes an attribute over from the code of a reference: of that program's the
      one that it has learnt (bangs, as it is), of ours those that --attribute names,
      one after the other. Every source meets every reference. Writes a picture of
      each pair with the source, the reference and the edit beside one another,
      codes.safetensors with the edited codes, and grid.png with the sources at the
      left and the references at the top.

      Of photographs found.safetensors and found-references.safetensors keep the
      codes that were found, for --latents and --ref, so that they are sought once;
      after an interruption, those found so far. Photographs that cannot be used are
      said at the end, with the exit code of the first; all others are edited.

      stylist train edit makes an edit transformer for any generator, that of
      portraits in minutes; Style Transformer's was never published.
      """)

  @OptionGroup var networkOptions: NetworkOptions
  @OptionGroup var subjectOptions: SubjectOptions

  @Option(
    help: ArgumentHelp("The references' seeds, such as 10-12.", valueName: "list"),
    transform: SeedList.parseEachOnce)
  var refSeeds: SeedList?

  @Option(
    help: ArgumentHelp(
      "The references' codes instead: .safetensors or .npz with w, or .npy.", valueName: "file"),
    completion: .file(extensions: ["safetensors", "npz", "npy"]))
  var ref: String?

  @Option(
    help: ArgumentHelp(
      "Photographs as references instead; --encoder or --refine-steps finds their codes.",
      valueName: "path"),
    completion: .pictures)
  var refData: String?

  @Option(
    help: ArgumentHelp(
      "An edit transformer: Style Transformer's .pt, or our .safetensors.", valueName: "file"),
    completion: .checkpoint)
  var editor: String

  @Option(
    help: ArgumentHelp(
      "How rows look at the reference: code, each for itself, as published; paper, competing "
        + "(default: what the file says, or code).", valueName: "which"))
  var attention: EditReferenceJob.Attention?

  @Option(
    help: ArgumentHelp(
      "The heads of the editor, which a .pt does not say (default: 4, as published).",
      valueName: "count"))
  var heads: Int?

  @Option(
    help: ArgumentHelp(
      "What is taken over, of an editor that knows several: names with commas between.",
      valueName: "names"),
    transform: { $0.split(separator: ",").map(String.init) })
  var attribute: [String] = []

  @Option(
    help: ArgumentHelp(
      "How much of the change is made, -1000 to 1000 (default: 1, what the editor says).",
      valueName: "number"))
  var strength: Double?

  @OptionGroup var rowOptions: RowOptions
  @OptionGroup var editOptions: EditOptions

  func run() async throws {
    try networkOptions.check()
    let job = try job()
    guard let (network, made) = try await editOptions.make(job, networkOptions) else { return }
    try editOptions.finish(
      EditReport(network, made.files, made.failures), lines: made.files.map(\.file), job)
  }

  private func job() throws -> EditReferenceJob {
    let subject = try subjectOptions.subject(
      classIndex: editOptions.classIndex, seeksOthers: refData != nil)
    let references: EditSubject
    switch (refSeeds, ref, refData) {
    case (let seeds?, nil, nil): references = .seeds(seeds.seeds)
    case (nil, let file?, nil): references = .codes(try CodeFile(reading: file))
    case (nil, nil, let path?):
      var photographs = try subjectOptions.photographs.photographs(path)
      photographs.classIndex = editOptions.classIndex
      references = .photographs(photographs)
    default:
      throw UsageError(
        "give either --ref-seeds=LIST, --ref=FILE, or --ref-data=PATH with --encoder=FILE or "
          + "--refine-steps=N")
    }
    let words =
      ["reference"] + subjectOptions.spelling
      + [
        refSeeds.map { "--ref-seeds=\($0.text)" }, ref.map { "--ref=\($0)" },
        refData.map { "--ref-data=\($0)" },
        "--editor=\(editor)", attention.map { "--attention=\($0.rawValue)" },
        heads.map { "--heads=\($0)" },
        attribute.isEmpty ? nil : "--attribute=\(attribute.joined(separator: ","))",
        strength.map { "--strength=\(plain($0))" },
      ].compactMap(\.self)
    let request = try editOptions.request(
      subject, networkOptions, words, layers: rowOptions.layers, references: references,
      reading: [subjectOptions.latents, ref, editor])
    var job = EditReferenceJob(request, from: references, by: editor)
    (job.attention, job.heads, job.attributes) = (attention, heads, attribute)
    if let strength { job.strength = strength }
    return job
  }
}

extension EditReferenceJob.Attention: ExpressibleByArgument {}
