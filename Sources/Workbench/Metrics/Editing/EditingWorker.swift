// The work of a comparison of ways to edit: unedited pictures, strengths, and figures of edits.

import Formats
import Networks

/// Edits codes in one way after the other, and looks at their pictures.
struct EditingWorker {
  let job: MetricsEditingJob
  let host: GeneratorHost
  let judge: PictureJudge
  let witness: AttributeWitness
  /// How far pictures are from data; nil where nobody measures.
  let distance: DistanceFromData?
  /// The attributes by their places among those of the witness.
  let attributes: [AttributeChoice]
  /// How many codes each repetition edits.
  let count: Int

  /// How many pictures of each code count as work for one attribute: each strength, and once more
  /// where the figures are taken.
  static let passes = StrengthSearch.most + 1

  // MARK: Unedited

  /// The codes of a repetition, and what is seen in their pictures.
  ///
  /// - Parameters:
  ///   - number: The repetition.
  ///   - sheet: The sheet.
  ///   - isShown: Whether some of the pictures are on the sheet.
  ///   - progress: Is told how many pictures were drawn.
  /// - Returns: The codes, and what their pictures come to.
  /// - Throws: `CancellationError` between pictures.
  func unedited(
    _ number: UInt32, _ sheet: inout EditingSheet, isShown: Bool,
    progress: @escaping @Sendable (Int) -> Void
  ) async throws -> (codes: EditedCodes, run: EditingComparison.Run) {
    let subject = job.subject(number, count: count)
    var logits: [[Float]] = []
    var judged: InversionFigures?
    for index in 0..<count {
      try Task.checkCancellation()
      let code = await subject.code(index, on: host, job.settings)
      let picture = await host.picture(code)
      let seen = try await witness.logits(of: picture)
      await distance?.add(picture)
      // Who judges pictures can be told from any two.
      if judged == nil { judged = await judge.figures(picture, picture) }
      if isShown { sheet.add(picture, code: index, shows: attributes.map { seen[$0.index] > 0 }) }
      logits.append(seen)
      progress(index + 1)
    }
    let figures = judged.map(EditingComparison.Figures.unedited)
    let all = attributes.map { attribute in
      EditingComparison.Attribute(
        name: attribute.name, codes: count, leftOut: 0, reached: true, figures: figures, curve: [])
    }
    let run = EditingComparison.Run(
      repetition: number, file: nil, fileHash: nil, attributes: all,
      fid: await distance?.distance())
    return (EditedCodes(number, subject, logits: logits), run)
  }

  // MARK: Edits

  /// An edited code with its picture.
  private struct Edited {
    let before: Codes
    let after: Codes
    let picture: ByteImage
    let logits: [Float]
  }

  /// What one repetition of a way comes to.
  ///
  /// - Parameters:
  ///   - codes: The repetition's codes.
  ///   - method: The way.
  ///   - sheet: The sheet.
  ///   - isShown: Whether its pictures are on the sheet.
  ///   - progress: Is told how many pictures were drawn, of `passes` for each code and attribute.
  /// - Returns: The figures of every attribute.
  /// - Throws: `EditingError` if numbers become not finite; `CancellationError` between pictures.
  func edit(
    _ codes: EditedCodes, by method: EditingMethod, _ sheet: inout EditingSheet, isShown: Bool,
    progress: @escaping @Sendable (Int) -> Void
  ) async throws -> EditingComparison.Run {
    await distance?.clear()
    var all: [EditingComparison.Attribute] = []
    for (place, attribute) in attributes.enumerated() {
      let edit = AttributeEdit(
        attribute, by: try method.editor(attribute.name, codes.number, for: host.traits),
        of: codes)
      let before = place * Self.passes * count
      let column = isShown ? sheet.column(of: method.name) : nil
      var search = StrengthSearch(reaching: job.success)
      while !edit.pairs.isEmpty, let strength = search.next {
        let drawn = before + search.points.count * count
        search.add(try await point(edit, strength) { progress(drawn + $0) })
      }
      var figures: EditingComparison.Figures?
      if let matched = search.matched {
        let drawn = before + StrengthSearch.most * count
        figures = try await measured(edit, matched.strength, place, column, &sheet) {
          progress(drawn + $0)
        }
      }
      all.append(
        EditingComparison.Attribute(
          name: attribute.name, codes: edit.pairs.count, leftOut: count - edit.pairs.count,
          reached: search.matched?.isReached ?? false, figures: figures, curve: search.points))
      progress(before + Self.passes * count)
    }
    return EditingComparison.Run(
      repetition: codes.number, file: method.file(codes.number),
      fileHash: try method.hash(codes.number), attributes: all, fid: await distance?.distance())
  }

