// `stylist dataset`: data sets made, drawn, fetched, shown and checked.

import ArgumentParser

/// Makes data sets and looks into them.
struct DatasetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dataset",
    abstract: "Make or fetch data sets of pictures, look into them, check them.",
    discussion: """
      EXAMPLES
        stylist dataset portraits --count=1000 --dest=faces.zip --sheet=faces.png
        stylist dataset create --source=photos --dest=photos256.zip \\
          --transform=center-crop --resolution=256
        stylist dataset inspect photos256.zip --outdir=out
        stylist dataset verify photos256.zip
        stylist dataset fetch cifar10 --accept-licence

      A data set is a folder or zip archive of square pictures of one size, in
      the form that StyleGAN's published programs read and write.
      """,
    subcommands: [
      DatasetCreate.self, DatasetPortraits.self, DatasetInspect.self, DatasetAugment.self,
      DatasetVerify.self, DatasetFetchCommand.self,
    ])
}
