// All files of a published data set, fetched into one folder.

import Formats

/// Fetches a published data set.
public struct DatasetFetch: Sendable {
  /// A file and what became of it.
  public struct FetchedFile: Sendable, Encodable {
    /// Where it lies.
    public let path: String
    /// Its length.
    public let byteCount: Int
    /// Its hash.
    public let digest: ContentDigest
    /// Where it comes from, without a password.
    public let url: String
    /// Whether it had to be received; nil if that was not tried.
    public let outcome: Download.Outcome?
  }

  /// What was fetched, or would be.
  public struct Summary: Sendable, Encodable {
    /// What people call the data set.
    public let title: String
    /// The page of its authors.
    public let page: String
    /// Its terms.
    public let terms: String
    /// Its files.
    public let files: [FetchedFile]
    /// What `dataset create` reads.
    public let source: String
  }

  /// The data set.
  public let dataset: FetchableDataset
  /// Where its files will lie.
  public let folder: String

  /// Fetches a data set into a folder.
  ///
  /// - Parameters:
  ///   - dataset: A data set with files.
  ///   - folder: Where its files will lie; made if it is not there.
  public init(_ dataset: FetchableDataset, to folder: String) {
    precondition(!dataset.files.isEmpty, "\(dataset.name) has no files")
    (self.dataset, self.folder) = (dataset, folder)
  }

  private var downloads: [Download] {
    dataset.files.map { Download($0, to: place($0.name)) }
  }

  private func place(_ name: String) -> String {
    folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
  }

  /// What would be fetched; nobody is asked.
  public var plan: Summary { summary([]) }

  private func summary(_ outcomes: [Download.Outcome]) -> Summary {
    let files = downloads.enumerated().map { index, download in
      FetchedFile(
        path: download.path, byteCount: download.file.byteCount, digest: download.file.digest,
        url: RemoteFile.shown(download.file.url),
        outcome: outcomes.indices.contains(index) ? outcomes[index] : nil)
    }
    return Summary(
      title: dataset.title, page: dataset.page, terms: dataset.terms, files: files,
      source: dataset.source.map(place) ?? folder)
  }

  /// Fetches all files, one after the other.
  ///
  /// - Parameter progress: Is told how many bytes of all files there are, and how many there were
  ///   before.
  /// - Returns: What was fetched.
  /// - Throws: What `Download.run(progress:)` throws; files that are whole stay.
  public func run(
    progress: @escaping @Sendable (_ byteCount: Int, _ before: Int) -> Void
  ) async throws -> Summary {
    try makeFolders(folder)
    let downloads = downloads
    let before = downloads.map(\.byteCountThere).reduce(0, +)
    var (outcomes, done) = ([Download.Outcome](), 0)
    for download in downloads {
      let others = done
      // What is there of the files to come counts from the start, lest the bar leap.
      let later = downloads[(outcomes.count + 1)...].map(\.byteCountThere).reduce(0, +)
      outcomes.append(try await download.run { progress(others + $0 + later, before) })
      done += download.file.byteCount
    }
    return summary(outcomes)
  }
}
