// Trainings that start with the networks of others: which layers land where when resolutions differ, and
// files that do not fit.

import Checkpoints
import Datasets
import Formats
import Layers
import Networks
import OrderedCollections
import TestSupport
import Tensors
import Testing
import Training

@Suite("Starting from other networks") struct InitFromTests {
  /// A training of small networks whose layers have equal widths at every resolution.
  private func options(
    _ resolution: Int, cfg: String = "stylegan", seed: UInt32 = 0
  ) -> GANOptions {
    var changes = GANRecipeChanges()
    (changes.batchSize, changes.channelBase, changes.channelMax) = (2, 1024, 4)
    (changes.zDim, changes.wDim, changes.mappingLayers) = (4, 4, 2)
    (changes.mbstdGroupSize, changes.augmentation) = (2, AugmentationChoice(.noaug))
    let data = TrainingData(
      source: "portraits", name: "portraits\(resolution)", count: 4, resolution: resolution,
      channels: 3, labelDim: 0, mirror: false, subset: nil)
    return GANOptions(
      cfg: cfg, data: data, changes: changes, seed: seed, initFrom: nil, threads: 1)
  }

  private func training(_ options: GANOptions) throws -> GANTraining {
    try GANTraining(
      options, on: PortraitsDataset(count: 4, resolution: options.data.resolution))
  }

  /// Writes the networks of a training into a state.
  private func state(_ training: GANTraining, in folder: String) throws -> String {
    var state = TrainingState()
    try training.save(into: &state)
    let path = "\(folder)/training-state-000000.safetensors"
    try state.write(to: path)
    return path
  }

  /// What reads and makes images in both networks and the average, by level of detail.
  private func colours(_ training: GANTraining) -> [[[Float]]] {
    let trainer = training.trainer
    return [
      (trainer.generator.parameters, "G_synthesis/ToRGB_lod"),
      (trainer.average.parameters, "G_synthesis/ToRGB_lod"),
      (trainer.discriminator.parameters, "FromRGB_lod"),
    ].map { store, name in
      sequence(first: 0) { $0 + 1 }.lazy.prefix { store.entries["\(name)\($0)/weight"] != nil }
        .map { store["\(name)\($0)/weight"].values() }
    }
  }

  // Names of StyleGAN's layers count from the highest resolution, which is another one here.
  @Test("layers that read and make colours go where their resolution is", arguments: [8, 16, 32])
  func levels(resolution: Int) throws {
    try withScratchFolder { folder in
      let source = try training(options(16))
      // The average is another network than the generator.
      withoutGradients {
        source.trainer.average.parameters["G_synthesis/ToRGB_lod1/weight"].addInPlace(
          .full(1, []))
      }
      let path = try state(source, in: folder)
      let given = colours(source)
      let other = try training(options(resolution, seed: 1))
      let first = colours(other)
      _ = try other.start(from: path)
      let shift = resolution.trailingZeroBitCount - 4
      for (i, found) in colours(other).enumerated() {
        #expect(found.count == given[i].count + shift)
        for (lod, weight) in found.enumerated() {
          let expected = lod < shift ? first[i][lod] : given[i][lod - shift]
          #expect(weight == expected, "network \(i), lod \(lod)")
        }
      }
      // The blocks of all resolutions that both have are named by them.
      let names = ["G_synthesis/4x4/Const/const", "G_synthesis/8x8/Conv1/weight"]
      for name in names {
        #expect(
          other.trainer.generator.parameters[name].values()
            == source.trainer.generator.parameters[name].values())
      }
    }
  }

  @Test("networks of another family do not fit, and the error says what was found")
  func foreign() throws {
    try withScratchFolder { folder in
      let path = try state(try training(options(8, cfg: "auto")), in: folder)
      #expect {
        try GANTraining.checkStart(from: path, of: options(8))
      } throws: { error in
        guard let error = error as? FileError else { return false }
        return error.kind == .doesNotFit && error.kind.exitCode == 65
          && error.expected.contains("G_synthesis/4x4/Const/const")
          && error.found.contains("synthesis.b4.const")
      }
    }
  }
}
