// Whether pictures can be written and read, folders written to, and which programs are there.

package import Formats
import Foundation

extension DoctorJob {
  func fileChecks() -> [DoctorReport.Check] {
    FormatLibrary.all.map(Self.libraryCheck) + [
      pictureCheck(), folderCheck("temporary folder", temporaryFolder),
      folderCheck("current folder", currentFolder),
    ]
  }

  /// The version of a library, which is a note where it is older than what was built for.
  package static func libraryCheck(_ library: FormatLibrary) -> DoctorReport.Check {
    guard let loaded = library.loaded else {
      return .init(
        library.name, "built for \(library.builtFor ?? "an unknown version")")
    }
    guard let builtFor = library.builtFor, builtFor != loaded else {
      return .init(library.name, loaded)
    }
    let isOlder = loaded.compare(builtFor, options: .numeric) == .orderedAscending
    return .init(library.name, isOlder ? .note : .ok, "\(loaded), built for \(builtFor)")
  }

  // MARK: Pictures

  /// That a small picture comes back from a PNG, a JPEG and a WebP.
  package func pictureCheck() -> DoctorReport.Check {
    let name = "pictures"
    let folder = "\(temporaryFolder)/stylist-doctor-\(UInt64.random(in: .min ... .max))"
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: false,
        attributes: [.posixPermissions: 0o700])
    } catch {
      return .init(name, .note, "not tried, for want of a temporary folder")
    }
    defer { try? FileManager.default.removeItem(atPath: folder) }
    do {
      let failed = try Self.formatsThatFail(in: folder)
      guard failed.isEmpty else {
        let list = failed.joined(separator: ", ")
        return .init(name, .wrong, "what was written as \(list) was read as another picture")
      }
    } catch {
      return .init(name, .wrong, "a picture could not be written and read: \(error)")
    }
    return .init(name, "written and read as PNG, JPEG and WebP")
  }

  private static func formatsThatFail(in folder: String) throws -> [String] {
    // Brighter from row to row, bluer than red.
    var samples: [UInt8] = []
    for row: UInt8 in 0..<16 {
      for _ in 0..<16 { samples += [row * 8, row * 8 + 40, row * 8 + 80] }
    }
    let picture = ByteImage(width: 16, height: 16, channels: 3, pixels: samples)
    try PNG(image: picture).write(to: "\(folder)/a.png")
    try JPEG.write(picture, quality: 95, to: "\(folder)/a.jpg")
    try WebP.write(picture, quality: .lossless, to: "\(folder)/a.webp")
    let formats: [(name: String, extension: String, tolerance: Int)] = [
      ("PNG", "png", 0), ("JPEG", "jpg", 12), ("WebP", "webp", 0),
    ]
    return try formats.filter { format in
      let found = try ByteImage(path: "\(folder)/a.\(format.extension)")
      guard (found.width, found.height, found.channels) == (16, 16, 3) else { return true }
      let differences = zip(found.pixels, picture.pixels).map { abs(Int($0) - Int($1)) }
      return differences.contains { $0 > format.tolerance }
    }.map(\.name)
  }

  // MARK: Folders

  /// That a folder can be written to, and has room.
  package func folderCheck(_ name: String, _ folder: String) -> DoctorReport.Check {
    let file = "\(folder)/.stylist-doctor-\(UInt64.random(in: .min ... .max))"
    defer { try? FileManager.default.removeItem(atPath: file) }
    guard FileManager.default.createFile(atPath: file, contents: Data("stylist".utf8)) else {
      return .init(
        name, .wrong, "\(folder) cannot be written to",
        remedy: name.hasPrefix("temporary") ? "export TMPDIR=/another/folder" : "cd \"$HOME\"")
    }
    let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder)
    guard let free = attributes?[.systemFreeSize] as? NSNumber else {
      return .init(name, "\(folder) can be written to")
    }
    let isScarce = free.doubleValue < 1e9
    return .init(
      name, isScarce ? .note : .ok,
      "\(folder), \(byteCount(free.doubleValue)) free" + (isScarce ? ": not much" : ""))
  }

  // MARK: Programs

  /// Whether ffmpeg is there, which only some videos need.
  package func ffmpegCheck() async -> DoctorReport.Check {
    if let path = await VideoForm.ffmpegPath() { return .init("ffmpeg", path) }
    return .init(
      "ffmpeg", .note, "not installed: videos can be .webp, not .mp4 or .gif",
      remedy: installation(of: "ffmpeg"))
  }

  /// The command that installs a program on this system.
  package func installation(of program: String) -> String? {
    let installers = [
      ("apt-get", "apt-get install -y"), ("dnf", "dnf install -y"), ("zypper", "zypper install"),
      ("pacman", "pacman -S"), ("apk", "apk add"), ("brew", "brew install"),
    ]
    let folders = (environment["PATH"] ?? "").split(separator: ":")
    let found = installers.first { name, _ in
      folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }
    guard let (name, command) = found else { return nil }
    let prefix = name == "brew" || getuid() == 0 ? "" : "sudo "
    return "\(prefix)\(command) \(program)"
  }
}
