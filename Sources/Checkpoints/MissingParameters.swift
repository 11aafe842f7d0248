// What other programs' files leave out and networks here have: filters, noise, the mean of w.

import Formats
import Layers
import Networks
import OrderedCollections
import Tensors

extension Checkpoint.Network {
  /// A StyleGAN2 generator from a file that may lack filters, noise and the mean of w.
  ///
  /// Filters follow from the configuration. Noise is drawn from a fixed seed, and the mean of w is
  /// taken over samples of a fixed seed, so that opening a file twice gives the same network.
  ///
  /// - Parameters:
  ///   - parameters: What the file holds.
  ///   - configuration: What the generator is built from.
  ///   - wAvgReason: Why the file's mean of w is not among the parameters, if it is not.
  ///   - dropsOtherNoise: Whether noise of other sizes than the layers' is left out and drawn anew,
  ///     since the program that wrote the file never used it; otherwise it is an error.
  ///   - file: The file.
  init(
    completing parameters: StoredParameters, as configuration: StyleGAN2Configuration,
    wAvgReason: String = "no mean of w in the file", dropsOtherNoise: Bool = false, file: String
  ) {
    let plan = ParameterStore()
    _ = configuration.makeGenerator(Scope(plan, device: .meta))
    var (complete, remarks) = (parameters, [String]())
    complete.addFilters(of: plan, taps: configuration.resampleFilter)
    if dropsOtherNoise { remarks += complete.dropOtherNoise(than: plan) }
    let noises = plan.entries.filter { $0.key.hasSuffix(".noise_const") && complete[$0.key] == nil }
    for (index, noise) in noises.enumerated() {
      let shape = noise.value.tensor.shape
      complete[noise.key] = StoredParameter(shape: shape, dtype: .float32) {
        .randn(shape, generator: TorchGenerator(seed: UInt64(index)))
      }
    }
    if !noises.isEmpty, remarks.isEmpty {
      remarks.append("no noise in the file; drawn from a fixed seed")
    }
    let isEstimated = complete["mapping.w_avg"] == nil && configuration.labelDim == 0
    if isEstimated {
      complete["mapping.w_avg"] = WAvgEstimate.rosinality.parameter(
        of: parameters, wDim: configuration.wDim, mapping: { configuration.makeMapping($0) }
      ) { samples, seed in
        var random = RandomState(seed: seed)
        let z = random.randn(samples * configuration.zDim).map(Float.init)
        return Tensor(z, shape: [samples, configuration.zDim])
      }
    }
    self.init(
      configuration: configuration, tensors: complete.ordered(like: plan),
      wAvgSource: isEstimated ? WAvgEstimate.rosinality.source : .stored,
      wAvgReason: isEstimated ? wAvgReason : nil, remarks: remarks, file: file)
  }

  /// A StyleGAN2 discriminator from a file that may lack filters.
  init(
    completing parameters: StoredParameters,
    as configuration: StyleGAN2DiscriminatorConfiguration, file: String
  ) {
    let plan = ParameterStore()
    _ = configuration.makeDiscriminator(Scope(plan, device: .meta))
    var complete = parameters
    complete.addFilters(of: plan, taps: configuration.resampleFilter)
    self.init(configuration: configuration, tensors: complete.ordered(like: plan), file: file)
  }
}

