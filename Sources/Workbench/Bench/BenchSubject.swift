// What a benchmark times: a generator, an encoder or a training, mostly with random weights.

import Formats
import Layers
import Networks
import Tensors
import Training

/// What a benchmark times.
struct BenchSubject {
  /// Work that is timed by itself.
  struct Phase {
    let name: String
    /// How often it runs in an iteration, on average.
    let weight: Double
    let run: () throws -> Void
  }

  let command: String
  let resolution: Int
  /// The numbers that training optimises.
  let parameters: Int
  /// Counts those of one image; nil in training.
  let multiplyAdds: (() -> Int)?
  /// The work, in order.
  let phases: [Phase]
  /// Computes a first image, as a user waits for it.
  let runFirst: () throws -> Void
  /// Of generators: how near the pictures of seeds 0 to 15 are to those in float32, in decibels.
  var psnr: (() -> [Double])?
  /// Of generators: whether an image is the same in float32.
  var equalsFloat32: (() -> Bool)?

  var isTraining: Bool { multiplyAdds == nil }

  /// Makes what the job asks for.
  init(_ job: BenchJob) throws {
    switch job.work {
    case .generate: self = try Self.generating(job)
    case .encode: self = try Self.encoding(job)
    case .train(let channelBase, let channelMax):
      self = try Self.training(job, channelBase: channelBase, channelMax: channelMax)
    }
  }

  private init(
    _ command: String, resolution: Int, parameters: Int, multiplyAdds: @escaping () -> Int,
    run: @escaping (_ batch: Int) -> Void, batch: Int
  ) {
    (self.command, self.resolution, self.parameters) = (command, resolution, parameters)
    self.multiplyAdds = multiplyAdds
    phases = [Phase(name: command, weight: 1) { run(batch) }]
    runFirst = { run(1) }
  }

  private static func generating(_ job: BenchJob) throws -> BenchSubject {
    let made = try job.network.map { try NetworkSource.file($0).makeGenerator().generator }
    let configuration: any GeneratorConfiguration =
      try made?.configuration ?? job.generatorConfiguration()
    let formats = type(of: configuration).numberFormats
    guard formats.contains(job.precision.dtype) else {
      throw RequestError(
        "--dtype", expected: formats.map(\.rawValue).joined(separator: " or "),
        found: "\(job.precision.rawValue), in which \(job.configuration) is not computed")
    }
    let random = TorchGenerator(seed: 0)
    let generator =
      made ?? configuration.makeGenerator(Scope(ParameterStore(), generator: random))
    let traits = generator.traits
    let z = Tensor.randn([job.batch, traits.zDim], generator: random)
    let label = generator.label(classIndex: 0)
    func images(_ z: Tensor, _ precision: DType) -> Tensor {
      withoutGradients {
        let labels = label.map { $0.expanded(z.size(0), traits.labelDim) }
        return generator.synthesize(
          generator.broadcast(generator.map(z: z, labels: labels)),
          options: SynthesisOptions(precision: precision))
      }
    }
    var subject = BenchSubject(
      "generate", resolution: traits.resolution,
      parameters: generator.parameters.parameterCount,
      multiplyAdds: { configuration.cost.multiplyAdds },
      run: { batch in _ = images(z.sliced(0..<batch, axis: 0), job.precision.dtype) },
      batch: job.batch)
    subject.equalsFloat32 = {
      let one = z.sliced(0..<1, axis: 0)
      return (images(one, job.precision.dtype) - images(one, .float32)).abs().max().item() == 0
    }
    subject.psnr = {
      (0..<16 as Range<UInt32>).map { seed in
        let pictures = [job.precision.dtype, .float32].map { precision in
          ByteImage(
            traits.pixelEncoding.bytes(images(generator.z(seed: seed), precision)))
        }
        return PictureLikeness(pictures[1], pictures[0]).psnr
      }
    }
    return subject
  }

