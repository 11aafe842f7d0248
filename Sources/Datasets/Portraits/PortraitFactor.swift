// What changes without steps in a portrait: pose, light, proportions, expression.

/// A continuous factor of a portrait, known exactly.
public enum PortraitFactor: String, CaseIterable, Codable, Sendable {
  /// The sine of the angle to which the head turns: to the right of the picture above 0.
  case yaw
  /// How far the head nods: down above 0, in [-1, 1].
  case pitch
  /// The tangent of half the angle to which the head leans: clockwise above 0.
  case roll
  /// The size of the head, 1 the usual one.
  case scale
  /// Where the head stands: to the right above 0, in halves of the picture's side.
  case shiftX = "shift_x"
  /// Where the head stands: lower above 0, in halves of the picture's side.
  case shiftY = "shift_y"
  /// Where the light comes from: the left, -1, to the right, 1.
  case lightDirection = "light_direction"
  /// How strong the light is, 1 the usual one.
  case brightness
  /// The light's colour: cold, -1, to warm, 1.
  case warmth
  /// The corners of the mouth: down below 0, up to 1.
  case smile
  /// How far the mouth is open: closed, 0, to 1.
  case mouthOpening = "mouth_opening"
  /// Where the eyes look: to the left, -1, to the right, 1.
  case gaze
  /// The youngest, 0, to the oldest, 1.
  case age
  /// Half the width of the head, in halves of its height.
  case headWidth = "head_width"
  /// Pale, 0, to dark, 1.
  case skinTone = "skin_tone"
  /// The distance of the eyes from the middle of the face, in halves of its width.
  case eyeDistance = "eye_distance"
  /// The size of the eyes, 1 the usual one.
  case eyeSize = "eye_size"
  /// Half the width of the mouth, in halves of the head's height.
  case mouthWidth = "mouth_width"
}
