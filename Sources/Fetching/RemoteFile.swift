// A published file: where it is, how long it is, and the hash that tells it from any other.

/// A file that can be downloaded and checked.
public struct RemoteFile: Hashable, Sendable, Encodable {
  /// Its address, with http or https.
  public var url: String
  /// Its length.
  public var byteCount: Int
  /// Its hash.
  public var digest: ContentDigest

  /// A file at an address.
  ///
  /// - Parameters:
  ///   - url: Its address.
  ///   - byteCount: Its length; no more than that is ever taken.
  ///   - digest: Its hash.
  public init(url: String, byteCount: Int, digest: ContentDigest) {
    (self.url, self.byteCount, self.digest) = (url, byteCount, digest)
  }

  /// The last part of the address.
  public var name: String { url.split(separator: "/").last.map(String.init) ?? url }

  /// The same file under the same name at another place.
  ///
  /// - Parameter folder: The address of the folder that holds it.
  /// - Returns: The file.
  public func mirrored(at folder: String) -> RemoteFile {
    let start = folder.hasSuffix("/") ? folder : folder + "/"
    return RemoteFile(url: start + name, byteCount: byteCount, digest: digest)
  }
}
