namespace OnnxTransfer.Heads;

/// <summary>One value of a setting that was tried on the validation rows.</summary>
/// <param name="Setting">The setting and its value.</param>
/// <param name="Score">Mean log loss, or for regression the mean squared error of the (log) target, on the validation rows; lower is better.</param>
/// <param name="Iterations">Iterations of its fit; 0 where a closed form was solved.</param>
/// <param name="Seconds">Time its fit took.</param>
public sealed record Trial(Setting Setting, double Score, int Iterations, double Seconds);
