// Photographs brought to codes: by an encoder, by a search, or by a search that starts at an
// encoder's code.

import Datasets
import Formats
public import Inversion
public import Networks

/// A search for codes by gradients.
public struct CodeSearch: Sendable {
  /// How codes are sought.
  public var settings: ProjectionSettings
  /// Where random numbers start.
  public var seed: UInt32 = 303

  /// A search in the words of the command line.
  ///
  /// From an encoder's code on every row of W+ moves, in small steps and with nothing random, so that
  /// the code stays near. Without an encoder the search starts at the mean of w, as NVIDIA's
  /// projector does, but with the network's own noise.
  ///
  /// - Parameters:
  ///   - steps: How often the code is moved.
  ///   - fromEncoder: Whether it starts at an encoder's code.
  ///   - space: Without an encoder: `w` or `w+`; nil for `w`.
  ///   - learningRate: The largest learning rate; nil for 0.01 from an encoder's code, else 0.1.
  /// - Throws: `RequestError` for words and numbers that there are not.
  public init(
    steps: Int, fromEncoder: Bool, space: String? = nil, learningRate: Double? = nil
  ) throws(RequestError) {
    settings = fromEncoder ? .refinement(steps: steps) : ProjectionSettings()
    (settings.steps, settings.noise) = (steps, .stored)
    if let space { settings.space = try ProjectJob.space(space) }
    if let learningRate { settings.learningRate = learningRate }
    do {
      try settings.validate()
    } catch {
      throw RequestError(
        error, options: ["steps": "--refine-steps", "learningRate": "--learning-rate"])
    }
  }
}

extension ProjectionSettings {
  /// What is to be known of a search in very few steps; nil for others.
  ///
  /// - Parameter option: What gives the number of steps.
  /// - Returns: A line.
  public func remark(onStepsBy option: String) -> String? {
    // The second step is at the largest rate, or nearly.
    guard rampUp > 0, Double(steps) * rampUp < 1 else { return nil }
    let why = steps == 1 ? "and there is no other, so nothing moves" : "and the next one leaps"
    let end = steps == 1 ? "" : ", so that the end may be worse than the start"
    return "\(option)=\(steps): the learning rate of the first step is 0, \(why)\(end); "
      + "searches take some hundred steps, from an encoder's code some tens"
  }
}

/// The codes of photographs, with the names of what they are codes of.
public struct NamedCodes: Sendable {
  /// A name for each code; no two are the same.
  public let names: [String]
  /// The codes.
  public let codes: Codes
  /// The photographs of which there is no code, in their order.
  public let failures: [PictureFailure]
}

/// Photographs, and how their codes are found.
public struct PhotographCodes: Sendable {
  /// The encoder; nil to search from the mean of w.
  public var encoder: EncoderSource?
  /// The search, which starts at the encoder's code if there is one; nil for none.
  public var search: CodeSearch?
  /// How pictures are compared in the search.
  public var distance = PictureDistance.pyramid
  /// The class, for generators with labels; nil for class 0.
  public var classIndex: Int?
  let files: PictureFiles
  /// How photographs are brought to the size of pictures.
  var fit: PhotographFit

  /// The photographs of a folder, or one.
  ///
  /// - Parameters:
  ///   - path: A photograph, or a folder or ZIP archive of them.
  ///   - encoder: The encoder; nil to search from the mean of w.
  ///   - search: The search; nil for none.
  /// - Throws: `FileError` if there is no photograph; `RequestError` if nothing finds codes.
  public init(_ path: String, encoder: EncoderSource?, search: CodeSearch?) throws {
    guard encoder != nil || search != nil else {
      throw RequestError(
        "what finds codes", expected: "--encoder=FILE, --refine-steps=N, or both",
        found: "neither")
    }
    files = try PictureFiles.at(path)
    guard !files.pictures.isEmpty else { throw files.emptiness }
    (self.encoder, self.search) = (encoder, search)
    fit = encoder == nil ? .middle : .whole
  }

  /// How many photographs there are.
  public var count: Int { files.pictures.count }