extension Checkpoint.Network {
  /// A transformer generator from a file, which holds tables and masks that networks here do
  /// without, and lacks the mean of w.
  ///
  /// - Parameters:
  ///   - parameters: What the file holds.
  ///   - configuration: What the generator is built from.
  ///   - file: The file.
  /// - Throws: `FileError` if a table or mask is not that of the configuration.
  init<Configuration: TransformerConfiguration>(
    completing parameters: StoredParameters, as configuration: Configuration, file: String
  ) throws(FileError) {
    var complete = parameters
    for (name, buffer) in configuration.derivedBuffers {
      guard let found = complete.removeValue(forKey: name), found.shape != buffer.shape else {
        continue
      }
      throw FileError(
        .damaged, file: file, expected: "\(name) of shape \(buffer.shape)",
        found: "\(found.shape)")
    }
    let plan = ParameterStore()
    _ = configuration.makeGenerator(Scope(plan, device: .meta))
    let isEstimated = complete["style.w_avg"] == nil
    if isEstimated {
      let shape = configuration.shape
      complete["style.w_avg"] = WAvgEstimate.transformers.parameter(
        of: parameters, wDim: shape.wDim, mapping: { shape.makeMapping($0, keepsAverage: false) }
      ) { samples, seed in
        .randn([samples, shape.wDim], generator: TorchGenerator(seed: UInt64(seed)))
      }
    }
    self.init(
      configuration: configuration, tensors: complete.ordered(like: plan),
      wAvgSource: isEstimated ? WAvgEstimate.transformers.source : .stored,
      wAvgReason: isEstimated ? "no mean of w in the file" : nil, file: file)
  }
}

extension StyleGAN2Configuration {
  /// The mapping network at the root of a generator's names, without the mean of w.
  fileprivate func makeMapping(_ p: Scope) -> MappingNetwork {
    MappingNetwork(
      p / "mapping", zDim: zDim, labelDim: 0, wDim: wDim, numLayers: mappingLayers,
      lrMultiplier: mappingLRMultiplier ?? 0.01, keepsAverage: false)
  }
}

extension StoredParameters {
  /// Adds the filters that the planned network has and these parameters lack.
  fileprivate mutating func addFilters(of plan: ParameterStore, taps: [Double]) {
    for (name, entry) in plan.entries where name.hasSuffix("resample_filter") && self[name] == nil {
      self[name] = StoredParameter(shape: entry.tensor.shape, dtype: .float32) {
        resampleFilter(taps)
      }
    }
  }

  /// Leaves out noise of other sizes than the planned layers'.
  ///
  /// - Returns: What was left out, a line if anything was.
  fileprivate mutating func dropOtherNoise(than plan: ParameterStore) -> [String] {
    let unfit = plan.entries.filter { name, entry in
      name.hasSuffix(".noise_const") && self[name].map { $0.shape != entry.tensor.shape } ?? false
    }
    for name in unfit.keys { self[name] = nil }
    return unfit.isEmpty
      ? [] : ["noise of other sizes than \(unfit.count) layers need; drawn from a fixed seed"]
  }

  /// The same parameters in the order of the planned network, unknown ones last.
  fileprivate func ordered(like plan: ParameterStore) -> StoredParameters {
    var result: StoredParameters = [:]
    for name in plan.entries.keys { result[name] = self[name] }
    for (name, parameter) in self where plan.entries[name] == nil { result[name] = parameter }
    return result
  }
}

/// The mean of w over samples of one seed, for files without it.
private struct WAvgEstimate {
  /// As many as rosinality's program takes.
  static let rosinality = WAvgEstimate(samples: 4096)
  /// Nobody's: the programs of StyleSwin and StyleNAT know no mean of w.
  static let transformers = WAvgEstimate(samples: 10000)

  let samples: Int
  private let seed: UInt32 = 0

  var source: WAvgSource { .estimated(samples: samples, seed: seed) }

  /// The mean, computed when it is asked for.
  ///
  /// - Parameters:
  ///   - parameters: The generator's, which hold those of its mapping network.
  ///   - wDim: The length of w.
  ///   - mapping: Makes the mapping network.
  ///   - z: Draws as many z from a seed.
  /// - Returns: [wDim].
  func parameter(
    of parameters: StoredParameters, wDim: Int, mapping: @escaping (Scope) -> MappingNetwork,
    z: @escaping (_ samples: Int, _ seed: UInt32) -> Tensor
  ) -> StoredParameter {
    StoredParameter(shape: [wDim], dtype: .float32) {
      let store = ParameterStore()
      let mapping = mapping(Scope(store))
      try store.load(parameters.filter { store.entries[$0.key] != nil })
      return withoutGradients { mapping(z(samples, seed), labels: nil).mean(over: 0) }
    }
  }
}
