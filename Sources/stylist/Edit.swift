// `stylist edit`: pictures changed in one way.

import ArgumentParser
import Workbench

/// Changes pictures.
struct Edit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Change pictures in one way, and keep the rest.",
    discussion: """
      EXAMPLES
        stylist edit label --network=ffhq.pkl --classifier=latent_classifier.pt \\
          --attribute=Smiling --strength=3,6 --seeds=85 --outdir=out
        stylist edit reference --network=ffhq.pkl --editor=edit_transformer.pt \\
          --seeds=85 --ref-seeds=100,75 --outdir=out
        stylist edit direction --network=ffhq.pkl --seeds=85 \\
          --direction=out/sefa.safetensors --outdir=out

      By label, a classifier of codes shows each code its own way to an attribute.
      By reference, an edit transformer takes an attribute over from other pictures.
      Along a direction, all codes move the same way. All three write the edited
      codes, too, which `stylist generate --projected-w` draws and --latents takes.
      """,
    subcommands: [EditLabel.self, EditReference.self, EditDirection.self])
}

/// `stylist edit direction`: along a direction.
struct EditDirection: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "direction",
    abstract: "Move pictures along a direction.",
    usage: """
      stylist edit direction --network=<file> --seeds=<list> --direction=<file>
        --outdir=<folder> [<options>]
      """,
    discussion: """
      EXAMPLES
        stylist edit direction --network=stylegan2-portraits64 --seeds=2,7 \\
          --direction=out/sefa.safetensors --index=1 --strength=-3,0,3 --outdir=out
        stylist edit direction --network=ffhq.pkl --latents=out/codes.safetensors \\
          --direction=age.npy --layers=0-7 --outdir=out
        stylist edit direction --network=ffhq.pkl --data=faces \\
          --encoder=e4e_ffhq_encode.pt --direction=age.npy --outdir=out

      Directions are those of `stylist directions`, InterFaceGAN's .npy, and torch
      files of GANSpace's components or rosinality's factors. What a strength of 1
      is: of components (pca) one deviation of w along them, of all others their own
      length, which is 1 in w for sefa and svm. So components show at 1 to 3 for any
      generator, while lengths depend on how far its w lie apart: with
      stylegan2-portraits64, where a deviation is about 2, they show at 2 to 4.
      Codes of photographs change less, above all in W+: go twice as far or more.

      Writes a picture for each code and strength, codes.safetensors, and grid.png
      with a row for each code.

      Of photographs found.safetensors keeps the codes that were found, for
      --latents, so that they are sought once; after an interruption, those found so
      far. Photographs that cannot be used are said at the end, with the exit code
      of the first; all others are edited.
      """)

  @OptionGroup var networkOptions: NetworkOptions
  @OptionGroup var subjectOptions: SubjectOptions

  @Option(help: ArgumentHelp("A file of directions.", valueName: "file"), completion: .file())
  var direction: String

  @Option(
    help: ArgumentHelp("Which of them: its place from 0, or its name.", valueName: "which"))
  var index = "0"

  @Option(
    help: ArgumentHelp(
      "How far, a column of the sheet each (default: -3,-2,-1,0,1,2,3).", valueName: "list"),
    transform: PsiList.parse)
  var strength: PsiList?

  @Option(
    help: ArgumentHelp(
      "The rows of W+ that change, such as 0-7 (default: those that the direction is for).",
      valueName: "range"),
    transform: LayerList.parse)
  var layers: LayerList?

  @OptionGroup var editOptions: EditOptions

  func run() async throws {
    try networkOptions.check()
    let subject = try subjectOptions.subject(classIndex: editOptions.classIndex)
    let words =
      ["direction"] + subjectOptions.spelling
      + [
        "--direction=\(direction)", "--index=\(index)", strength.map { "--strength=\($0.text)" },
      ].compactMap(\.self)
    let request = try editOptions.request(
      subject, networkOptions, words, layers: layers,
      reading: [subjectOptions.latents, direction])
    var job = try EditDirectionJob(request, along: direction)
    job.direction = index
    if let strength { job.strengths = strength.values }
    guard let (network, made) = try await editOptions.make(job, networkOptions) else { return }
    try editOptions.finish(
      EditReport(network, made.files, made.failures), lines: made.files.map(\.file), job)
  }
}