  /// What is to be known of a search in very few steps; nil for others.
  public var remark: String? {
    search?.settings.remark(onStepsBy: "--refine-steps").map { "note: \($0)" }
  }

  /// The most steps that are taken for one photograph.
  var steps: Int { search?.settings.steps ?? 0 }

  /// Checks everything that can be known without looking at the photographs.
  ///
  /// - Parameters:
  ///   - traits: What the generator is.
  ///   - name: The generator as people know it.
  /// - Throws: `FileError` if the encoder or weights cannot be read, or do not go with the
  ///   generator; `RequestError` if the class does not fit.
  public func check(_ traits: GeneratorTraits, of name: String) throws {
    try encoder?.check(fits: traits, of: name)
    var settings = PictureSettings()
    settings.classIndex = classIndex
    try traits.check(settings)
    if search != nil { try distance.check(traits) }
  }

  /// Finds the codes of all photographs, and writes them to a file that `CodeFile` reads; after an
  /// interruption those that were found.
  ///
  /// - Parameters:
  ///   - host: The generator.
  ///   - file: The safetensors file to create or replace, if there is any code.
  ///   - generatorHash: The content hash of the generator's numbers.
  ///   - progress: Is told after every photograph, and after every step of searches.
  /// - Returns: The codes, by the names of the photographs.
  /// - Throws: `FileError` if the file cannot be written, or the encoder not be read; between steps
  ///   `InterruptedWork` if codes were found before, else `CancellationError`.
  public func codes(
    on host: GeneratorHost, keptIn file: String, of generatorHash: String,
    progress: @escaping ProgressHandler
  ) async throws -> NamedCodes {
    let finder = try CodeFinder(self, host)
    var (found, failures) = ([(name: String, code: Codes)](), [PictureFailure]())
    func kept() throws -> NamedCodes {
      let (names, traits) = (found.map(\.name), host.traits)
      guard !found.isEmpty else {
        let none = Codes(count: 0, numWs: traits.numWs, wDim: traits.wDim, values: [])
        return NamedCodes(names: names, codes: none, failures: failures)
      }
      let codes = Codes.joined(found.map(\.code))
      try codes.write(to: file, generatorHash: generatorHash, names: names)
      return NamedCodes(names: names, codes: codes, failures: failures)
    }
    do {
      for (index, name) in names().enumerated() {
        try Task.checkCancellation()
        let done = ProgressOfPhotographs(self, index: index, tell: progress)
        do {
          let photograph = try files.image(at: index)
          let codes = try await finder.codes(of: photograph, watch: done.step)
          if let last = codes.last { found.append((name, last.code)) }
        } catch {
          failures.append(try failure(error, index))
        }
        done.end()
      }
    } catch is CancellationError where !found.isEmpty {
      _ = try kept()
      let number = counted(found.count, "photograph")
      throw InterruptedWork(description: "the codes of \(number) are in \(file)")
    }
    return try kept()
  }

  /// The photographs that cannot be decoded: for a run that makes nothing.
  ///
  /// - Returns: Why, in their order.
  /// - Throws: What is not about a photograph.
  func unusable() throws -> [PictureFailure] {
    try (0..<count).compactMap { index in
      do {
        _ = try files.image(at: index)
        return nil
      } catch {
        return try failure(error, index)
      }
    }
  }

  /// Why there is nothing of a photograph; errors that are not about it are thrown again.
  func failure(_ error: any Error, _ index: Int) throws -> PictureFailure {
    if let error = error as? FileError, [.cannotCreate, .ioFailed].contains(error.kind) {
      throw error
    }
    guard let code = exitCode(for: error) else { throw error }
    let place = files.place(of: files.pictures[index])
    let isAboutIt = error is DatasetError
    return PictureFailure(
      reason: isAboutIt ? "\(error)" : "\(place): \(error)", exitCode: code)
  }

