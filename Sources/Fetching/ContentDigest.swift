// Hashes of whole files, by which a download is known to be what was published.

import Crypto
import Foundation

/// The hash of a file's content.
public struct ContentDigest: Hashable, Sendable, Encodable, CustomStringConvertible {
  /// How the content is hashed.
  public enum Algorithm: String, Sendable, Encodable {
    /// What nobody can make a second content for.
    case sha256 = "SHA-256"
    /// What older data sets were published with: it tells a damaged file, and a second content for a
    /// hash that is given has not been found to this day.
    case md5 = "MD5"
  }

  /// How the content is hashed.
  public let algorithm: Algorithm
  /// The hash in hexadecimal digits, in small letters.
  public let hex: String

  /// A hash with SHA-256.
  ///
  /// - Parameter hex: 64 hexadecimal digits.
  /// - Returns: The hash.
  public static func sha256(_ hex: String) -> ContentDigest { ContentDigest(.sha256, hex) }

  /// A hash with MD5.
  ///
  /// - Parameter hex: 32 hexadecimal digits.
  /// - Returns: The hash.
  public static func md5(_ hex: String) -> ContentDigest { ContentDigest(.md5, hex) }

  init(_ algorithm: Algorithm, _ hex: String) {
    let digits = hex.lowercased()
    let expected = algorithm == .sha256 ? 64 : 32
    precondition(
      digits.utf8.count == expected && digits.allSatisfy(\.isHexDigit),
      "\(expected) hexadecimal digits for \(algorithm.rawValue), found \(hex)")
    (self.algorithm, self.hex) = (algorithm, digits)
  }

  /// The algorithm and the digits.
  public var description: String { "\(algorithm.rawValue) \(hex)" }
}

/// A hash that is being computed, piece by piece.
struct RunningDigest {
  private let algorithm: ContentDigest.Algorithm
  private var function: any HashFunction

  init(_ algorithm: ContentDigest.Algorithm) {
    self.algorithm = algorithm
    function = algorithm == .sha256 ? SHA256() : Insecure.MD5()
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) { function.update(bufferPointer: bytes) }

  /// The hash of all that was seen.
  var digest: ContentDigest {
    let bytes: [UInt8] = function.finalize().withUnsafeBytes { Array($0) }
    return ContentDigest(
      algorithm, bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
  }
}
