namespace OnnxTransfer.Prediction;

/// <summary>A class and how probable the model holds it to be.</summary>
/// <param name="Label">The class's name.</param>
/// <param name="Probability">0 to 1.</param>
public readonly record struct ClassProbability(string Label, float Probability)
{
    /// <summary>"rose 0.93".</summary>
    public override string ToString() => $"{Label} {Probability:0.00}";
}
