namespace OnnxTransfer.Heads;

/// <summary>How far a fit has come, told once per iteration.</summary>
/// <param name="Stage">What is being done, for people: "L2 3 of 15 (0.01)" or "final fit (L2 0.01)".</param>
/// <param name="Iteration">Iterations, or epochs, of this stage so far.</param>
/// <param name="Objective">The objective reached, penalty included; NaN where the trainer does not tell.</param>
public readonly record struct FitProgress(string Stage, int Iteration, double Objective);
