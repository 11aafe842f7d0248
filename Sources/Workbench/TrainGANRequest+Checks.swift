// Whether what was asked of a training can be, in the words in which people ask.

import Networks
import Training

extension TrainGANRequest {
  /// Checks every value by itself.
  ///
  /// - Throws: `RequestError` that names the first option whose value cannot be.
  func check() throws(RequestError) {
    if let cfg, !GANRecipe.names.contains(cfg) {
      throw RequestError(
        "--cfg", expected: "one of \(GANRecipe.names.joined(separator: ", "))", found: cfg)
    }
    if let resolution, !(8...1024).contains(resolution) || resolution.nonzeroBitCount != 1 {
      throw RequestError("--res", expected: "a power of two from 8 to 1024", found: "\(resolution)")
    }
    let counts: [(option: String, value: Int?, range: ClosedRange<Int>)] = [
      ("--subset", subset, 1...Int(UInt32.max)), ("--batch", batchSize, 1...65536),
      ("--batch-gpu", microBatchSize, 1...65536), ("--cbase", channelBase, 8...(1 << 24)),
      ("--cmax", channelMax, 1...65536), ("--z-dim", zDim, 1...65536),
      ("--w-dim", wDim, 1...65536), ("--map-depth", mappingLayers, 1...64),
      ("--mbstd-group", mbstdGroupSize, 1...65536), ("--snap", ticksPerSnapshot, 1...1_000_000),
      ("--threads", threads, 1...4096),
    ]
    for (option, value, range) in counts {
      guard let value, !range.contains(value) else { continue }
      throw RequestError(
        option, expected: "\(range.lowerBound) to \(grouped(range.upperBound))",
        found: "\(value)")
    }
    let numbers: [(option: String, value: Double?, range: ClosedRange<Double>, words: String)] = [
      ("--gamma", r1Gamma, 0...1e6, "0 to 1,000,000"),
      ("--glr", generatorLearningRate, 0...10, "0 to 10"),
      ("--dlr", discriminatorLearningRate, 0...10, "0 to 10"),
      ("--ema", averageKimg, 0...1e9, "0 to 1,000,000,000 kimg"),
      ("--kimg", kimg, 0.001...1e9, "0.001 to 1,000,000,000"),
      ("--tick", kimgPerTick, 0.001...1e6, "0.001 to 1,000,000 kimg"),
    ]
    for (option, value, range, words) in numbers {
      guard let value, !range.contains(value) else { continue }
      throw RequestError(option, expected: words, found: "\(value)")
    }
  }

  /// Checks that values go together in a new training.
  ///
  /// - Parameter options: What was asked for, with the data.
  /// - Throws: `RequestError` that names an option; `ConfigurationError` if there is no such recipe.
  func check(fitting options: GANOptions) throws {
    if let channelBase, channelBase < options.data.resolution {
      throw RequestError(
        "--cbase", expected: "at least the resolution, \(options.data.resolution)",
        found: "\(channelBase)")
    }
    var plain = options
    (plain.changes.microBatchSize, plain.changes.mbstdGroupSize) = (nil, nil)
    let batch = try plain.recipe().training.batchSize
    if let microBatchSize, batch % microBatchSize != 0 {
      throw RequestError(
        "--batch-gpu", expected: "a divisor of the batch, \(batch)", found: "\(microBatchSize)")
    }
    let recipe = try options.recipe()
    let part = recipe.training.microBatchSize
    guard let group = recipe.inEffect.mbstdGroupSize, part > group, part % group != 0 else {
      return
    }
    if mbstdGroupSize != nil {
      throw RequestError(
        "--mbstd-group", expected: "a divisor of the \(part) pictures that go through together",
        found: "\(group)")
    }
    throw RequestError(
      microBatchSize == nil ? "--batch" : "--batch-gpu",
      expected: "a multiple of \(group), the pictures that the discriminator compares "
        + "(--mbstd-group), or fewer", found: "\(part)")
  }

  /// Checks that what was asked for is what a training has.
  ///
  /// - Parameter options: What its state says.
  /// - Throws: `RequestError` for values that cannot be; `ConfigurationError` that names all that
  ///   differ.
  func check(against options: GANOptions) throws {
    try check()
    let differences = try differences(from: options)
    guard differences.isEmpty else {
      throw ConfigurationError(
        "--resume goes on with the options that the training has; "
          + differences.joined(separator: "; ") + " (--init-from starts a new training)")
    }
  }

  /// What was asked for and is not so in a training, a line each.
  private func differences(from options: GANOptions) throws -> [String] {
    func compare<Value>(
      _ option: String, _ asked: Value?, _ found: Value?, _ text: (Value) -> String = { "\($0)" }
    ) -> String? {
      guard let asked else { return nil }
      let (wanted, had) = (text(asked), found.map(text) ?? "none")
      return wanted == had ? nil : "--\(option): has \(had), asked for \(wanted)"
    }
    let (asked, had) = (changes, try options.recipe().inEffect)
    return [
      compare("cfg", cfg, options.cfg), compare("res", resolution, options.data.resolution),
      compare("cond", cond, options.data.labelDim > 0),
      compare("mirror", mirror, options.data.mirror),
      compare("subset", subset, options.data.subset), compare("seed", seed, options.seed),
      compare("init-from", initFrom, options.initFrom),
      compare("batch", asked.batchSize, had.batchSize),
      compare("batch-gpu", asked.microBatchSize, had.microBatchSize),
      compare("gamma", asked.r1Gamma, had.r1Gamma, fourDigits),
      compare("glr", asked.generatorLearningRate, had.generatorLearningRate, fourDigits),
      compare("dlr", asked.discriminatorLearningRate, had.discriminatorLearningRate, fourDigits),
      compare("ema", asked.averageKimg, had.averageKimg, fourDigits),
      compare("cbase", asked.channelBase, had.channelBase),
      compare("cmax", asked.channelMax, had.channelMax),
      compare("z-dim", asked.zDim, had.zDim), compare("w-dim", asked.wDim, had.wDim),
      compare("map-depth", asked.mappingLayers, had.mappingLayers),
      compare("mbstd-group", asked.mbstdGroupSize, had.mbstdGroupSize),
      compare("precision", asked.precision, had.precision),
    ].compactMap(\.self)
  }
}