  /// A name for each photograph: its own without the ending, with a number where others have it.
  ///
  /// - Parameters:
  ///   - endings: What is added to a name to make names of files.
  ///   - taken: Names of files that none may have.
  /// - Returns: The names, in the photographs' order.
  func names(endings: [String] = [""], taken: Set<String> = []) -> [String] {
    var taken = taken
    return files.pictures.map { path in
      let stem = fileStem(ofPicture: path)
      var (name, copy) = (stem, 1)
      while !taken.isDisjoint(with: endings.map { name + $0 }) {
        copy += 1
        name = "\(stem)-\(copy)"
      }
      taken.formUnion(endings.map { name + $0 })
      return name
    }
  }
}

/// A picture's path as the name of one file, without its ending.
func fileStem(ofPicture path: String) -> String {
  String(path.lastIndex(of: ".").map { path[..<$0] } ?? path[...]).replacing("/", with: "-")
}

/// How a code was found.
public enum InversionStage: String, Encodable, Sendable {
  /// By one pass of the encoder.
  case encoder
  /// By a search from the mean of w.
  case search
  /// By a search from the encoder's code.
  case refined
  /// As before; the generator was tuned around it.
  case tuned
}

/// A code, and how it was found.
struct FoundCode: Sendable {
  let stage: InversionStage
  let code: Codes
  let seconds: Double
}

/// Finds the codes of photographs one by one.
struct CodeFinder: Sendable {
  private let plan: PhotographCodes
  private let host: GeneratorHost
  private let encoder: EncoderHost?

  /// Loads the encoder, if there is one.
  init(_ plan: PhotographCodes, _ host: GeneratorHost) throws {
    (self.plan, self.host) = (plan, host)
    encoder = try plan.encoder.map { try EncoderHost($0) }
  }

  /// The codes of a photograph, each better than the one before; the last one counts.
  ///
  /// - Parameters:
  ///   - photograph: The photograph, of any size.
  ///   - watch: Is told after every step of a search.
  /// - Returns: At least one.
  /// - Throws: `FileError` if the encoder gives no code; `InversionError` if a loss is not finite;
  ///   `CancellationError` between steps.
  func codes(of photograph: ByteImage, watch: @escaping @Sendable (Int) -> Void) async throws
    -> [FoundCode]
  {
    var found: [FoundCode] = []
    if let encoder {
      let began = ContinuousClock.now
      let code = try await encoder.code(of: photograph)
      found.append(FoundCode(stage: .encoder, code: code, seconds: .since(began)))
    }
    if let search = plan.search {
      let began = ContinuousClock.now
      var request = ProjectionRequest()
      (request.settings, request.seed) = (search.settings, search.seed)
      (request.distance, request.classIndex) = (plan.distance, plan.classIndex)
      request.start = found.last?.code
      // A search from a given code asks little of the statistics of others.
      if request.start != nil { request.samples = 1000 }
      let outcome = try await host.project(photograph.target(for: host.traits, plan.fit), request) {
        watch($0.step + 1)
      }
      if outcome.isInterrupted { throw CancellationError() }
      found.append(
        FoundCode(
          stage: encoder == nil ? .search : .refined, code: outcome.code, seconds: .since(began)))
    }
    return found
  }
}

extension Double {
  /// The seconds since a moment.
  static func since(_ moment: ContinuousClock.Instant) -> Double {
    (ContinuousClock.now - moment) / .seconds(1)
  }
}

/// Counts the steps of all photographs.
struct ProgressOfPhotographs: Sendable {
  private let index: Int
  private let count: Int
  private let perPhotograph: Int
  private let tell: ProgressHandler

  /// Progress of one of the photographs, for which so many more steps may be taken after its code is
  /// found.
  init(_ plan: PhotographCodes, more: Int = 0, index: Int, tell: @escaping ProgressHandler) {
    (self.index, self.tell, count) = (index, tell, plan.count)
    perPhotograph = plan.steps + more + 1
  }

  /// So many steps of this photograph are done.
  func step(_ step: Int) { report(index * perPhotograph + step) }

  /// This photograph is done.
  func end() { report((index + 1) * perPhotograph) }

  private func report(_ done: Int) {
    tell(
      JobProgress(
        done: done, total: count * perPhotograph, unit: perPhotograph == 1 ? "pictures" : "steps"))
  }
}
