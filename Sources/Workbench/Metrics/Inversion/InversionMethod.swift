// A way in which photographs are brought to codes, one of several that are compared.

public import Inversion
import Training

/// A way to find codes: by an encoder, by a search, by both, with the generator tuned or not.
public struct InversionMethod: Sendable {
  /// What tables call it.
  public let name: String
  /// The options that make it what it is, as they are typed.
  public let options: [String]
  /// The encoders: files, or folders of trainings, one for each repetition; none for a search from the
  /// mean of w, which is repeated from every seed.
  public var encoders: [String] = []
  /// The search, which starts at the encoder's code if there is one; nil for none.
  public var search: CodeSearch?
  /// How searches and tuning compare pictures.
  public var distance = PictureDistance.pyramid
  /// How the generator is tuned to each photograph; nil for not at all.
  public var tuning: PivotalTuningSettings?

  /// A way that has a name.
  ///
  /// - Parameters:
  ///   - name: What tables call it.
  ///   - options: The options that make it what it is.
  public init(_ name: String, options: [String]) { (self.name, self.options) = (name, options) }

  /// One repetition: the same way with another encoder, or from another seed.
  struct Run: Sendable {
    /// The encoder's file; nil for a search from the mean of w.
    let encoder: String?
    /// Where the random numbers of a search start; nil for no search.
    let seed: UInt32?

    /// The photographs, and how this repetition finds their codes.
    ///
    /// - Parameters:
    ///   - path: A photograph, or a folder or archive of them.
    ///   - method: The way.
    /// - Returns: The photographs.
    /// - Throws: `FileError` if there is no photograph; `RequestError` if nothing finds codes.
    func photographs(_ path: String, by method: InversionMethod) throws -> PhotographCodes {
      var search = method.search
      if let seed { search?.seed = seed }
      var codes = try PhotographCodes(
        path, encoder: encoder.map { EncoderSource($0) }, search: search)
      (codes.distance, codes.fit) = (method.distance, .whole)
      return codes
    }
  }

  /// The repetitions.
  ///
  /// - Parameter seeds: Where the random numbers of searches start.
  /// - Returns: One for each encoder, or for each seed where there is none.
  /// - Throws: `FileError` if a folder holds no network.
  func runs(seeds: [UInt32]) throws -> [Run] {
    guard !encoders.isEmpty else { return seeds.map { Run(encoder: nil, seed: $0) } }
    return try encoders.enumerated().map { index, encoder in
      Run(
        encoder: try RunFolder.newestNetwork(encoder),
        seed: search == nil ? nil : seeds[index % seeds.count])
    }
  }

  /// The steps that are taken for one photograph, at most.
  var steps: Int { (search?.settings.steps ?? 0) + (tuning?.steps ?? 0) + 1 }
}
