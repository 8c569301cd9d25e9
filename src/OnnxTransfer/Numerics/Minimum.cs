namespace OnnxTransfer.Numerics;

/// <summary>Where <see cref="Lbfgs"/> ended.</summary>
/// <param name="Parameters">The best point.</param>
/// <param name="Value">The objective there.</param>
/// <param name="GradientNorm">Euclidean norm of the gradient there.</param>
/// <param name="Iterations">Accepted steps.</param>
/// <param name="Converged">A tolerance was met.</param>
/// <param name="Stalled">No step led further down: the objective's own rounding was reached before the tolerance.</param>
internal sealed record Minimum(double[] Parameters, double Value, double GradientNorm, int Iterations, bool Converged, bool Stalled);
