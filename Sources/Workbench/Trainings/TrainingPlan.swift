// What a training would be, before it runs.

public import Training

/// What is known of a training before it runs.
public struct TrainingPlan: Encodable, Sendable {
  /// The folder of the run: for a new one, the name that is free now.
  public let folder: String
  /// Everything that decides what is learned.
  public let options: any TrainingOptions
  /// When to write, save and end.
  public let schedule: Schedule
  /// The networks that learn.
  public let networks: [NetworkSize]
  /// Thousands of images that were seen already.
  public let kimg: Double

  /// What it takes on this machine; nil if nothing is known of it, or nothing is left to train.
  public let estimate: TrainingEstimate?

  /// The plan as lines for people.
  public let lines: [String]

  private enum CodingKeys: CodingKey {
    case folder, options, recipe, schedule, networks, kimg, estimate
  }

  init<Request: TrainingRequest>(
    _ request: Request, folder: String, options: Request.Options, schedule: Schedule,
    kimg: Double, isComplete: Bool = true, remarks: [String] = [], estimates: Bool
  ) throws {
    (self.folder, self.options, self.schedule, self.kimg) = (folder, options, schedule, kimg)
    networks = try options.networks()
    guard kimg < schedule.kimg else {
      estimate = nil
      lines =
        isComplete
        ? ["\(folder) is already at \(kimgText(kimg)) kimg; --kimg=N with a larger N goes on"]
        : ["would complete the snapshot at \(kimgText(kimg)) kimg in \(folder)"]
      return
    }
    let estimate = estimates ? try request.estimate(options) : nil
    self.estimate = estimate
    lines =
      ["would train in \(folder), from \(kimgText(kimg)) to \(schedule.lengths)"]
      + (try
        (request.lines(options, schedule) + remarks
        + (estimate?.lines(of: schedule.kimg - kimg) ?? [])).map { "  \($0)" })
  }

  /// Writes what programs read.
  public func encode(to encoder: any Encoder) throws {
    var object = encoder.container(keyedBy: CodingKeys.self)
    try object.encode(folder, forKey: .folder)
    try object.encode(options, forKey: .options)
    if let options = options as? any RunOptions {
      try options.recipeValues().encode(to: object.superEncoder(forKey: .recipe))
    }
    try object.encode(schedule, forKey: .schedule)
    try object.encode(networks, forKey: .networks)
    try object.encode(kimg, forKey: .kimg)
    try object.encodeIfPresent(estimate, forKey: .estimate)
  }
}

extension Schedule {
  /// How long, and how often, in words.
  var lengths: String {
    let line = kimgPerTick == 1 ? "kimg" : "\(kimgText(kimgPerTick)) kimg"
    let snapshot = ticksPerSnapshot == 1 ? "line" : "\(ticksPerSnapshot) lines"
    return "\(kimgText(kimg)) kimg: a line every \(line), a snapshot every \(snapshot)"
  }
}

extension TrainingData {
  /// The data in a line.
  ///
  /// - Parameter mirrored: What is said of mirrored pictures.
  /// - Returns: The line.
  func line(mirrored: String) -> String {
    let labels = labelDim > 0 ? "labels of \(labelDim)" : "no labels"
    return "data: \(source), \(counted(count, "picture")) of \(resolution)×\(resolution)"
      + "\(mirrored), \(labels)"
  }
}
