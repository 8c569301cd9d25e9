namespace OnnxTransfer.Heads;

/// <summary>How far a fit has come, told once per iteration.</summary>
/// <param name="Stage">What is being done, for people: "L2 3 of 15" or "final fit".</param>
/// <param name="L2">The penalty in work.</param>
/// <param name="Iteration">Iterations of this stage so far.</param>
/// <param name="Objective">The objective reached, penalty included.</param>
public readonly record struct FitProgress(string Stage, double L2, int Iteration, double Objective);
