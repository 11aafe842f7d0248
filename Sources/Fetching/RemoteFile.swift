// A published file: where it is, how long it is, and the hash that tells it from any other.

import Foundation

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

  /// An address as it may be shown to anybody: who asks, and the password, are three stars.
  ///
  /// - Parameter address: Any address, or what somebody took for one.
  /// - Returns: The address without what stands before an `@` in it.
  public static func shown(_ address: String) -> String {
    let start = address.range(of: "://")?.upperBound ?? address.startIndex
    let host = address[start...].prefix { $0 != "/" }
    // A slash in a password ends the host too early: what stands behind a colon is no port then.
    let port = host.split(separator: ":", maxSplits: 1).dropFirst().first
    let isCut = !host.contains("@") && port.map { !$0.allSatisfy(\.isNumber) } ?? false
    let searched = isCut ? address[start...] : host
    guard let end = searched.lastIndex(of: "@") else { return address }
    return address[..<start] + "***" + address[end...]
  }

  /// The address without who asks, and who asks, which servers are told apart from it.
  var address: (plain: String, asker: (name: String, password: String)?) {
    guard var parts = URLComponents(string: url), let name = parts.user, !name.isEmpty else {
      return (url, nil)
    }
    let password = parts.password ?? ""
    (parts.user, parts.password) = (nil, nil)
    return (parts.string ?? url, (name, password))
  }
}