  private static func encoding(_ job: BenchJob) throws -> BenchSubject {
    guard job.precision == .float32 else {
      throw RequestError(
        "--dtype", expected: "float32, the one format that encoders have",
        found: job.precision.rawValue)
    }
    let configuration = try Registry.encoder(named: job.configuration)
    let random = TorchGenerator(seed: 0)
    let encoder = configuration.makeEncoder(Scope(ParameterStore(), generator: random))
    let traits = encoder.traits
    let shape = [traits.inChannels, traits.height, traits.width]
    let images = Tensor.randn([job.batch] + shape, generator: random)
    return BenchSubject(
      "encode", resolution: traits.height, parameters: encoder.parameters.parameterCount,
      // With the plain operators that are taken where gradients are recorded: those are counted.
      multiplyAdds: {
        withGradients {
          countingMultiplyAdds { _ = encoder.wPlus(of: images.sliced(0..<1, axis: 0)) }
        }
      },
      run: { batch in
        withoutGradients { _ = encoder.wPlus(of: images.sliced(0..<batch, axis: 0)) }
      }, batch: job.batch)
  }

  private static func training(_ job: BenchJob, channelBase: Int?, channelMax: Int?) throws
    -> BenchSubject
  {
    var changes = GANRecipeChanges()
    (changes.batchSize, changes.microBatchSize) = (job.batch, job.batch)
    (changes.channelBase, changes.channelMax) = (channelBase, channelMax)
    changes.precision = job.precision.dtype
    let resolution = job.resolution ?? 64
    let recipe = try GANRecipe(
      named: job.configuration, resolution: resolution, imgChannels: 3, labelDim: 0,
      changes: changes)
    // Networks that grow are timed as large as they become.
    var settings = recipe.training
    settings.growth = nil
    (settings.batchSize, settings.microBatchSize) = (job.batch, job.batch)
    let random = TorchGenerator(seed: 0)
    let trainer = try GANTrainer(
      generator: recipe.generator.makeGenerator(Scope(ParameterStore(), generator: random)),
      discriminator: recipe.discriminator.makeDiscriminator(
        Scope(ParameterStore(), generator: random)), configuration: settings, seed: 0)
    let images = Tensor.rand([job.batch, 3, resolution, resolution], generator: random) * 2 - 1
    let real = RealBatch(images: images)
    let phases = settings.phaseOrder.phases.compactMap { phase -> Phase? in
      let interval =
        phase.trainsGenerator
        ? settings.generatorRegularizationInterval : settings.discriminatorRegularizationInterval
      guard let interval = phase.isRegularization ? interval : 1 else { return nil }
      return Phase(name: phase.rawValue, weight: 1 / Double(interval)) {
        let inputs = phase.makesImages ? try trainer.draw(for: phase) : nil
        _ = try trainer.runPhase(phase, real: real, inputs: inputs)
      }
    }
    return BenchSubject(
      command: "train", resolution: resolution,
      parameters: recipe.parameterCounts.generator + recipe.parameterCounts.discriminator,
      multiplyAdds: nil, phases: phases, runFirst: {})
  }

  private init(
    command: String, resolution: Int, parameters: Int, multiplyAdds: (() -> Int)?, phases: [Phase],
    runFirst: @escaping () throws -> Void
  ) {
    (self.command, self.resolution, self.parameters) = (command, resolution, parameters)
    (self.multiplyAdds, self.phases, self.runFirst) = (multiplyAdds, phases, runFirst)
  }
}

extension BenchJob {
  /// The configuration of the generator that is timed.
  fileprivate func generatorConfiguration() throws -> any GeneratorConfiguration {
    let configuration = try Registry.configuration(named: configuration, resolution: resolution)
    guard hasFullAttention else { return configuration }
    guard let full = configuration.withFullAttention else {
      throw RequestError(
        "--full-attention",
        expected: "a generator whose attention is limited to windows or "
          + "projected, such as styleswin-ffhq256 or styleformer-lsun128l",
        found: self.configuration)
    }
    try full.validate()
    return full
  }
}
