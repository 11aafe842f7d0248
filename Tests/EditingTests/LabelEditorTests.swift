// Editing by label: directions are those in which the loss falls, of the length that was asked for.

import Editing
import Layers
import Networks
import TestSupport
import Tensors
import Testing

@Suite("Editing by label") struct LabelEditorTests {
  private let classifier = smallClassifier()
  private let codes = Tensor.seeded([2, 3, 4], seed: 6)

  private func logit(_ codes: Tensor) -> [Double] {
    classifier(codes).logits.selected(1, axis: 1).values(as: Double.self)
  }

  @Test("the gradient is that of the loss's values")
  func gradient() throws {
    for target in [false, true] {
      let editor = try LabelEditor(classifier, attribute: 1, target: target)
      expectGradients(at: [codes]) { editor.loss($0[0]).reshaped(1) }
      let direction = Tensor.seeded([2, 3, 4], seed: 9)
      let (_, gradient) = editor.lossAndGradient(codes)
      let difference =
        (editor.loss(codes + direction * 1e-6) - editor.loss(codes - direction * 1e-6)).item()
        / 2e-6
      #expect(abs((gradient * direction).sum().item() - difference) < 1e-8)
    }
  }

  @Test("codes move towards the label or away from it, by the strength")
  func edits() throws {
    for target in [false, true] {
      let editor = try LabelEditor(classifier, attribute: 1, target: target)
      let edited = editor.edited(codes, strength: 0.05)
      for (before, after) in zip(logit(codes), logit(edited)) {
        #expect(target ? after > before : after < before)
      }
      let lengths = (edited - codes).square().sum(over: 1, 2).sqrt()
      expectClose(lengths, .full(0.05, [2], dtype: .float64), atol: 1e-12)
      var rows = editor
      rows.norm = .row
      let change = (rows.edited(codes, strength: 0.05) - codes).square().sum(over: 2).sqrt()
      expectClose(change, .full(0.05, [2, 3], dtype: .float64), atol: 1e-12)
    }
  }

  @Test("only the rows asked for move")
  func rows() throws {
    let editor = try LabelEditor(classifier, attribute: 1, target: true)
    let change = (editor.edited(codes, strength: 1, rows: 1..<2) - codes).square().sum(over: 2)
    let values = change.values(as: Double.self)
    #expect(values[0] == 0 && values[1] > 0 && values[2] == 0)
  }

  @Test("a logit that is sure still says the way")
  func saturation() throws {
    let classifier = smallClassifier(dtype: .float32)
    let source = codes.cast(to: .float32)
    var directions: [Tensor] = []
    for shift in [0.0, 200] {
      withoutGradients { classifier.parameters["output_fcs.1.bias"].assign(.full(shift, [1])) }
      let editor = try LabelEditor(classifier, attribute: 1, target: true)
      directions.append(editor.direction(at: source))
    }
    let sure = try LabelEditor(classifier, attribute: 1, target: true)
    #expect(sure.lossAndGradient(source).gradient.square().sum().item() == 0)
    #expect(bits(directions[0]) == bits(directions[1]))
  }

  @Test("in steps, each goes along the direction at the place that it starts from")
  func steps() throws {
    let editor = try LabelEditor(classifier, attribute: 1, target: true)
    var expected = codes
    for _ in 0..<3 { expected = editor.edited(expected, strength: 0.5) }
    expectClose(editor.edited(codes, strength: 1.5, steps: 3), expected, atol: 1e-12)
    #expect(bits(expected) != bits(editor.edited(codes, strength: 1.5)))
  }

  @Test("the effect is the change of logits and of the code")
  func effect() throws {
    let editor = try LabelEditor(classifier, attribute: 1, target: false)
    let edited = editor.edited(codes, strength: 0.5)
    let effects = try LabelEffect.of(edited, on: codes, attribute: 1, classifier: classifier)
    let (before, after) = (classifier(codes).logits, classifier(edited).logits)
    let changes = (after - before).abs().values(as: Double.self)
    for (index, effect) in effects.enumerated() {
      #expect(effect.logitBefore == logit(codes)[index])
      #expect(effect.logitAfter == logit(edited)[index])
      let others = [0, 2, 3, 4].map { changes[index * 5 + $0] }
      #expect(abs(try #require(effect.dependency) - others.reduce(0, +) / 4) < 1e-12)
      #expect(abs(effect.change - 0.5) < 1e-12)
    }
    #expect(LabelEffect.probability(0) == 0.5 && LabelEffect.probability(-800) == 0)
    let bad = codes * Double.nan
    let error = #expect(throws: EditingError.self) {
      _ = try LabelEffect.of(bad, on: codes, attribute: 1, classifier: classifier)
    }
    #expect(
      error?.description
        == "the attributes of edited codes: expected finite numbers in codes and logits, "
        + "found others")
  }

  @Test("an edit by reference is the network's, of the rows asked for")
  func referenceEditor() throws {
    var configuration = EditTransformerConfiguration()
    (configuration.decoder.width, configuration.decoder.feedForward) = (4, 6)
    let network = EditTransformer(
      configuration,
      Scope(ParameterStore(), dtype: .float64, generator: TorchGenerator(seed: 2)))
    let (editor, other) = (ReferenceEditor(network), Tensor.seeded([2, 3, 4], seed: 8))
    let all = try editor.edited(codes, reference: other)
    #expect(bits(all) == bits(network(codes, reference: other)))
    let some = try editor.edited(codes, reference: other, rows: 1..<2)
    for row in 0..<3 {
      #expect(
        bits(some.selected(row, axis: 1)) == bits((row == 1 ? all : codes).selected(row, axis: 1)))
    }
    let half = try editor.edited(codes, reference: other, strength: 0.5)
    expectClose(half, (codes + all) / 2, atol: 1e-12)
    let attribute = #expect(throws: EditingError.self) {
      _ = try editor.edited(codes, reference: other, attribute: 1)
    }
    #expect(attribute?.description == "the attribute to take over: expected 0 to 0, found 1")
    let width = #expect(throws: EditingError.self) {
      _ = try editor.edited(codes, reference: .seeded([2, 3, 5], seed: 1))
    }
    #expect(
      width?.description == "an edit by reference: expected codes [N, numWs, 4], found [2, 3, 5]")
    #expect(throws: EditingError.self) {
      _ = try editor.edited(codes, reference: other * Double.infinity)
    }
  }

  @Test("the second order also lowers the loss, the same for the same stream")
  func secondOrder() throws {
    var editor = try LabelEditor(classifier, attribute: 1, target: true)
    editor.order = .second(h: 0.1)
    let direction = editor.direction(at: codes, generator: TorchGenerator(seed: 4))
    #expect(
      bits(direction) == bits(editor.direction(at: codes, generator: TorchGenerator(seed: 4))))
    let climb = (direction * editor.lossAndGradient(codes).gradient).sum(over: 1, 2)
    #expect(climb.values(as: Double.self).allSatisfy { $0 <= 0 })
    expectClose(
      direction.square().sum(over: 1, 2), .ones([2], dtype: .float64), atol: 1e-12)
  }

  @Test("an attribute that the classifier does not tell is refused")
  func refusal() {
    let error = #expect(throws: EditingError.self) {
      _ = try LabelEditor(classifier, attribute: 5, target: true)
    }
    #expect(error?.description == "the attribute to edit: expected 0 to 4, found 5")
  }
}
