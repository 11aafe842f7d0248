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
    try check("--aug", augmentation, is: AugmentationChoice.Mode.allCases.map(\.rawValue))
    try check("--loss", loss, is: StyleGANLoss.allCases.map(\.rawValue))
    try check(
      "--normalize", normalization, is: StyleformerAblation.Normalization.allCases.map(\.rawValue))
    try check("--residual", residual, is: StyleformerAblation.Residual.allCases.map(\.rawValue))
    try check(
      "--dilations", dilations, is: StyleNATConfiguration.Dilations.allCases.map(\.rawValue))
    try check("--augpipe", augmentationSet, is: AugmentationSet.allCases.map(\.rawValue))
    try data.check()
    try schedule.check()
    try checkRanges(counts: [
      ("--batch", batchSize, 1...65536), ("--batch-gpu", microBatchSize, 1...65536),
      ("--cbase", channelBase, 8...(1 << 24)), ("--cmax", channelMax, 1...65536),
      ("--channel-multiplier", channelMultiplier, 1...64),
      ("--depth", headSize, 1...65536),
      ("--minimum-head", minimumHeads, 1...65536),
      ("--feed-forward", feedForwardRatio, 1...64), ("--partitions", partitions, 1...64),
      ("--initial-res", initialResolution, 4...4096),
      ("--z-dim", zDim, 1...65536), ("--w-dim", wDim, 1...65536),
      ("--map-depth", mappingLayers, 1...64), ("--mbstd-group", mbstdGroupSize, 1...65536),
      ("--threads", threads, 1...4096), ("--freezed", frozenLayers, 0...1000),
    ])
    try checkRanges(numbers: [
      ("--gamma", r1Gamma, 0...1e6, "0 to 1,000,000"),
      ("--glr", generatorLearningRate, 0...10, "0 to 10"),
      ("--dlr", discriminatorLearningRate, 0...10, "0 to 10"),
      ("--ema", averageKimg, 0...1e9, "0 to 1,000,000,000 kimg"),
      ("--pl-weight", pathLengthWeight, 0...1e6, "0 to 1,000,000"),
      ("--style-mixing", styleMixingProbability, 0...1, "0 to 1"),
      ("--stable-kimg", stableKimg, 0...1e9, "0 to 1,000,000,000 kimg"),
      ("--fade-kimg", fadeKimg, 0...1e9, "0 to 1,000,000,000 kimg"),
      ("--p", augmentationP, 0...1, "0 to 1"), ("--target", augmentationTarget, 0...1, "0 to 1"),
    ])
  }

  private func check(
    _ option: String, _ value: String?, is names: [String]
  ) throws(RequestError) {
    guard let value, !names.contains(value) else { return }
    throw RequestError(option, expected: "one of \(names.joined(separator: ", "))", found: value)
  }

  /// Checks that what was said of augmentation goes together.
  ///
  /// - Parameter mode: How often images are augmented.
  /// - Throws: `RequestError` that names the first option that does not fit.
  private func checkAugmentation(_ mode: AugmentationChoice.Mode) throws(RequestError) {
    if augmentationP != nil, mode != .fixed {
      throw RequestError("--p", expected: "--aug=fixed", found: "--aug=\(mode.rawValue)")
    }
    if augmentationTarget != nil, mode != .ada {
      throw RequestError("--target", expected: "--aug=ada", found: "--aug=\(mode.rawValue)")
    }
    if augmentationSet != nil, mode == .noaug {
      throw RequestError("--augpipe", expected: "--aug=ada or --aug=fixed", found: "--aug=noaug")
    }
  }

  /// Checks that values go together in a new training.
  ///
  /// - Parameter options: What was asked for, with the data.
  /// - Throws: `RequestError` that names an option; `ConfigurationError` if there is no such recipe.
  func check(fitting options: GANOptions) throws {
    try checkAugmentation(effectiveAugmentation)
    if augmentationMode == .fixed, augmentationP == nil {
      throw RequestError("--aug=fixed", expected: "--p, a probability", found: "none")
    }
    if let channelBase, channelBase < options.data.resolution {
      throw RequestError(
        "--cbase", expected: "at least the resolution, \(options.data.resolution)",
        found: "\(channelBase)")
    }
    var plain = options
    (plain.changes.microBatchSize, plain.changes.mbstdGroupSize) = (nil, nil)
    for batch in try plain.recipe().stages.map(\.batchSize) {
      if let microBatchSize, batch % microBatchSize != 0 {
        throw RequestError(
          "--batch-gpu", expected: "a divisor of the batch, \(batch)", found: "\(microBatchSize)")
      }
    }
    let recipe = try options.recipe()
    for part in recipe.stages.map(\.microBatchSize) { try checkGroups(recipe, part) }
  }

  /// Checks that the discriminator can compare pictures that go through together.
  private func checkGroups(_ recipe: GANRecipe, _ part: Int) throws(RequestError) {
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

  func check(against options: GANOptions) throws {
    try check()
    let (asked, recipe) = (changes, try options.recipe())
    let (had, layers) = (recipe.inEffect, recipe.inEffect.styleformer)
    // Names of dilations that come to the same are the same.
    let heads = asked.stylenat.flatMap { own in
      (recipe.generator as? StyleNATConfiguration).map { StyleNATChanges(own.applied(to: $0)) }
    }
    let own = [
      difference("cfg", cfg, options.cfg), difference("cond", cond, options.data.labelDim > 0),
      difference("seed", seed, options.seed), difference("init-from", initFrom, options.initFrom),
      difference(
        "batch", asked.batchSize.map { "\($0)" }, recipe.byResolution { "\($0.batchSize)" }),
      difference(
        "batch-gpu", asked.microBatchSize.map { "\($0)" },
        recipe.byResolution { "\($0.microBatchSize)" }),
      difference("gamma", asked.r1Gamma, had.r1Gamma, fourDigits),
      difference(
        "glr", asked.generatorLearningRate.map(fourDigits),
        recipe.byResolution { fourDigits($0.generatorLearningRate) }),
      difference(
        "dlr", asked.discriminatorLearningRate.map(fourDigits),
        recipe.byResolution { fourDigits($0.discriminatorLearningRate) }),
      difference("initial-res", initialResolution, had.stylegan?.initialResolution),
      difference("stable-kimg", stableKimg, had.stylegan?.stableKimg, fourDigits),
      difference("fade-kimg", fadeKimg, had.stylegan?.fadeKimg, fourDigits),
      difference("loss", loss, had.stylegan?.loss?.rawValue),
      difference("ema", asked.averageKimg, had.averageKimg, fourDigits),
      difference("cbase", asked.channelBase, had.channelBase),
      difference("cmax", asked.channelMax, had.channelMax),
      difference("channel-multiplier", asked.channelMultiplier, had.channelMultiplier),
      difference("num-layers", numLayers, layers?.numLayers, listed),
      difference("g-dict", hiddenSizes, layers?.hiddenSizes, listed),
      difference("depth", headSize, layers?.headSize),
      difference("minimum-head", minimumHeads, layers?.minimumHeads),
      difference("linformer", linformer, layers?.linformer),
      difference("normalize", normalization, layers?.normalization?.rawValue),
      difference("demodulate", demodulates, layers?.demodulates),
      difference("residual", residual, layers?.residual?.rawValue),
      difference("feed-forward", feedForwardRatio, layers?.feedForwardRatio),
      difference("dilations", heads?.dilations?.rawValue, had.stylenat?.dilations?.rawValue),
      difference("partitions", heads?.partitions, had.stylenat?.partitions),
      difference("z-dim", asked.zDim, had.zDim), difference("w-dim", asked.wDim, had.wDim),
      difference("map-depth", asked.mappingLayers, had.mappingLayers),
      difference("mbstd-group", asked.mbstdGroupSize, had.mbstdGroupSize),
      difference("pl-weight", pathLengthWeight, had.pathLengthWeight, fourDigits),
      difference("style-mixing", styleMixingProbability, had.styleMixingProbability, fourDigits),
      difference("precision", asked.precision, had.precision),
      difference("aug", augmentation, had.augmentation?.mode.rawValue),
      difference("augpipe", augmentationSet, had.augmentation?.pipe.rawValue),
      difference("p", augmentationP, had.augmentation?.p, fourDigits),
      difference("target", augmentationTarget, had.augmentation?.target, fourDigits),
      difference("freezed", frozenLayers, had.frozenLayers),
    ]
    try refuse(
      data.differences(from: options.data) + own, remedy: " (--init-from starts a new training)")
  }
}

/// Numbers or words with commas between, as people type them.
func listed(_ values: [some CustomStringConvertible]) -> String {
  values.map(\.description).joined(separator: ",")
}
