// The families of failure. A wrong kind of value is a TypeError and a wrong value a RangeError, as in
// the language itself; what is neither has a class here.

/** Above every failure that is neither a wrong kind (TypeError) nor a wrong value (RangeError). */
export class NeuriteError extends Error {
  override name = 'NeuriteError';
}

/** This engine cannot run the core. */
export class UnsupportedEngineError extends NeuriteError {
  override name = 'UnsupportedEngineError';
}

/** A shape that an operation cannot take. */
export class ShapeError extends RangeError {
  override name = 'ShapeError';
}

/** A file that is truncated, corrupt or of another format. */
export class FormatError extends NeuriteError {
  override name = 'FormatError';
}

/** A training run that stopped because its numbers left the finite ones. */
export class DivergenceError extends NeuriteError {
  override name = 'DivergenceError';
}
