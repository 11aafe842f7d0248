// The whole program and hostile files: every group of attacks ends as documented, soon and small.

import Formats
import TestSupport
import Testing

/// One run at a time: each may take all the memory that it is allowed.
@Suite("Hostile files", .serialized)
struct HostileFileTests {
  @Test("1 to 8: nothing that a pickle calls is called", arguments: HostileInput.callingPickles)
  func calls(input: HostileInput) async throws { try await expectBounded(input) }

  @Test("9 to 15: pickles take no more than they are", arguments: HostileInput.endlessPickles)
  func pickles(input: HostileInput) async throws { try await expectBounded(input) }

  @Test("16 to 25: torch files are what they say", arguments: HostileInput.torchFiles)
  func torch(input: HostileInput) async throws { try await expectBounded(input) }

  @Test("20 to 22: networks have their tensors, and no code", arguments: HostileInput.networks)
  func networks(input: HostileInput) async throws { try await expectBounded(input) }

  @Test("26: archives stay small", arguments: HostileInput.bombs)
  func bombs(input: HostileInput) async throws { try await expectBounded(input) }

  @Test("27 to 32: archives have one meaning", arguments: HostileInput.archives)
  func archives(input: HostileInput) async throws { try await expectBounded(input) }

  @Test("34 and 35: arrays hold numbers", arguments: HostileInput.arrays)
  func arrays(input: HostileInput) async throws { try await expectBounded(input) }

  @Test("36 to 39: headers account for the file", arguments: HostileInput.safetensors)
  func safetensors(input: HostileInput) async throws { try await expectBounded(input) }

  @Test("every group from 1 to 39 is here, but for those that no command reads yet")
  func groups() {
    let inputs = [
      HostileInput.callingPickles, HostileInput.endlessPickles, HostileInput.torchFiles,
      HostileInput.networks, HostileInput.bombs, HostileInput.archives, HostileInput.arrays,
      HostileInput.safetensors,
    ].joined()
    /// 33 is the dataset.json of a folder or archive of pictures.
    let unread: Set = [33]
    #expect(Set(inputs.map(\.group)).union(unread) == Set(1...39))
  }

  @Test("a file that is read where it should be refused does not pass")
  func acceptance() async throws {
    let valid = HostileInput(0, "a network", 65, "") {
      try ByteRegion(mapping: plainNetwork).copy()
    }
    let faults = try await faults(valid)
    #expect(faults.contains { $0.hasPrefix("ended with") })
    #expect(faults.contains { $0.hasPrefix("wrote to stdout") })
  }
}
