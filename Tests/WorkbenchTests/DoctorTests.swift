// What an examination of the machine says of this one, and of machines made of files.

import CalledOperators
import Formats
import Foundation
import Layers
import TestSupport
import Tensors
import Testing
import Workbench

@Suite("Doctor")
struct DoctorTests {
  /// Runs `body` with a job that looks at a machine with these files.
  private func withMachine(
    _ files: [String: String], _ environment: [String: String] = [:],
    _ body: (DoctorJob) throws -> Void
  ) throws {
    try withScratchFolder { root in
      for (path, text) in files {
        let file = URL(filePath: root + path)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
      var job = DoctorJob()
      (job.system, job.environment) = (SystemFiles(root: root), environment)
      try body(job)
    }
  }

  @Test("a whole examination finds this installation in order, and leaves nothing behind")
  func whole() async throws {
    try await withScratchFolder { folder in
      var job = DoctorJob()
      (job.temporaryFolder, job.currentFolder) = (folder, folder)
      let report = await job.run()
      #expect(report.wrongSubjects.isEmpty, "\(report)")
      #expect(report.groups.map(\.name) == ["libtorch", "machine", "threads", "files", "programs"])
      #expect(report.operators.count == 21)
      #expect(report.operators.contains { $0.difference > 0 })
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test("an examination is as bad as the worst that it finds")
  func states() {
    func report(_ states: [DoctorReport.State]) -> DoctorReport {
      let checks = states.map { DoctorReport.Check("\($0)", $0, "found") }
      return DoctorReport(groups: [.init(name: "a", checks: checks)], operators: [])
    }
    #expect(report([.ok]).state == .ok)
    #expect(report([.ok, .note]).state == .note)
    #expect(report([.wrong, .note]).state == .wrong)
    #expect(report([.wrong, .note]).wrongSubjects == ["wrong"])
  }

  // MARK: libtorch

  @Test("libtorch's description is read, with and without its parts")
  func build() {
    let build = TorchBuild(
      """
      PyTorch built with:
        - Intel(R) oneAPI Math Kernel Library Version 2024.2-Product Build 20240605 for Intel(R) 64
        - Intel(R) MKL-DNN v3.12.0 (Git Hash 80afa7)
        - OpenMP 201511 (a.k.a. OpenMP 4.5)
        - CUDA Runtime 12.8
        - Build settings: BLAS_INFO=mkl, TORCH_VERSION=2.13.0, USE_CUDA=1,
      """)
    #expect(build.version == "2.13.0" && build.oneDNN == "3.12.0" && build.mkl == "2024.2")
    #expect(build.openMP == "4.5" && build.cuda == "12.8")
    let bare = TorchBuild("PyTorch built with:\n  - OpenMP is off\n")
    #expect([bare.version, bare.oneDNN, bare.mkl, bare.openMP, bare.cuda].allSatisfy { $0 == nil })
  }

  @Test("another libtorch than the program was built for is wrong")
  func otherTorch() {
    #expect(DoctorJob.versionCheck(builtFor: "2.13.0", loaded: "2.13.0").state == .ok)
    #expect(DoctorJob.versionCheck(builtFor: "2.13.0", loaded: nil).state == .note)
    let check = DoctorJob.versionCheck(builtFor: "2.13.0", loaded: "2.9.1")
    #expect(check.state == .wrong && check.remedy == "make build")
    #expect(check.found.contains("2.9.1") && check.found.contains("2.13.0"))
  }

  @Test("own operators that leave the processor's features unused are noted")
  func features() throws {
    try withMachine([:]) { job in
      #expect(job.featureCheck(torch: "AVX512", own: "AVX512").state == .ok)
      #expect(job.featureCheck(torch: "AVX2", own: "plain").state == .note)
      #expect(job.featureCheck(torch: "DEFAULT", own: "plain").state == .ok)
    }
    try withMachine([:], ["ATEN_CPU_CAPABILITY": "default"]) { job in
      let check = job.featureCheck(torch: "DEFAULT", own: "AVX2")
      #expect(check.state == .note && check.remedy == "unset ATEN_CPU_CAPABILITY")
    }
  }

  @Test("a CUDA device that libtorch cannot use is named")
  func cuda() throws {
    try withMachine([:]) { #expect($0.cudaCheck(build: nil, isUsable: false).state == .ok) }
    let place = "/proc/driver/nvidia/gpus/0000:01:00.0/information"
    try withMachine([place: "Model: \t\t NVIDIA H100\nIRQ: 1\n"]) { job in
      let check = job.cudaCheck(build: nil, isUsable: false)
      #expect(check.state == .note && check.found.hasPrefix("NVIDIA H100"))
      #expect(check.remedy?.contains("LIBTORCH=") == true)
      #expect(job.cudaCheck(build: "12.8", isUsable: true).found.contains("12.8, NVIDIA H100"))
    }
  }

  // MARK: Machine

  @Test(
    "the limits of control groups are found",
    arguments: [
      // Version 2: the group itself, and one above it.
      (["/proc/self/cgroup": "0::/a/b", "/sys/fs/cgroup/a/b/cpu.max": "150000 100000"], 1.5),
      (
        [
          "/proc/self/cgroup": "0::/a/b", "/sys/fs/cgroup/a/cpu.max": "50000 100000",
          "/sys/fs/cgroup/a/b/cpu.max": "max 100000",
        ], 0.5
      ),
      // In a container the group's files stand at the base.
      (["/proc/self/cgroup": "0::/", "/sys/fs/cgroup/cpu.max": "25000 100000"], 0.25),
      // Version 1.
      (
        [
          "/proc/self/cgroup": "4:cpu,cpuacct:/docker/x",
          "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "300000",
          "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
        ], 3
      ),
    ] as [([String: String], Double)])
  func processorLimits(files: [String: String], limit: Double) throws {
    try withMachine(files) { job in
      let processor = Processor(job.system)
      #expect(processor.limit == limit)
      let isLimiting = limit < Double(processor.allowedCores)
      #expect((DoctorJob.coreCheck(processor).state == .note) == isLimiting)
      #expect(processor.usableCores == min(limit, Double(processor.allowedCores)))
    }
  }

  @Test("no limit is no limit, however the system spells it")
  func noLimits() throws {
    try withMachine([
      "/proc/self/cgroup": "0::/\n3:memory:/", "/sys/fs/cgroup/cpu.max": "max 100000",
      "/sys/fs/cgroup/memory.max": "max", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
      "/proc/meminfo": "MemTotal:       16000000 kB\nMemAvailable:    9000000 kB\n",
      "/proc/cpuinfo": "processor\t: 0\nmodel name\t: A Processor\nflags\t\t: fpu avx512_bf16\n",
    ]) { job in
      let processor = Processor(job.system)
      #expect(processor.limit == nil && processor.model == "A Processor")
      #expect(processor.hasBFloat16)
      let memory = job.memoryCheck()
      #expect(memory.state == .ok && memory.found == "16 GB, 9.2 GB of it free")
    }
  }

  @Test("memory that a container limits, or that is scarce, is noted")
  func memory() throws {
    let total = "MemTotal: 16000000 kB\nMemAvailable: "
    try withMachine([
      "/proc/meminfo": total + "9000000 kB", "/proc/self/cgroup": "0::/",
      "/sys/fs/cgroup/memory.max": "4000000000",
    ]) { job in
      #expect(job.memoryCheck().state == .note)
      #expect(job.memoryCheck().found.hasSuffix("lets the program take 4 GB"))
    }
    try withMachine(["/proc/meminfo": total + "900000 kB"]) { job in
      #expect(job.memoryCheck().state == .note)
      #expect(job.memoryCheck().found.contains("--batch-gpu"))
    }
  }

  // MARK: Threads

  @Test("threads that wait for one another are noted only where that costs time")
  func waiting() throws {
    let cases: [(String?, Bool, DoctorReport.State)] = [
      (nil, false, .ok), (nil, true, .ok), ("PASSIVE", true, .ok), ("passive", false, .ok),
      ("active", false, .ok), ("active", true, .note), ("sleepy", false, .note),
    ]
    for (value, isBusy, state) in cases {
      try withMachine([:], value.map { ["OMP_WAIT_POLICY": $0] } ?? [:]) { job in
        let check = job.waitingCheck(isBusy: isBusy)
        #expect(check.state == state, "\(value ?? "nothing"), \(isBusy)")
        #expect((check.remedy != nil) == (state == .note))
      }
    }
  }

  @Test("numbers of threads that cannot be meant are noted")
  func variables() throws {
    try withMachine([:]) { job in
      var job = job
      let processor = Processor(job.system)
      for (value, state) in [
        ("1", DoctorReport.State.ok), ("1,1", .ok), ("x", .note), ("0", .note),
      ] {
        job.environment = ["OMP_NUM_THREADS": value]
        #expect(job.variableCheck("OMP_NUM_THREADS", processor).state == state, "\(value)")
      }
      job.environment = ["OMP_NUM_THREADS": "99999"]
      #expect(job.variableCheck("OMP_NUM_THREADS", processor).state == .note)
      #expect(DoctorJob.countCheck(threads: 1, processor).state == .ok)
      let many = DoctorJob.countCheck(threads: 99_999, processor)
      #expect(many.state == .note && many.remedy?.hasPrefix("export OMP_NUM_THREADS=") == true)
      #expect(DoctorJob.loadCheck(0, processor).state == .ok)
      #expect(DoctorJob.loadCheck(99_999, processor).state == .note)
    }
  }

  // MARK: Files and programs

  @Test("a folder that cannot be written to is wrong")
  func closedFolder() {
    let check = DoctorJob().folderCheck("current folder", "/proc/none")
    #expect(check.state == .wrong && check.found.contains("/proc/none"))
  }

  @Test("libraries older than what the program was built for are noted")
  func libraries() {
    func state(_ builtFor: String?, _ loaded: String?) -> DoctorReport.State {
      DoctorJob.libraryCheck(FormatLibrary(name: "a", builtFor: builtFor, loaded: loaded)).state
    }
    #expect(state("1.6.39", "1.6.39") == .ok && state("1.6.39", "1.6.40") == .ok)
    #expect(state("1.10.0", "1.9.9") == .note)
    #expect(state("2.1.5", nil) == .ok && state(nil, "1.2.4") == .ok)
  }

  @Test("the command that installs a program is that of the system")
  func installers() throws {
    try withScratchFolder { folder in
      try put(Array("#!/bin/sh\n".utf8), at: "\(folder)/dnf")
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o700], ofItemAtPath: "\(folder)/dnf")
      var job = DoctorJob()
      job.environment = ["PATH": "/none:\(folder)"]
      #expect(job.installation(of: "ffmpeg")?.hasSuffix("dnf install -y ffmpeg") == true)
      job.environment = [:]
      #expect(job.installation(of: "ffmpeg") == nil)
    }
  }

  // MARK: Operators

  // Elsewhere libtorch computes what takes AVX-512.
  @Test(
    "every operator of our own is tried",
    .enabled(if: kernelFeatureLevel == "AVX512"))
  func ownOperators() {
    called_operators_start()
    _ = DoctorJob().operatorPaths()
    let called = String(cString: called_operators_stop()).split(separator: "\n")
    let all = String(cString: called_operators_all("stylist")).split(separator: "\n")
    #expect(all.contains("stylist::upfirdn2d"))
    #expect(all.filter { !called.contains($0) }.map(String.init) == [])
  }

  @Test("a way that gives something else than its reference is wrong")
  func differences() {
    func state(_ found: [Float], _ expected: [Float], _ shape: [Int]? = nil) -> DoctorReport.State {
      DoctorJob.path(
        "a", "b", because: "c", found: [Tensor(found, shape: shape)], expected: [Tensor(expected)],
        reference: "d", tolerance: 1e-3
      ).state
    }
    #expect(state([1, 100], [1.05, 100]) == .ok)
    #expect(state([1, 100], [1.2, 100]) == .wrong)
    #expect(state([1, .nan], [1, 100]) == .wrong)
    #expect(state([1, 100], [1, 100], [2, 1]) == .wrong)
  }
}
