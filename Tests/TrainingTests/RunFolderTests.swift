// Folders of runs: numbered, held by one training at a time, and cleared of what a kill left.

import Foundation
import Formats
import TestSupport
import Testing
import Training

@Suite("Run folders")
struct RunFolderTests {
  @Test("runs are numbered on from the last, whatever else is in the folder")
  func numbers() throws {
    try withScratchFolder { path in
      let outdir = "\(path)/new/runs"
      let first = try RunFolder(in: outdir, description: "stylegan2-portraits64")
      #expect(first.path == "\(outdir)/00000-stylegan2-portraits64")
      for name in ["00007-x", "notes", "3-y"] {
        try FileManager.default.createDirectory(
          atPath: "\(outdir)/\(name)", withIntermediateDirectories: false)
      }
      #expect(try RunFolder(in: outdir, description: "b").path == "\(outdir)/00008-b")
      #expect(RunFolder.runs(in: outdir).map(\.number) == [0, 7, 8])
    }
  }

  @Test("a folder is held by one training until that is gone")
  func lock() throws {
    try withScratchFolder { path in
      var folder: RunFolder? = try RunFolder(in: path, description: "a")
      let name = try #require(folder?.path)
      #expect {
        try RunFolder(opening: name)
      } throws: {
        "\($0)".contains("another process that is training in this folder")
          && ($0 as? FileError)?.kind == .cannotCreate
      }
      withExtendedLifetime(folder) {}
      folder = nil
      #expect(try RunFolder(opening: name).path == name)
    }
  }

  @Test("what a killed training was writing is removed, and nothing else")
  func leftovers() throws {
    try withScratchFolder { path in
      for name in [".training-state-000001.safetensors.abc.partial", ".notes", "mine.partial"] {
        try Data().write(to: URL(filePath: "\(path)/\(name)"))
      }
      _ = try RunFolder(opening: path)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: path).sorted() == [
          ".notes", "mine.partial",
        ])
    }
  }

  @Test("a folder that is none is an error")
  func none() throws {
    try withScratchFolder { path in
      try Data().write(to: URL(filePath: "\(path)/file"))
      for (name, kind) in [("none", FileError.Kind.missing), ("file", .unreadable)] {
        #expect {
          try RunFolder(opening: "\(path)/\(name)")
        } throws: {
          ($0 as? FileError)?.kind == kind
        }
      }
      #expect {
        try RunFolder(in: "\(path)/file", description: "a")
      } throws: {
        ($0 as? FileError)?.kind == .cannotCreate
      }
      #expect {
        try RunFolder.newestState(in: path) { _ in }
      } throws: {
        ($0 as? FileError)?.kind == .missing
      }
    }
  }
}