  /// One edited code with its picture.
  private func edited(
    _ edit: AttributeEdit, _ pair: (code: Int, reference: Int?), _ strength: Double
  ) async throws -> Edited {
    try Task.checkCancellation()
    let subject = edit.codes.subject
    let before = await subject.code(pair.code, on: host, job.settings)
    var reference: Codes?
    if let other = pair.reference { reference = await subject.code(other, on: host, job.settings) }
    let after = try await edit.editor.edited(
      before, isGiven: edit.gives(pair.code), strength: strength, reference: reference)
    let picture = await host.picture(after)
    return Edited(
      before: before, after: after, picture: picture,
      logits: try await witness.logits(of: picture))
  }

  /// What a strength comes to.
  private func point(
    _ edit: AttributeEdit, _ strength: Double, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> EditingComparison.Point {
    var (successes, kept) = (0, 0.0)
    for (done, pair) in edit.pairs.enumerated() {
      let edited = try await edited(edit, pair, strength)
      if edit.succeeds(pair.code, edited.logits) { successes += 1 }
      kept += edit.kept(pair.code, edited.logits)
      progress(done + 1)
    }
    let count = Double(edit.pairs.count)
    return EditingComparison.Point(
      strength: strength, success: Double(successes) / count, kept: kept / count)
  }

  /// The figures of the strength that counts.
  private func measured(
    _ edit: AttributeEdit, _ strength: Double, _ place: Int, _ column: Int?,
    _ sheet: inout EditingSheet, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> EditingComparison.Figures {
    var (successes, kept, changes) = (0, 0.0, 0.0)
    var (dependencies, judged): ([Double], [InversionFigures]) = ([], [])
    for (done, pair) in edit.pairs.enumerated() {
      let edited = try await edited(edit, pair, strength)
      if edit.succeeds(pair.code, edited.logits) { successes += 1 }
      kept += edit.kept(pair.code, edited.logits)
      if let found = edit.dependency(pair.code, edited.logits) { dependencies.append(found) }
      changes += edited.after.distance(to: edited.before)
      judged.append(await judge.figures(edited.picture, await host.picture(edited.before)))
      await distance?.add(edited.picture)
      if let column {
        sheet.add(edited.picture, attribute: place, code: pair.code, column: column)
      }
      progress(done + 1)
    }
    let (count, mean) = (Double(edit.pairs.count), InversionFigures(meanOf: judged))
    return EditingComparison.Figures(
      success: Double(successes) / count, kept: kept / count,
      dependency: dependencies.isEmpty
        ? nil : dependencies.reduce(0, +) / Double(dependencies.count),
      lpips: mean.lpips, identity: mean.identity,
      perceptualPortraits: mean.perceptualPortraits, identityPortraits: mean.identityPortraits,
      change: changes / count, strength: strength)
  }
}

extension Codes {
  /// The length of the way to codes of the same size.
  fileprivate func distance(to other: Codes) -> Double {
    let squares = zip(values, other.values).reduce(0.0) { sum, pair in
      let difference = Double(pair.0) - Double(pair.1)
      return sum + difference * difference
    }
    return squares.squareRoot()
  }
}
