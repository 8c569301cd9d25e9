namespace OnnxTransfer.Heads;

/// <summary>One L2 value that was tried on the validation rows.</summary>
/// <param name="L2">The penalty.</param>
/// <param name="Score">Mean log loss, or for regression the mean squared error of the (log) target, on the validation rows; lower is better.</param>
/// <param name="Iterations">Iterations of its fit; 0 where a closed form was solved.</param>
/// <param name="Seconds">Time its fit took.</param>
public sealed record L2Trial(double L2, double Score, int Iterations, double Seconds);
