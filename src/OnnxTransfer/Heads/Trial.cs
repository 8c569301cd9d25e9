namespace OnnxTransfer.Heads;

/// <summary>One value of a setting that was tried on the validation rows.</summary>
/// <param name="Setting">The setting and its value.</param>
/// <param name="Score">
/// On the validation rows, lower is better: the mean log loss of classes or labels; of the (log) target's mean squared error
/// for ridge, mean absolute error for Huber, mean pinball loss for quantiles; otherwise what the trainer's summary names.
/// </param>
/// <param name="Iterations">Iterations of its fit; 0 where a closed form was solved.</param>
/// <param name="Seconds">Time its fit took.</param>
public sealed record Trial(Setting Setting, double Score, int Iterations, double Seconds);
