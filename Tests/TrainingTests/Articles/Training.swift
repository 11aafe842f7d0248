// The example on the first page about training.

import Datasets
import TestSupport
import Testing
import Training

@Suite("First example of Training") struct TrainingPageTests {
  @Test("portraits are trained on, in a folder of their own")
  func example() throws {
    try withScratchFolder { outdir in
      let data = TrainingData(
        source: "portraits", name: "portraits16", count: 1000, resolution: 16, channels: 3,
        labelDim: 0, mirror: false, subset: nil)
      var changes = GANRecipeChanges()
      (changes.batchSize, changes.channelBase, changes.channelMax) = (8, 128, 8)
      let options = GANOptions(
        cfg: "auto", data: data, changes: changes, seed: 0, initFrom: nil, threads: 2)

      let training = try GANTraining(options, on: PortraitsDataset(count: 1000, resolution: 16))
      let folder = try RunFolder(in: outdir, description: options.folderName())
      let engine = try TrainingEngine(
        training, in: folder, schedule: Schedule(kimg: 0.016, kimgPerTick: 0.008),
        options: options.canonicalJSON()
      ) { event in
        if case .line(let line) = event { print(line) }
      }
      try engine.run()

      #expect(engine.kimg == 0.016)
      #expect(!RunFolder.networks(in: folder.path).isEmpty)
    }
  }
}
